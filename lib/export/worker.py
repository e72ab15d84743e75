"""The worker process of one export: `python -m lib.export.worker JOB_FOLDER`.

Its first act is to sign in (state.json with its own process number), before anything heavy is imported.
"""

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from lib.errors import Problem
from lib.export import find_export
from lib.export.job import Job
from lib.export.progress import ExportProgress
from lib.export.source import open_source
from lib.export.trouble import gathered, trouble_is_told
from lib.option import values_as
from lib.runs.files import write_json

# The app stays quick to the touch meanwhile.
NICENESS = 5


def main(path: Path) -> int:
    """Make the export in the folder; 0 when it succeeded or was stopped, 1 when it failed."""
    job = Job(path)
    progress = ExportProgress(job)
    with trouble_is_told(progress):
        progress.sign_in()
        with contextlib.suppress(OSError, AttributeError):
            os.nice(NICENESS)
        with contextlib.suppress(OSError):  # if memory runs out, the system ends this process and not the app
            Path("/proc/self/oom_score_adj").write_text("500", encoding="utf-8")
        make(job, progress)
    return 0 if progress.state.state in ("succeeded", "stopped") else 1


def make(job: Job, progress: ExportProgress) -> None:
    """Write the export, measure it, keep the receipt."""
    request = job.request
    export, source = find_export(request.export), open_source(job.run)
    began = time.time()
    progress.span = (0.0, 1.0 - export.measuring)
    made = export.write(
        source, Path(request.to), values_as(export.option_class, request.options), progress.step
    )
    seconds = time.time() - began
    measured: dict[str, Any] = {}
    problems: list[Problem] = []
    progress.span = (1.0 - export.measuring, 1.0)
    with gathered(problems, "measuring"):
        measured = export.measure(made, source, progress.step)
    told = [problem.to_json() for problem in problems]
    receipt = {
        "export": export.name,
        "to": request.to,
        "path": str(made.path) if made.path else None,
        "url": made.url,
        "bytes": made.bytes,
        "created": request.created,
        "seconds": round(seconds, 3),
        "options": request.options,
        "facts": made.facts,
        "measured": measured,
        "problems": told,
    }
    write_json(job.path / "receipt.json", receipt)
    progress.end("succeeded", problems=told)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
