"""A run is a folder: the only interface between the app, the command line and the worker."""

import contextlib
import json
import re
import secrets
import shutil
import time
import unicodedata
from pathlib import Path
from typing import Any

from lib.errors import Problem, UserError
from lib.runs.files import read_json, write_atomic, write_json
from lib.runs.spec import Spec
from lib.runs.state import State, as_seen
from lib.settings import get_settings


class RunFolder:
    """The files of one run. Reading never fails on what a killed worker left half done."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunFolder) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"RunFolder({self.id!r})"

    @property
    def id(self) -> str:
        """The run's id: the folder's name."""
        return self.path.name

    @property
    def log_path(self) -> Path:
        """Everything the worker printed, and the traceback when it failed."""
        return self.path / "log.txt"

    @property
    def checkpoints_path(self) -> Path:
        """The folder of checkpoints to resume from."""
        return self.path / "checkpoints"

    @property
    def model_path(self) -> Path:
        """The folder of the finished model."""
        return self.path / "model"

    @property
    def samples_path(self) -> Path:
        """What the model wrote after each validation: one JSON object per line (step, samples)."""
        return self.path / "samples.jsonl"

    @property
    def confusions_path(self) -> Path:
        """How often each label was taken for each at every validation: one JSON object per line."""
        return self.path / "confusions.jsonl"

    @property
    def trials_path(self) -> Path:
        """What a search tried, one JSON object a line, in order."""
        return self.path / "trials.jsonl"

    @property
    def predictions_path(self) -> Path:
        """Judged predictions on validation and test rows, as Parquet."""
        return self.path / "predictions.parquet"

    @property
    def metrics_path(self) -> Path:
        """One JSON object a line: step, epoch, split, name, value, time."""
        return self.path / "metrics.jsonl"

    @property
    def stop_path(self) -> Path:
        """Its existence asks the worker to stop after this step."""
        return self.path / "stop"

    @property
    def name(self) -> str:
        """The name on screen: what it was renamed to, or the spec's."""
        renamed = read_json(self.path / "name.json")
        return renamed if isinstance(renamed, str) and renamed else (self.spec.name or self.id)

    def rename(self, name: str) -> None:
        """Give the run another name on screen; its id and spec stay."""
        cleaned = " ".join(name.split())[:120]
        if not cleaned:
            raise UserError(
                Problem("The new name is empty.", "name", "Type at least one letter.", code="empty-name")
            )
        write_json(self.path / "name.json", cleaned)

    @property
    def spec(self) -> Spec:
        """What was asked for. Raises UserError when the file is damaged."""
        value = read_json(self.path / "spec.json")
        try:
            return Spec.from_json(value)
        except (TypeError, KeyError, AttributeError) as error:
            raise UserError(
                Problem(
                    f"The run {self.id} has no readable spec.json.",
                    where=str(self.path),
                    fix="Delete the run.",
                    code="damaged-run",
                )
            ) from error

    def state(self) -> State:
        """Where the run stands now, as a reader must see it."""
        value = read_json(self.path / "state.json")
        try:
            return as_seen(State.from_json(value))
        except (TypeError, AttributeError):
            problem = Problem(f"The run {self.id} has no readable state.json.", code="damaged-run")
            return State(state="failed", problems=[problem.to_json()])

    def write_state(self, state: State) -> None:
        """Replace the state. Only the one process that owns the run at that moment may call this."""
        write_json(self.path / "state.json", state.to_json())

    def target(self) -> dict[str, Any] | None:
        """What there was to predict, as the task described it; None before the worker came so far."""
        return read_json(self.path / "target.json")

    def brief(self) -> dict[str, Any] | None:
        """How the model is taught: columns by role, target, max_length, options; None before the worker is so far."""
        # Runs of the first version said it beside the model only.
        return read_json(self.path / "brief.json") or read_json(self.model_path / "atelier.json")

    def samples(self) -> list[dict[str, Any]]:
        """What the model wrote at each validation, oldest first: {"step", "samples"}; step 0 is before training."""
        return _by_step(self.samples_path)

    def confusions(self) -> list[dict[str, Any]]:
        """The validation rows by label at each validation, oldest first: {"step", "true", "predicted", "rows"}.

        Lists of one length: positions among the target's labels, and how many rows.
        """
        return _by_step(self.confusions_path)

    def trials(self) -> list[dict[str, Any]]:
        """What a search has tried so far, oldest first; a line that a killed worker left half written is left out."""
        try:
            lines = self.trials_path.read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [record for record in found if isinstance(record, dict)]

    def result(self) -> dict[str, Any] | None:
        """The contract's result; None while the run goes on."""
        return read_json(self.path / "result.json")

    def read_metrics(self) -> list[dict[str, Any]]:
        """All metrics so far, oldest first; a line that is being written is left for the next time."""
        try:
            text = self.metrics_path.read_text(encoding="utf-8")
        except OSError:
            return []
        found = []
        for line in text.splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found

    def read_log(self, *, most_bytes: int = 60_000) -> str:
        """The end of the log."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - most_bytes))
                return file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""

    def request_stop(self) -> None:
        """Ask the run to stop. A queued run stops at once; a running one after its current step."""
        state = self.state()
        if state.state == "queued":
            self.write_state(state.changed(state="stopped", finished=time.time()))
        elif state.state == "running":
            self.stop_path.touch()

    def request_resume(self) -> None:
        """Queue the run again; the worker goes on from its newest complete checkpoint."""
        state = self.state()
        if not state.can_resume:
            raise UserError(
                Problem(
                    f"The run {self.id} is {state.state}, so there is nothing to resume.",
                    code="cannot-resume",
                )
            )
        self.stop_path.unlink(missing_ok=True)
        self.write_state(
            State(
                state="queued",
                queued=time.time(),
                device=self.spec.device,
                resumes=state.resumes + 1,
                step=state.step,
                total_steps=state.total_steps,
            )
        )

    def delete(self) -> None:
        """Remove the run and everything in it. Raises UserError while it is running."""
        if self.state().state == "running":
            raise UserError(
                Problem(
                    f"The run {self.id} is running.",
                    fix="Stop it first, then delete it.",
                    code="run-is-running",
                )
            )
        # Renamed first, so that a reader never meets half a run and a crash leaves only a hidden folder.
        doomed = self.path.with_name(f".deleted-{self.id}-{secrets.token_hex(2)}")
        self.path.rename(doomed)
        shutil.rmtree(doomed, ignore_errors=True)


def _by_step(path: Path) -> list[dict[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    found = {}
    for line in lines:
        # A line may be half written, and a resumed run writes a step again: the last counts.
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record = json.loads(line)
            found[int(record["step"])] = record
    return [found[step] for step in sorted(found)]


def create_run(spec: Spec) -> RunFolder:
    """Make the folder of a new run, queued. It appears in one step, complete."""
    root = get_settings().runs
    root.mkdir(parents=True, exist_ok=True)
    identity = f"{time.strftime('%Y%m%d-%H%M%S')}-{_slug(spec.name or spec.task)}-{secrets.token_hex(2)}"
    work = root / f".new-{identity}"
    try:
        work.mkdir()
        run = RunFolder(work)
        write_json(work / "spec.json", spec.to_json())
        write_atomic(work / "spec.yaml", spec.to_yaml())
        run.write_state(State(state="queued", queued=time.time(), device=spec.device))
        run.log_path.touch()
        work.rename(root / identity)
    except OSError as error:
        shutil.rmtree(work, ignore_errors=True)
        raise UserError(
            Problem(
                f"The run could not be written: {error.strerror or error}.",
                where=str(root),
                fix="Free some space or set ATELIER_HOME to another folder.",
                code="cannot-write",
            )
        ) from error
    return RunFolder(root / identity)


def list_runs() -> list[RunFolder]:
    """Every run, newest first."""
    root = get_settings().runs
    if not root.is_dir():
        return []
    names = (path.name for path in root.iterdir() if not path.name.startswith(".") and path.is_dir())
    return [RunFolder(root / name) for name in sorted(names, reverse=True)]


def open_run(identity: str) -> RunFolder:
    """The run with that id, or the one whose id or name ends or begins so. Raises UserError otherwise."""
    runs = list_runs()
    for run in runs:
        if run.id == identity:
            return run
    found = [run for run in runs if identity and (run.id.endswith(identity) or run.id.startswith(identity))]
    found = found or [run for run in runs if identity and _name_or_nothing(run) == identity]
    if len(found) == 1:
        return found[0]
    what = f"There is no run {identity!r}." if not found else f"{len(found)} runs match {identity!r}."
    fix = f"Newest runs: {', '.join(run.id for run in (found or runs)[:5]) or 'none yet'}."
    raise UserError(Problem(what, where="run", fix=fix, code="unknown-run"))


def _name_or_nothing(run: RunFolder) -> str | None:
    try:
        return run.name
    except UserError:
        return None


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "run"
