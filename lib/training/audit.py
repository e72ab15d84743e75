"""A run that checks labels: every row is judged by a model that has not seen it, fold by fold."""

import gc
import shutil
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from transformers import TrainerControl, TrainerState, TrainingArguments, set_seed

from lib.analysis.label_issues import find_issues
from lib.data.folds import folds
from lib.data.split import SplitPlan
from lib.errors import Problem, UserError
from lib.models.adapted import is_adapter
from lib.models.hub_download import DownloadStopped
from lib.models.sources import find_model
from lib.plan.audit import THOROUGH
from lib.plan.run_rows import PARTS, Rows, load_rows
from lib.runs.files import write_json
from lib.runs.folder import RunFolder
from lib.runs.options import options_from
from lib.tasks import find_task
from lib.tasks.base import Brief, Task
from lib.tasks.label_scores import judge_labels
from lib.training.base_model import merged_base
from lib.training.callbacks import Teller
from lib.training.download import downloaded
from lib.training.keeping import by_name, with_places
from lib.training.progress import Progress, peak_memory_mb
from lib.training.quick_audit import judge_folds, row_features
from lib.training.ranks import torch_device
from lib.training.reader import read_vectors
from lib.training.session import learned, prepare, session_trainer
from lib.training.stopwatch import Stopwatch
from lib.training.validation import Validation


class AuditStopped(Exception):
    """Someone asked the run to stop while it was checking labels; what it has judged is kept."""


def audit_run(run: RunFolder, progress: Progress) -> None:
    """Judge every row of the run's data and write audit.parquet; goes on where an earlier session was stopped.

    A model learns from training rows of the other folds alone. Validation rows choose its best step (thorough) or are
    learned from as well (quick); test rows teach none, so that nothing of them comes into training labels that are
    corrected by what is found. Raises UserError for what a person can put right; the caller tells it.
    """
    spec = run.spec
    assert spec.audit is not None
    task = find_task(spec.task)
    progress.phase("reading the data")
    rows = load_rows(spec, task)
    frame = pd.concat([rows.frames[part] for part in PARTS])
    parts = np.repeat(PARTS, [len(rows.frames[part]) for part in PARTS])
    [truth] = task.truths(rows.columns)
    label = rows.columns[truth.name]
    target = run.target() or task.describe_target(frame, rows.columns)
    write_json(run.path / "target.json", target)
    brief = Brief(rows.columns, target, options_from(spec.options).max_length, {})
    fold = folds(
        frame,
        SplitPlan.from_json(spec.data.split or {}),
        count=int(spec.audit["folds"]),
        label=label,
        text=task.kept_together(rows.columns),
    )
    kept = run.path / "audit"
    kept.mkdir(exist_ok=True)
    try:
        if spec.audit["how"] == THOROUGH:
            chances = _thorough(run, progress, rows, fold, brief)
        else:
            chances = _quick(run, progress, task, rows, frame, parts, fold, brief)
    except (AuditStopped, DownloadStopped):
        progress.heading = ""
        progress.end("stopped")
        return
    progress.heading = ""
    progress.phase("looking for labels that are probably wrong")
    labels = target["labels"]
    guesses = pd.DataFrame(
        {"predicted": _likeliest(chances, labels), "scores": list(chances.astype(np.float32))}
    )
    given = frame[label].str.strip()
    judged = judge_labels(guesses, given, labels)
    named = by_name(frame, task, brief)
    table = with_places(judged, named, "train").assign(split=parts, fold=fold.to_numpy())
    read = named[task.inputs(rows.columns)].reset_index(drop=True)
    work = run.path / ".audit.parquet"
    table = pd.concat([table, read.add_prefix("input: ")], axis=1).sort_values("row")
    table.to_parquet(work, index=False, row_group_size=5_000)
    work.replace(run.path / "audit.parquet")
    write_json(run.path / "result.json", _result(run, progress, rows, judged, chances, given, labels))
    shutil.rmtree(kept, ignore_errors=True)
    progress.end("succeeded")


def _result(
    run: RunFolder,
    progress: Progress,
    rows: Rows,
    judged: pd.DataFrame,
    chances: np.ndarray,
    given: "pd.Series[str]",
    labels: list[str],
) -> dict[str, Any]:
    spec = run.spec
    issues = find_issues(given.tolist(), chances, labels)
    low, high = issues.interval
    return {
        "run": run.id,
        "folder": str(run.path),
        "state": "succeeded",
        "task": spec.task,
        "model": spec.model,
        "method": spec.method["name"],
        "rows": rows.count(),
        "scores": {},
        "intervals": {},
        "baselines": {},
        "audit": {
            **(spec.audit or {}),
            "rows": len(judged),
            "accuracy": round(float(judged["correct"].mean()), 4),
            "flagged": int(issues.flagged.sum()),
            "expected": round(issues.total, 1),
            "interval": [round(low, 1), round(high, 1)],
        },
        "seconds": {"total": round(time.time() - (progress.state.process_started or time.time()), 1)},
        "peak_memory_mb": round(peak_memory_mb()),
        "problems": [],
    }


def _likeliest(chances: np.ndarray, labels: list[str]) -> "pd.Series[str]":
    return pd.Series(np.asarray(labels, dtype=object)[chances.argmax(axis=1)], dtype="str")


