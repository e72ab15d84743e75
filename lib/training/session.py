"""One session of a run: from the spec in its folder to a model, scores and judged predictions."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import set_seed

from lib.analysis.trials import search_report, trials_from
from lib.errors import Problem, UserError
from lib.methods import find_method
from lib.methods.weights import count_weights, is_adapted, matrices_mb, weights_mb
from lib.models.adapted import is_adapter
from lib.models.cut import layers_of
from lib.models.hub_download import DownloadStopped
from lib.models.sources import ModelInfo
from lib.option import values_as
from lib.plan.checkup import final_findings
from lib.plan.run_rows import Rows, load_rows
from lib.plan.teaching import student_model, teacher_model
from lib.runs.files import write_json
from lib.runs.folder import RunFolder
from lib.runs.options import TrainingOptions, options_from
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Brief, Task
from lib.training import ranks
from lib.training.adapter_change import adapter_change
from lib.training.base_model import merged_base
from lib.training.calibrating import calibrated
from lib.training.callbacks import EarlyStopping, Teller
from lib.training.checkpoints import newest_complete, step_of, trained_parts, trained_seconds
from lib.training.cut import cut_student
from lib.training.distiller import Distiller, forget_projection
from lib.training.download import downloaded
from lib.training.judging import (
    UNTUNED,
    baseline_scores,
    compared_with_teacher,
    contract_result,
    judged_part,
    untuned_scores,
)
from lib.training.keeping import keep_model, keep_predictions
from lib.training.progress import Progress, peak_memory_mb
from lib.training.reading import check_learned, read_facts
from lib.training.rows import content_mark, encode_rows
from lib.training.scratch import made_from_scratch
from lib.training.stopwatch import Stopwatch
from lib.training.teaching import Teaching, called_in
from lib.training.trainer import BucketTrainer, make_trainer, training_arguments, uses_bf16
from lib.training.validation import Validation


@dataclass
class Session:
    """What a session has gathered so far."""

    run: RunFolder
    spec: Spec
    task: Task
    options: TrainingOptions
    rows: Rows
    brief: Brief
    processor: Any
    model: Any
    device: str
    teaching: Teaching | None = None


def train_run(
    run: RunFolder,
    progress: Progress,
    spec: Spec | None = None,
    *,
    shrink: Callable[["Session"], None] | None = None,
) -> None:
    """Train the run, from its newest checkpoint if it has one; score it; save everything; say how it ended.

    `spec` is the run's own unless its search has put other options in their places. `shrink` may leave only some of
    the session's rows before they are encoded, to measure what a run costs.
    Raises UserError for what a person can put right; the caller tells it.
    """
    ranks.join(progress.state.device or "cpu")
    try:
        with ranks.first_process_first():
            session = prepare(run, spec or run.spec, progress)
    except DownloadStopped:
        progress.end("stopped")
        return
    if shrink is not None:
        shrink(session)
    task = session.task
    checkpoint = newest_complete(run.checkpoints_path)
    watch = Stopwatch(trained_parts(checkpoint) if checkpoint else None)
    watch.add("starting", time.time() - (progress.state.process_started or time.time()))
    with watch.time("encoding"), ranks.first_process_first():
        train, distiller = learned(session, progress)
        _check_lengths(session, train)
    with watch.time("scoring"):
        is_first = ranks.rank() == 0
        baselines = {UNTUNED: untuned_scores(session, progress)} if task.scores_untuned and is_first else {}
    validation = Validation(
        run,
        task,
        session.brief,
        session.processor,
        session.rows.frames["validation"],
        seed=session.options.seed,
    )
    if checkpoint is None and is_first:
        with watch.time("scoring"):
            validation.sample(session.model.to(session.device), step=0)
    trainer, teller = session_trainer(
        session,
        progress,
        train,
        validation,
        trained_before=trained_seconds(checkpoint) if checkpoint else 0.0,
        distiller=distiller,
        watch=watch,
    )
    progress.forget_metrics_after(step_of(checkpoint) if checkpoint else 0)
    trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if not is_first:
        return
    training_seconds = teller.trained_seconds
    was_stopped = progress.stop_wanted and trainer.state.global_step < trainer.state.max_steps
    progress.phase("scoring the validation and test rows")
    # Without the wrapper that computes in bf16: the scores are those of the model as it is saved.
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).float()
    forget_projection(model)
    with watch.time("scoring"):
        judged = {"validation": judged_part(session, model, "validation", progress)}
    tuned = task.tuned_target(judged["validation"], session.brief)
    if tuned != session.brief.target:
        session.brief = session.brief.changed(target=tuned)
        _write_brief(session)
        judged["validation"] = task.judge(
            judged["validation"], session.rows.frames["validation"], session.brief
        )
    with watch.time("scoring"):
        judged["test"] = judged_part(session, model, "test", progress)
    progress.phase("fitting the baselines to compare with")
    with watch.time("baselines"):
        baselines = baseline_scores(session) | baselines
        distillation, told = compared_with_teacher(session, model)
        baselines = told | baselines
    progress.phase("saving the model")
    facts: dict[str, Any] = {
        "seconds": {"total": 0.0, "training": round(training_seconds, 1), **watch.told()},
        "examples_per_second": round(
            trainer.state.global_step * _rows_per_step(session, train) / training_seconds, 1
        ),
        "parameters": count_weights(model),
        "weights_mb": round(weights_mb(model), 1),
        **({"matrices_mb": matrices_mb(model)} if is_adapted(model) else {}),
        "best_step": trainer.state.best_global_step or trainer.state.global_step,
        "steps": trainer.state.global_step,
        "precision": "bf16" if trainer.args.bf16 else "fp32",
        "truncated": {
            part: round(float(np.mean(train[name][:])), 4)
            for part, name in (("train", "truncated"), ("train targets", "target_truncated"))
            if name in train.column_names
        },
        **distillation,
        **calibrated(task.output(session.brief.target), judged),
    }
    if trials := trials_from(run.trials()):
        facts["search"] = search_report(
            trials,
            score=task.main_score.name,
            higher_is_better=task.main_score.higher_is_better,
            rows=min(len(judged["validation"]), task.most_validated or len(judged["validation"])),
        )
    result = contract_result(session, judged, baselines, facts)
    found = final_findings(
        run,
        result,
        validation=judged["validation"],
        adapter_change=adapter_change(model),
        ended=not was_stopped,
    )
    result["problems"] = [problem.to_json() for problem in found]
    keep_predictions(run, task, session.brief, session.rows, judged)
    keep_model(
        run, session.spec, task, session.brief, session.processor, model, result, session.rows.stored.name
    )
    result["state"] = "stopped" if was_stopped else "succeeded"
    # From the start of the process, imports included, and the training of sessions before this one.
    this_session = time.time() - (progress.state.process_started or time.time())
    result["seconds"]["total"] = round(this_session + teller.trained_before, 1)
    result["peak_memory_mb"] = round(peak_memory_mb())
    write_json(run.path / "scores.json", {key: result[key] for key in ("scores", "intervals", "baselines")})
    write_json(run.path / "result.json", result)
    if not was_stopped:
        shutil.rmtree(run.checkpoints_path, ignore_errors=True)
        if session.teaching is not None:
            session.teaching.forget()
    progress.end(result["state"])


def prepare(run: RunFolder, spec: Spec, progress: Progress) -> Session:
    """Read the rows and load the model as the spec's method wants it. Raises UserError, DownloadStopped."""
    task, method, options = find_task(spec.task), find_method(spec.method["name"]), options_from(spec.options)
    device = ranks.torch_device(progress.state.device or "cpu")
    progress.phase("reading the data")
    rows = load_rows(spec, task)
    target = run.target() or task.describe_target(rows.frames["train"], rows.columns)
    output = task.output(target)
    if output.kind not in method.outputs:
        raise UserError(
            Problem(f"{method.title} does not work for {task.title.lower()}.", "method", code="method-unfit")
        )
    brief = Brief(rows.columns, target, options.max_length, vars(values_as(task.option_class, spec.options)))
    teaching = None
    if method.has_teacher:
        bf16 = uses_bf16(options.precision, device=device)
        teaching = called_in(run, spec, task, brief, progress, device=device, bf16=bf16)
    progress.phase("loading the model")
    info = downloaded(_model_of(spec), progress)
    folder = info.folder
    if teaching is not None and (layers := layers_of(spec.model)):
        progress.phase("cutting the student out of its teacher")
        folder = cut_student(teaching.teacher.model, teaching.teacher.processor, layers, run.path / "cut")
    elif info.is_scratch:
        progress.phase("making a model from scratch")
        folder = made_from_scratch(spec.model, task, rows, run.path / "scratch", seed=options.seed)
    how = {key: value for key, value in spec.method.items() if key != "name"}
    if is_adapter(folder):
        progress.phase("adding the adapter it goes on from into its base model")
        folder = merged_base(folder, run.path / "base")
    set_seed(options.seed)
    processor = task.load_processor(folder)
    model = task.load_model(folder, target, **method.load_settings(how, device=device))
    method.complete(model, how, again=partial(task.load_model, folder, target))
    brief = task.settled(model, processor, brief)
    model = method.prepare(model, how)
    session = Session(run, spec, task, options, rows, brief, processor, model, device, teaching)
    _write_brief(session)
    return session


