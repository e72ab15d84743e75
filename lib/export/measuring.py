"""Measures one model in a process of its own: `python -m lib.export.measuring FOLDER`, with request.json in it.

Writes judged.parquet (the test rows, judged), measured.json (times, machine) and, while it works, progress.json.
"""

import os
import platform
import sys
from pathlib import Path
from typing import Any

from lib.errors import UserError
from lib.export.measured_rows import measured_rows
from lib.export.source import open_source
from lib.export.subjects import Subject, load_subject
from lib.export.timing import latency
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder


def main(folder: Path) -> int:
    """Measure what request.json names; 0 when it is done, 1 when measured.json says why not."""
    try:
        measure(folder)
    except UserError as error:
        write_json(folder / "measured.json", {"problems": [one.to_json() for one in error.problems]})
        return 1
    return 0


def measure(folder: Path) -> None:
    """The judged rows and the times of one model."""
    import torch

    request = read_json(folder / "request.json")
    source = open_source(RunFolder(Path(request["run"])))
    threads = torch.get_num_threads()
    taught = load_subject(Subject(request["kind"], Path(request["path"])), source, threads=threads)
    rows = measured_rows(source)
    times = {f"batch_{size}": latency(taught, rows.frame, batch=size).to_json() for size in (1, 32)}

    asker = os.getppid()

    def tell(done: int) -> None:
        if os.getppid() != asker:  # nobody waits for it any more
            sys.exit(1)
        write_json(folder / "progress.json", {"done": done, "rows": len(rows.frame)})

    judged = taught.task.evaluate(taught.model, taught.processor, rows.frame, taught.brief, on_rows=tell)
    judged.reset_index(drop=True).to_parquet(folder / "judged.parquet", index=False)
    scores = taught.task.score(judged, taught.brief)
    said = {
        "rows": len(rows.frame),
        "whole": rows.whole,
        "scores": scores,
        "machine": machine(threads),
        **times,
    }
    write_json(folder / "measured.json", said)


def machine(threads: int) -> dict[str, Any]:
    """The processor's name and how many threads compute."""
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2].strip()
                break
    except OSError:
        pass  # not Linux: the plain name serves
    return {"processor": name, "threads": threads, "system": platform.system()}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
