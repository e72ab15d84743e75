"""The checks of a stored data set in a process of their own: started once, watched, cancelled, remembered."""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil

from lib.data.checks import CHECKS, Finding
from lib.data.split import SplitPlan
from lib.data.store import StoredDataset, open_dataset
from lib.errors import Problem, UserError
from lib.plan.data_checks import case_of, find_all
from lib.runs.files import read_json, write_json
from lib.runs.launch import ROOT
from lib.runs.state import process_alive
from lib.settings import get_settings
from lib.tasks import find_task

# Checked on the spot, in about a second; more rows, and pictures, are left to a process.
MOST_AT_ONCE = 6_000
_SECONDS_BETWEEN_WORDS = 0.3
_MOST_KEPT = 40
_FOUND, _PROGRESS, _JOB, _LOG = "findings.json", "progress.json", "job.json", "log.txt"


@dataclass(frozen=True)
class Standing:
    """Where a check stands: "none", "running", "done" or "failed"; what it looks for, and the share that is done."""

    name: str
    looks_for: str = ""
    share: float = 0.0
    seconds: float = 0.0
    problems: tuple[Problem, ...] = field(default=())


class Checking:
    """The check of one version of a data set for one choice of task, columns and split, in a folder of its own."""

    def __init__(self, stored: StoredDataset, task: str, columns: dict[str, str], split: SplitPlan) -> None:
        self._job = {"dataset": stored.ref, "task": task, "columns": columns, "split": split.to_json()}
        said = json.dumps([_code_mark(), stored.fingerprint, task, columns, split.to_json()], sort_keys=True)
        self.key = hashlib.sha256(said.encode()).hexdigest()[:32]
        self.folder = get_settings().cache / "checks" / self.key
        self.small = stored.rows <= MOST_AT_ONCE and stored.files is None

    def findings(self) -> list[Finding] | None:
        """What was found; None before it is done."""
        path = self.folder / _FOUND
        try:
            found = _read(str(path), path.stat().st_mtime_ns)
        except OSError:
            return None
        return None if found is None else list(found)

    def standing(self) -> Standing:
        """Where it stands now."""
        if (self.folder / _FOUND).is_file():
            return Standing("done", share=1.0)
        value = read_json(self.folder / _PROGRESS)
        if not isinstance(value, dict):
            return Standing("none")
        if process_alive(value.get("pid"), value.get("process_started")):
            spent = time.time() - float(value["process_started"])
            return Standing("running", str(value["looks_for"]), float(value["share"]), spent)
        return Standing("failed", problems=(self._unexplained(),))

    def run_here(self) -> list[Finding]:
        """Check now, in this process. Raises UserError when the rows cannot be read."""
        found = _found(self._job, lambda what, done, share: None)
        with contextlib.suppress(OSError):  # a full disk: checked again next time
            self._make_folder()
            write_json(self.folder / _FOUND, [finding.to_json() for finding in found])
        return found

    def start(self) -> int:
        """Check in a process of its own; returns its number. Nothing happens to one that already works."""
        value = read_json(self.folder / _PROGRESS)
        if isinstance(value, dict) and process_alive(value.get("pid"), value.get("process_started")):
            return int(value["pid"])
        self._make_folder()
        (self.folder / _FOUND).unlink(missing_ok=True)
        write_json(self.folder / _JOB, self._job)
        with (self.folder / _LOG).open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "lib.plan.checking", str(self.folder)],
                cwd=ROOT,
                env=os.environ | {"ATELIER_HOME": str(get_settings().home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        _tell(self.folder, "the rows", 0.0, process.pid)
        return process.pid

    def cancel(self) -> None:
        """End the process and forget what it did; nothing happens when there is none."""
        value = read_json(self.folder / _PROGRESS)
        if isinstance(value, dict) and process_alive(value.get("pid"), value.get("process_started")):
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(value["pid"]), signal.SIGKILL)
        (self.folder / _PROGRESS).unlink(missing_ok=True)

    def _make_folder(self) -> None:
        """Make the folder, and forget the oldest of all that are done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        kept = sorted(self.folder.parent.iterdir(), key=lambda path: path.stat().st_mtime)
        for path in kept[:-_MOST_KEPT]:
            if (path / _FOUND).is_file():
                shutil.rmtree(path, ignore_errors=True)

    def _unexplained(self) -> Problem:
        log = self.folder / _LOG
        lines = (
            log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.is_file() else []
        )
        last = lines[-1][:300] if lines else "it ended without a word"
        return Problem(f"The check failed: {last}", "checks", "Check again.", code="check-failed")


@lru_cache(maxsize=4)
def _read(path: str, changed: int) -> tuple[Finding, ...] | None:
    """Findings from their file; of a million rows they are too large to read with every click."""
    value = read_json(Path(path))
    try:
        return None if value is None else tuple(Finding.from_json(one) for one in value)
    except (KeyError, TypeError):
        return None


def checking_of(stored: StoredDataset) -> Checking | None:
    """The check of a data set as it stands; None for one without chosen columns."""
    if not stored.task or not stored.columns:
        return None
    return Checking(stored, stored.task, stored.columns, stored.split or SplitPlan())


def _found(job: dict[str, Any], tell: Any) -> list[Finding]:
    stored = open_dataset(job["dataset"])
    task, columns, split = find_task(job["task"]), job["columns"], SplitPlan.from_json(job["split"])
    frame = stored.read()
    return find_all(
        lambda part: case_of(frame, task, columns, split, files=stored.files, tell=part), tell=tell
    )


def _tell(folder: Path, looks_for: str, share: float, pid: int) -> None:
    started = psutil.Process(pid).create_time()
    write_json(
        folder / _PROGRESS, {"looks_for": looks_for, "share": share, "pid": pid, "process_started": started}
    )


@lru_cache(maxsize=1)
def _code_mark() -> str:
    """A digest of the code that findings come from, so that those of another version are not believed."""
    lib = Path(__file__).resolve().parents[1]
    files = [*lib.glob("data/**/*.py"), *lib.glob("tasks/*.py"), lib / "plan" / "data_checks.py"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(files))).hexdigest()


def main(folder: Path) -> int:
    """Check what the job in the folder names, and write what is found there; 1 when the rows cannot be read."""
    job = read_json(folder / _JOB)
    told = [0.0]

    def tell(looks_for: str, done: int, share: float) -> None:
        if time.monotonic() - told[0] > _SECONDS_BETWEEN_WORDS:
            told[0] = time.monotonic()
            _tell(folder, looks_for, (done + share) / len(CHECKS), os.getpid())

    try:
        found = _found(job, tell)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write_json(folder / _FOUND, [finding.to_json() for finding in found])
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
