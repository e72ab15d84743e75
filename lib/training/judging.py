"""Judging a session's model: its predictions beside the truth, what it is compared with, and the contract's result."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from lib.analysis.judged import score_intervals
from lib.training.keeping import by_name, keep_baseline, kept_baseline
from lib.training.progress import Progress
from lib.training.teaching import TEACHER
from lib.training.validation import all_scores

if TYPE_CHECKING:
    from lib.training.session import Session

UNTUNED = "untuned"


def judged_part(session: "Session", model: Any, part: str, progress: Progress) -> pd.DataFrame:
    """Predictions on a part beside the truth, in fp32, as the saved model will make them."""
    frame = session.rows.frames[part]

    def tell(done: int) -> None:
        progress.tell(phase=f"scoring {part} rows: {done:,} of {len(frame):,}")

    return session.task.evaluate(model, session.processor, frame, session.brief, on_rows=tell)


def untuned_scores(session: "Session", progress: Progress) -> dict[str, float]:
    """The scores of the model before any training, on the test rows; kept for a run that is resumed."""
    known = kept_baseline(session.run, UNTUNED)
    if known is None:
        model = session.model.to(session.device)
        frame = session.rows.frames["test"]

        def tell(done: int) -> None:
            progress.tell(phase=f"scoring the untuned model: {done:,} of {len(frame):,} test rows")

        known = session.task.evaluate(model, session.processor, frame, session.brief, on_rows=tell)
        keep_baseline(session.run, UNTUNED, known, by_name(frame, session.task, session.brief))
    return session.task.score(known, session.brief)


def baseline_scores(session: "Session") -> dict[str, dict[str, float]]:
    """The scores of the task's simple methods on the test rows; their judged rows are kept beside the run."""
    frames, task = session.rows.frames, session.task
    judged = task.baselines(frames["train"], frames["test"], session.brief)
    for name, rows in judged.items():
        keep_baseline(session.run, name, rows, by_name(frames["test"], task, session.brief))
    return {name: task.score(rows, session.brief) for name, rows in judged.items()}


def compared_with_teacher(
    session: "Session", model: Any
) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """What the result of a distilled run says beside the usual, and the teacher's scores on the test rows."""
    teaching, frames = session.teaching, session.rows.frames
    if teaching is None:
        return {}, {}
    told = teaching.judged(frames["test"], session.brief)
    found = {"distillation": teaching.compared(model, session.processor, session.brief, frames["validation"])}
    joined = teaching.joining(session.rows)
    return found | ({"unlabelled_rows": joined} if joined else {}), {
        TEACHER: session.task.score(told, session.brief)
    }


def contract_result(
    session: "Session",
    judged: Mapping[str, pd.DataFrame],
    baselines: Mapping[str, Mapping[str, float]],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The contract's result; the state and what is only known at the very end are filled in later."""
    task, brief = session.task, session.brief
    output = task.output(brief.target)
    return {
        "run": session.run.id,
        "folder": str(session.run.path),
        "state": "running",
        "task": task.slug,
        "model": session.spec.model,
        "method": session.spec.method["name"],
        "rows": session.rows.count(),
        "scores": {part: all_scores(task, rows, brief) for part, rows in judged.items()},
        "intervals": {part: score_intervals(output, rows) for part, rows in judged.items()},
        "baselines": baselines,
        **facts,
        "problems": [],
    }
