"""One session of a run: from the spec in its folder to a model, scores and judged predictions."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from datasets import Dataset
from transformers import set_seed

from lib.analysis.judged import score_intervals
from lib.data.split import row_ids
from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.models.sources import find_model
from lib.runs.files import write_atomic, write_json
from lib.runs.folder import RunFolder
from lib.runs.options import TrainingOptions, options_from
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Target, Task
from lib.tasks.predict import predict_rows
from lib.training.callbacks import EarlyStopping, Teller
from lib.training.card import model_card
from lib.training.checkpoints import newest_complete, step_of, trained_seconds
from lib.training.progress import Progress, peak_memory_mb
from lib.training.rows import Rows, encode_rows, load_rows
from lib.training.trainer import BucketTrainer, make_trainer, training_arguments


@dataclass
class Session:
    """What a session has gathered so far."""

    run: RunFolder
    spec: Spec
    task: Task
    options: TrainingOptions
    rows: Rows
    target: Target
    processor: Any
    model: Any
    device: str


def train_run(run: RunFolder, progress: Progress) -> None:
    """Train the run, from its newest checkpoint if it has one; score it; save everything; say how it ended.

    Raises UserError for what a person can put right; the caller tells it.
    """
    session = _prepare(run, progress)
    progress.phase("turning text into tokens")
    train, validation = _encode(session, "train"), _encode(session, "validation")
    _check_lengths(run, train)
    by_length = np.argsort(-np.asarray(validation["length"][:]), kind="stable")
    checkpoint = newest_complete(run.checkpoints_path)
    trainer, teller = _make_trainer(
        session,
        progress,
        train,
        validation.select(by_length),
        by_length,
        trained_before=trained_seconds(checkpoint) if checkpoint else 0.0,
    )
    progress.forget_metrics_after(step_of(checkpoint) if checkpoint else 0)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    training_seconds = teller.trained_seconds
    was_stopped = progress.stop_wanted and trainer.state.global_step < trainer.state.max_steps
    progress.phase("scoring the validation and test rows")
    # Without the wrapper that computes in bf16: the scores are those of the model as it is saved.
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).float()
    judged = {part: _judge(session, model, part, progress) for part in ("validation", "test")}
    progress.phase("fitting the baselines to compare with")
    baselines = _baselines(session)
    progress.phase("saving the model")
    facts: dict[str, Any] = {
        "seconds": {"total": 0.0, "training": round(training_seconds, 1)},
        "examples_per_second": round(
            trainer.state.global_step * _rows_per_step(session) / training_seconds, 1
        ),
        "parameters": {
            "total": sum(p.numel() for p in model.parameters()),
            "trainable": sum(p.numel() for p in model.parameters() if p.requires_grad),
        },
        "best_step": trainer.state.best_global_step or trainer.state.global_step,
        "steps": trainer.state.global_step,
        "precision": "bf16" if trainer.args.bf16 else "fp32",
        "truncated": {"train": round(float(np.mean(train["truncated"][:])), 4)},
    }
    result = _result(session, judged, baselines, facts)
    _write_predictions(session, judged)
    _save_model(session, model, result)
    result["state"] = "stopped" if was_stopped else "succeeded"
    # From the start of the process, imports included, and the training of sessions before this one.
    this_session = time.time() - (progress.state.process_started or time.time())
    result["seconds"]["total"] = round(this_session + teller.trained_before, 1)
    result["peak_memory_mb"] = round(peak_memory_mb())
    write_json(run.path / "scores.json", {key: result[key] for key in ("scores", "intervals", "baselines")})
    write_json(run.path / "result.json", result)
    if not was_stopped:
        shutil.rmtree(run.checkpoints_path, ignore_errors=True)
    progress.end(result["state"])


def _prepare(run: RunFolder, progress: Progress) -> Session:
    spec = run.spec
    task, method, options = find_task(spec.task), find_method(spec.method["name"]), options_from(spec.options)
    device = progress.state.device or "cpu"
    progress.phase("reading the data")
    rows = load_rows(spec, task)
    target = run.target() or task.describe_target(rows.frames["train"], spec.data.columns)
    write_json(run.path / "target.json", target)
    output = task.output(target)
    if output.kind not in method.outputs:
        raise UserError(
            Problem(f"{method.title} does not work for {task.title.lower()}.", "method", code="method-unfit")
        )
    progress.phase("loading the model")
    info = find_model(spec.model)
    if spec.revision and info.revision != spec.revision:
        raise UserError(
            Problem(
                f"The model {spec.model} has changed since this run was planned.",
                where="model",
                fix="Start a new run with it.",
                code="model-changed",
            )
        )
    set_seed(options.seed)
    processor = task.load_processor(info.folder)
    model = task.load_model(info.folder, target)
    model = method.prepare(model, {key: value for key, value in spec.method.items() if key != "name"})
    return Session(run, spec, task, options, rows, target, processor, model, device)


def _encode(session: Session, part: str) -> Dataset:
    return encode_rows(
        session.rows.frames[part],
        session.task,
        session.processor,
        session.target,
        session.spec,
        fingerprint=session.rows.stored.fingerprint,
    )


def _check_lengths(run: RunFolder, train: Dataset) -> None:
    if not len(train):
        raise UserError(Problem("No training row is left.", "data", "Bring more rows.", code="no-train-rows"))
    lengths = np.asarray(train["length"][:])
    write_json(
        run.path / "lengths.json",
        {
            "mean": float(lengths.mean()),
            "longest": int(lengths.max()),
            "truncated": float(np.mean(train["truncated"][:])),
        },
    )


def _rows_per_step(session: Session) -> int:
    return min(
        session.options.batch_size * session.options.gradient_accumulation, len(session.rows.frames["train"])
    )


def _make_trainer(
    session: Session,
    progress: Progress,
    train: Dataset,
    validation: Dataset,
    by_length: np.ndarray,
    *,
    trained_before: float,
) -> tuple[BucketTrainer, Teller]:
    task, run, options = session.task, session.run, session.options
    label = next(role.name for role in task.roles if role.kind == "label")
    gold = (
        session.rows.frames["validation"][session.spec.data.columns[label]]
        .iloc[by_length]
        .reset_index(drop=True)
    )

    def compute_metrics(found: Any) -> dict[str, float]:
        judged = task.judge(task.decode(found.predictions, session.target), gold, session.target)
        return task.score(judged, session.target) | {"loss": float(judged["loss"].mean())}

    teller = Teller(
        progress,
        rows_per_step=_rows_per_step(session),
        trained_before=trained_before,
    )
    main = task.main_score
    stopping = EarlyStopping(main.name, patience=options.patience, higher_is_better=main.higher_is_better)
    arguments = training_arguments(
        run.checkpoints_path,
        options,
        device=session.device,
        rows=len(train),
        main_score=main.name,
        higher_is_better=main.higher_is_better,
    )
    trainer = make_trainer(
        session.model,
        arguments,
        task=task,
        processor=session.processor,
        train=train,
        validation=validation,
        compute_metrics=compute_metrics,
        callbacks=[teller, stopping],
    )
    return trainer, teller


def _judge(session: Session, model: Any, part: str, progress: Progress) -> pd.DataFrame:
    """Predictions on a part beside the truth, in fp32, as the saved model will make them."""
    frame, columns, task = session.rows.frames[part], session.spec.data.columns, session.task
    predictions = predict_rows(
        task,
        model,
        session.processor,
        frame,
        columns,
        session.target,
        max_length=session.options.max_length,
        on_rows=lambda done: progress.tell(phase=f"scoring {part} rows: {done:,} of {len(frame):,}"),
    )
    label = next(role.name for role in task.roles if role.kind == "label")
    return task.judge(predictions, frame[columns[label]], session.target)


def _baselines(session: Session) -> dict[str, dict[str, float]]:
    frames = session.rows.frames
    judged = session.task.baselines(
        frames["train"], frames["test"], session.spec.data.columns, session.target
    )
    for name, rows in judged.items():
        _with_places(rows, session, "test")[["row", "row_id", "gold", "predicted", "correct"]].to_parquet(
            session.run.path / f"baseline-{name}.parquet", index=False
        )
    return {name: session.task.score(rows, session.target) for name, rows in judged.items()}


def _result(
    session: Session,
    judged: Mapping[str, pd.DataFrame],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The contract's result; the state and what is only known at the very end are filled in later."""
    task, target = session.task, session.target
    scores = {part: task.score(rows, target) | _mean_loss(rows) for part, rows in judged.items()}
    output = task.output(target)
    return {
        "run": session.run.id,
        "folder": str(session.run.path),
        "state": "running",
        "task": task.slug,
        "model": session.spec.model,
        "method": session.spec.method["name"],
        "rows": session.rows.count(),
        "scores": scores,
        "intervals": {part: score_intervals(output, rows) for part, rows in judged.items()},
        "baselines": baselines,
        **facts,
        "problems": [],
    }


