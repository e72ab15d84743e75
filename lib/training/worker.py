"""The worker process of one run: `python -m lib.training.worker RUN_FOLDER`.

Its first act is to sign in (state.json with its own process number), before anything heavy is imported.
"""

import contextlib
import os
import sys
from pathlib import Path

from lib.errors import UserError
from lib.runs.folder import RunFolder
from lib.runs.queue import start_waiting_runs
from lib.training.progress import Progress
from lib.training.trouble import trouble_is_told

# The app stays quick to the touch while training uses every core.
NICENESS = 5


def main(path: Path) -> int:
    """Train the run in the folder; 0 when it succeeded or was stopped, 1 when it failed."""
    run = RunFolder(path)
    progress = Progress(run, device=os.environ.get("ATELIER_DEVICE", "cpu"))
    progress.sign_in()
    with contextlib.suppress(OSError, AttributeError):
        os.nice(max(0, NICENESS - os.nice(0)))  # started by another worker, it is as nice already
    with contextlib.suppress(OSError):  # if memory runs out, the system ends this process and not the app
        Path("/proc/self/oom_score_adj").write_text("500", encoding="utf-8")
    with trouble_is_told(run, progress):
        from lib.training.session import train_run

        train_run(run, progress)
    # The app may be closed by now: the queue goes on all the same.
    with contextlib.suppress(OSError, UserError):
        start_waiting_runs()
    return 0 if progress.state.state in ("succeeded", "stopped") else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
