"""`make bench`: measures, one thing after the other, and prints what it saw. Names as arguments choose some."""

import sys

from tests.benchmarks import (
    adapters,
    app,
    costs,
    distillation,
    labels,
    pretraining,
    profile,
    scale,
    serving,
    tasks,
    training,
    views,
)

BENCHMARKS = {
    "adapters": adapters.measure,
    "app": app.measure,
    "attention": views.measure_attention,
    "costs": costs.measure,
    "distillation": distillation.measure,
    "labels": labels.measure,
    "pretraining": pretraining.measure,
    "profile": profile.measure,
    "scale": scale.measure,
    "serving": serving.measure,
    "training": training.measure,
    "tasks": tasks.measure,
    "views": views.measure,
}


def main() -> int:
    """Run the named benchmarks, or all."""
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := set(names) - BENCHMARKS.keys():
        print(
            f"No benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}.",
            file=sys.stderr,
        )
        return 2
    failed = []
    for name in names:
        print(f"== {name}", flush=True)
        if not BENCHMARKS[name]():
            failed.append(name)
    print("== all targets met" if not failed else f"== targets missed in: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