def _mean_loss(judged: pd.DataFrame) -> dict[str, float]:
    """The mean loss of the rows that have one; nothing when none has, for JSON knows no NaN."""
    return {"loss": float(judged["loss"].mean())} if judged["loss"].notna().any() else {}


def _with_places(rows: pd.DataFrame, session: Session, part: str) -> pd.DataFrame:
    """The judged rows with where they come from: the row's number in the data set and its stable id."""
    frame = session.rows.frames[part]
    placed = rows.reset_index(drop=True)
    placed.insert(0, "row", frame.index.to_numpy())
    placed.insert(1, "row_id", row_ids(frame).to_numpy())
    placed.insert(2, "split", part)
    return placed


def _write_predictions(session: Session, judged: Mapping[str, pd.DataFrame]) -> None:
    """predictions.parquet: judged rows of both parts with the texts, so that a review needs no other file."""
    used = [
        session.spec.data.columns[name]
        for name in session.task.model_input
        if name in session.spec.data.columns
    ]
    parts = []
    for part, rows in judged.items():
        texts = session.rows.frames[part][used].reset_index(drop=True)
        # Prefixed, because a user's column may be called `gold` or `loss` too.
        parts.append(pd.concat([_with_places(rows, session, part), texts.add_prefix("input: ")], axis=1))
    path = session.run.predictions_path
    work = path.with_name(".predictions.parquet")
    # Small row groups: opening one row of many labels reads only its group.
    pd.concat(parts, ignore_index=True).to_parquet(work, index=False, row_group_size=5_000)
    work.replace(path)


def _save_model(session: Session, model: Any, result: dict[str, Any]) -> None:
    """The model folder, complete or not there at all; it works in plain transformers."""
    final, work = session.run.model_path, session.run.path / ".model"
    shutil.rmtree(work, ignore_errors=True)
    model.save_pretrained(work)
    session.processor.save_pretrained(work)
    card = model_card(session.task, session.spec, session.target, result, session.rows.stored.name)
    write_atomic(work / "README.md", card)
    write_json(work / "atelier.json", {"task": session.task.slug, "target": session.target,
                                       "columns": dict(session.spec.data.columns),
                                       "max_length": session.options.max_length})  # fmt: skip
    if final.exists():
        shutil.rmtree(final)
    work.rename(final)
