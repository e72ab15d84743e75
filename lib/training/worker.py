"""The worker process of one run: `python -m lib.training.worker RUN_FOLDER`.

Its first act is to sign in (state.json with its own process number), before anything heavy is imported.
"""

import contextlib
import os
import sys
from pathlib import Path

from lib.errors import UserError
from lib.runs.queue import start_waiting_runs
from lib.training.ranks import become_launcher, devices_of, is_one_of_several, progress_of, rank
from lib.training.trouble import trouble_is_told

# The app stays quick to the touch while training uses every core.
NICENESS = 5


def main(path: Path) -> int:
    """Train the run in the folder; 0 when it succeeded or was stopped, 1 when it failed."""
    devices = os.environ.get("ATELIER_DEVICE", "cpu")
    progress = progress_of(path, devices)
    run = progress.run
    if is_one_of_several():
        progress.heed_termination()
    else:
        progress.sign_in()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(max(0, NICENESS - os.nice(0)))  # started by another worker, it is as nice already
        # Linux shares time among sessions first, and a worker has one of its own: alone it would not give way.
        Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")
    with contextlib.suppress(OSError):  # if memory runs out, the system ends this process and not the app
        Path("/proc/self/oom_score_adj").write_text("500", encoding="utf-8")
    with trouble_is_told(run, progress):
        if len(devices_of(devices)) > 1 and not is_one_of_several():
            become_launcher(run, len(devices_of(devices)))
        from lib.training.search import chosen_spec
        from lib.training.session import train_run

        if run.spec.audit:
            from lib.training.audit import audit_run

            audit_run(run, progress)
        elif (spec := chosen_spec(run, progress)) is not None:
            train_run(run, progress, spec)
    if rank() > 0:
        return 0 if run.state().state != "failed" else 1
    # The app may be closed by now: the queue goes on all the same.
    with contextlib.suppress(OSError, UserError):
        start_waiting_runs()
    return 0 if progress.state.state in ("succeeded", "stopped") else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
