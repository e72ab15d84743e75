"""One export as a folder, `runs/<id>/exports/<job>/`: what was asked, where it stands, its log and its receipt."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError, raise_errors
from lib.export import find_export
from lib.export.source import Source
from lib.export.state import ExportState, as_seen
from lib.models.hub_token import Token
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder
from lib.runs.launch import ROOT, worker_environment
from lib.runs.state import process_alive

# A worker signs in before anything heavy is imported; if it has not after this long, it never will.
SECONDS_TO_APPEAR = 30.0
SECONDS_BETWEEN_LOOKS = 0.02


@dataclass(frozen=True)
class Request:
    """What was asked for: the format's name, where to (an absolute path, or an address) and the options by name."""

    export: str
    to: str
    options: dict[str, Any] = field(default_factory=dict)
    created: float = 0.0


class Job:
    """The files of one export. Reading never fails on what a killed worker left half done."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    @property
    def id(self) -> str:
        """The job's id: the folder's name."""
        return self.path.name

    @property
    def run(self) -> RunFolder:
        """The run that is exported."""
        return RunFolder(self.path.parents[1])

    @property
    def log_path(self) -> Path:
        """Everything the worker printed, and the traceback when it failed."""
        return self.path / "log.txt"

    @property
    def stop_path(self) -> Path:
        """Its existence asks the worker to stop."""
        return self.path / "stop"

    @property
    def request(self) -> Request:
        """What was asked for. Raises UserError when the file is damaged."""
        try:
            return Request(**read_json(self.path / "request.json"))
        except TypeError as error:
            problem = Problem(
                f"The export {self.id} has no readable request.json.", str(self.path), "Delete it.",
                code="damaged-export",
            )  # fmt: skip
            raise UserError(problem) from error

    def state(self) -> ExportState:
        """Where it stands now, as a reader must see it."""
        value = read_json(self.path / "state.json")
        if isinstance(value, dict):
            return as_seen(ExportState.from_json(value))
        try:
            created = self.request.created
        except UserError as error:
            return ExportState(state="failed", phase="", problems=[one.to_json() for one in error.problems])
        young = time.time() - created < SECONDS_TO_APPEAR
        return ExportState(started=created) if young else as_seen(ExportState(started=created))

    def write_state(self, state: ExportState) -> None:
        """Replace the state. Only the one process that owns the job at that moment may call this."""
        write_json(self.path / "state.json", state.to_json())

    def receipt(self) -> dict[str, Any] | None:
        """What was made; None while it is being made, and when that failed.

        `export`, `to`, `path` or `url`, `bytes`, `seconds`, `facts`, `measured` (what `Export.measure` said) and
        `problems` (why it could not be measured).
        """
        value = read_json(self.path / "receipt.json")
        return value if isinstance(value, dict) else None

    def read_log(self, *, most_bytes: int = 60_000) -> str:
        """The end of the log."""
        try:
            return self.log_path.read_bytes()[-most_bytes:].decode("utf-8", errors="replace")
        except OSError:
            return ""

    def request_stop(self) -> None:
        """Ask the worker to stop: by a file that it finds at its next step, and by the signal for a polite end."""
        state = self.state()
        if not state.is_active:
            return
        self.stop_path.touch()
        if state.pid is not None and process_alive(state.pid, state.process_started):
            os.kill(state.pid, signal.SIGTERM)

    def delete(self) -> None:
        """Remove the job and what it made inside the run's folder; what was written elsewhere stays.

        Raises UserError while it is running.
        """
        if self.state().is_active:
            fix = "Stop it first, then delete it."
            raise UserError(Problem("This export is being made.", self.id, fix, code="export-is-running"))
        # Renamed first, so that a reader never meets half a job.
        doomed = self.path.with_name(f".deleted-{self.id}-{secrets.token_hex(2)}")
        self.path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def create_job(
    source: Source, name: str, *, to: str | None = None, options: Mapping[str, Any] | None = None
) -> Job:
    """Make the folder of a new export; without `to`, what is made lies in that folder too.

    Raises UserError with everything wrong: the format refuses the run, a place that is taken, bad options.
    """
    export, chosen = find_export(name), dict(options or {})
    identity = f"{time.strftime('%Y%m%d-%H%M%S')}-{name}-{secrets.token_hex(2)}"
    folder = source.run.path / "exports" / identity
    problems = export.check(chosen)
    if refusal := export.refused(source):
        problems.append(Problem(refusal, where=name, code="export-refused"))
    if to is None and export.makes == "address":
        problems.append(Problem("There is no address to send it to.", "to", "Write NAMESPACE/NAME.",
                                code="export-address"))  # fmt: skip
    if to is not None:
        problems += export.check_to(to)
    raise_errors(problems)
    if to is None:
        place = str(folder / "made" / export.suggested(source))
    else:
        place = to if export.makes == "address" else str(Path(to).expanduser().absolute())
    work = folder.with_name(f".new-{identity}")
    try:
        work.mkdir(parents=True)
        request = Request(name, place, chosen, time.time())
        write_json(work / "request.json", asdict(request))
        (work / "log.txt").touch()
        work.rename(folder)
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise UserError(
            Problem(
                f"The export could not be begun: {error.strerror or error}.",
                where=str(folder),
                fix="Free some space on the disk of ATELIER_HOME.",
                code="cannot-write",
            )
        ) from error
    return Job(folder)


def start_job(job: Job, *, token: Token | None = None) -> None:
    """Start the job's worker, a process of its own that outlives the app, and wait until it has signed in.

    The token reaches the worker by its environment alone. Raises UserError when the worker did not start.
    """
    with job.log_path.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lib.export.worker", str(job.path)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=worker_environment("cpu", token=token.value if token else None),
            start_new_session=True,
        )
    deadline = time.monotonic() + SECONDS_TO_APPEAR
    while time.monotonic() < deadline:
        ended = process.poll() is not None
        if job.state().pid == process.pid:
            return
        if ended:
            break
        time.sleep(SECONDS_BETWEEN_LOOKS)
    process.kill()
    process.wait()
    problem = Problem(
        f"The export did not start (exit code {process.returncode}).",
        where=job.id,
        fix="Read its log, then export again.",
        code="worker-did-not-start",
    )
    job.write_state(ExportState(state="failed", phase="", finished=time.time(), problems=[problem.to_json()]))
    raise UserError(problem)


def list_jobs(run: RunFolder) -> list[Job]:
    """Every export of a run, newest first."""
    root = run.path / "exports"
    if not root.is_dir():
        return []
    names = (path.name for path in root.iterdir() if not path.name.startswith(".") and path.is_dir())
    return [Job(root / name) for name in sorted(names, reverse=True)]