def _quick(
    run: RunFolder,
    progress: Progress,
    task: Task,
    rows: Rows,
    frame: pd.DataFrame,
    parts: np.ndarray,
    fold: "pd.Series[int]",
    brief: Brief,
) -> np.ndarray:
    """Simple models on what the reader makes of each row: float64[rows, labels]."""
    spec = run.spec
    assert spec.audit is not None
    vectors = None
    set_seed(int(spec.options["seed"]))
    if spec.audit.get("reader"):
        progress.phase("loading the model")
        folder = downloaded(find_model(spec.audit["reader"]), progress).folder
        if is_adapter(folder):
            folder = merged_base(folder, run.path / "base")
        progress.phase("reading every row")
        begun = time.monotonic()
        first: list[int] = []

        def on_rows(done: int) -> None:
            first[:] = first or [done]
            seconds, new = time.monotonic() - begun, max(done - first[0], 1)
            progress.tell(
                step=done,
                total_steps=len(frame),
                eta_seconds=seconds / new * (len(frame) - done) if done > first[0] else None,
            )
            if progress.stop_wanted:
                raise AuditStopped

        vectors = read_vectors(
            folder,
            task,
            frame,
            brief,
            device=torch_device(progress.state.device or "cpu"),
            kept=run.path / "audit",
            on_rows=on_rows,
        )
        shutil.rmtree(run.path / "base", ignore_errors=True)
    pictures = {role.name for role in task.roles if role.kind == "image"}
    texts = [
        brief.columns[name] for name in task.model_input if brief.columns.get(name) and name not in pictures
    ]

    def on_fold(number: int) -> None:
        if progress.stop_wanted:
            raise AuditStopped
        progress.phase(
            f"fold {number + 1} of {int(fold.max()) + 1}: fitting a simple model on the other rows"
        )

    place = {name: number for number, name in enumerate(brief.target["labels"])}
    [truth] = task.truths(brief.columns)
    given = frame[brief.columns[truth.name]].str.strip().map(place).to_numpy()
    progress.phase("counting words" if texts else "scaling what was read")
    features = row_features(vectors, frame[texts] if texts else None)
    return judge_folds(
        features, given, fold.to_numpy(), parts != "test", brief.target["labels"], on_fold=on_fold
    )


def _thorough(
    run: RunFolder, progress: Progress, rows: Rows, fold: "pd.Series[int]", brief: Brief
) -> np.ndarray:
    """The run's own model, fine-tuned once a fold without that fold's rows: float64[rows, labels]."""
    count = int(fold.max()) + 1
    found = np.zeros((len(fold), len(brief.target["labels"])))
    for number in range(count):
        path = run.path / "audit" / f"fold-{number}.npy"
        if not path.is_file():
            progress.heading = f"fold {number + 1} of {count}"
            chances = _one_fold(run, progress, fold, number, count)
            work = path.with_name(f".fold-{number}.npy")
            np.save(work, chances)
            work.replace(path)
        found[(fold == number).to_numpy()] = np.load(path)
    return found


def _one_fold(
    run: RunFolder, progress: Progress, fold: "pd.Series[int]", number: int, count: int
) -> np.ndarray:
    """Train as the run itself would, without the fold's rows, and judge those: float64[rows of the fold, labels]."""
    if progress.stop_wanted:
        raise AuditStopped
    shutil.rmtree(run.checkpoints_path, ignore_errors=True)
    session = prepare(run, run.spec, progress)
    outside = fold.index[fold != number]
    held = pd.concat([session.rows.frames[part] for part in PARTS]).loc[fold.index[fold == number]]
    frames = {
        part: frame.loc[frame.index.intersection(outside)] for part, frame in session.rows.frames.items()
    }
    for part in ("train", "validation"):
        if frames[part].empty:
            what = f"Without fold {number + 1} of {count} there are no {part} rows left."
            fix = "Choose another number of folds, or the quick check."
            raise UserError(Problem(what, "audit.folds", fix, code="audit-empty"))
    session.rows = replace(session.rows, frames=frames)
    train, distiller = learned(session, progress)
    validation = _Unsampled(
        run, session.task, session.brief, session.processor, frames["validation"], seed=session.options.seed
    )
    trainer, teller = session_trainer(
        session, progress, train, validation, trained_before=0.0, distiller=distiller, watch=Stopwatch()
    )
    trainer.remove_callback(teller)
    trainer.add_callback(_FoldTeller(progress, number, count, watch=Stopwatch()))
    progress.phase(f"training without {len(held):,} rows")
    trainer.train()
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).float()
    progress.phase(f"judging {len(held):,} rows")

    def heed(_: int) -> None:
        if progress.stop_wanted:
            raise AuditStopped

    judged = session.task.evaluate(model, session.processor, held, session.brief, on_rows=heed)
    shutil.rmtree(run.checkpoints_path, ignore_errors=True)
    del trainer, model, session
    gc.collect()  # two models at once would need twice the memory
    return np.stack(judged["scores"].to_list()).astype(np.float64)


class _Unsampled(Validation):
    """The run's validation without samples, which would be those of many models."""

    def sample(self, model: Any, *, step: int) -> None:
        """Keep nothing."""


class _FoldTeller(Teller):
    """Tells how far the whole check is; the curves of its many models are not kept."""

    def __init__(self, progress: Progress, number: int, count: int, *, watch: Stopwatch) -> None:
        super().__init__(progress, rows_per_step=1, trained_before=0.0, watch=watch)
        self._number, self._count = number, count

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        """Start the clock."""
        self._begun = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        """Say how far it is. Raises AuditStopped when someone asks for an end: half a fold is worth nothing."""
        step, total = self._number * state.max_steps + state.global_step, self._count * state.max_steps
        usual = (time.monotonic() - self._begun) / state.global_step
        self._progress.tell(step=step, total_steps=total, eta_seconds=usual * (total - step))
        if self._progress.stop_wanted:
            raise AuditStopped

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kw: Any,
    ) -> None:
        """Keep no curve."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Any = None,
        **kw: Any,
    ) -> None:
        """Raises UserError when the loss is no number any more."""
        if logs and not np.isfinite(logs.get("loss", 0.0)):
            super().on_log(args, state, control, logs=logs, **kw)