def learned(session: Session, progress: Progress) -> tuple[Dataset, Distiller | None]:
    """The features to learn from, and what adds a teacher to their loss."""
    frame, fingerprint, teaching = (
        session.rows.frames["train"],
        session.rows.stored.fingerprint,
        session.teaching,
    )
    if (
        teaching is not None
        and (taught := teaching.train_frame(session.rows, session.processor)) is not frame
    ):
        frame, fingerprint = taught, f"{fingerprint} {content_mark(taught)}"
    progress.phase("encoding the rows")
    task, processor, brief = session.task, session.processor, session.brief
    train = encode_rows(frame, task, processor, brief, session.spec, fingerprint=fingerprint)
    if teaching is None or not len(train):
        return train, None
    return train, teaching.distiller(task, brief, session.model, processor, train, frame)


def _model_of(spec: Spec) -> ModelInfo:
    info = student_model(spec.model, teacher_model(spec.method))
    if spec.revision and info.revision != spec.revision:
        raise UserError(
            Problem(
                f"The model {spec.model} has changed since this run was planned.",
                where="model",
                fix="Start a new run with it.",
                code="model-changed",
            )
        )
    return info


def _write_brief(session: Session) -> None:
    write_json(session.run.path / "target.json", session.brief.target)
    write_json(session.run.path / "brief.json", session.brief.to_json())


def _check_lengths(session: Session, train: Dataset) -> None:
    """Write down how long, cut, padded and silent the examples are, and refuse them when none teaches anything."""
    facts = read_facts(train, batch_size=session.options.batch_size, seed=session.options.seed)
    write_json(session.run.path / "lengths.json", facts)
    check_learned(facts)


def _rows_per_step(session: Session, train: Dataset) -> int:
    return min(session.options.batch_size * session.options.gradient_accumulation, len(train))


def session_trainer(
    session: Session,
    progress: Progress,
    train: Dataset,
    validation: Validation,
    *,
    trained_before: float,
    distiller: Distiller | None,
    watch: Stopwatch,
) -> tuple[BucketTrainer, Teller]:
    """The trainer of a session's model, and the callback that tells how it goes."""
    task, run, options = session.task, session.run, session.options
    rows = _rows_per_step(session, train)
    teller = Teller(progress, rows_per_step=rows, trained_before=trained_before, watch=watch)
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
        brief=session.brief,
        train=train,
        validate=partial(validation.score, progress=progress),
        callbacks=[teller, stopping],
        distiller=distiller,
        watch=watch,
    )
    return trainer, teller
