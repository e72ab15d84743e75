"""What a teacher does for a run: answers the rows, is judged beside the student, and is compared with it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from datasets import Dataset

from lib.errors import Problem, UserError
from lib.methods.distill import DistillOptions, listens, looks_inside
from lib.methods.soft_losses import BY_ROW, BY_WORD
from lib.option import values_as
from lib.plan.run_rows import Rows
from lib.plan.teaching import teacher_model
from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.settings import get_settings
from lib.tasks.base import Brief, Task
from lib.tasks.outputs import MaskedTokens, Text
from lib.training.answers import Answers, kept_answers
from lib.training.distiller import Distiller
from lib.training.download import downloaded
from lib.training.keeping import by_name, keep_baseline, kept_baseline
from lib.training.progress import Progress
from lib.training.speed import Side, measure_speed
from lib.training.teacher import Teacher, load_teacher, reads_alike

TEACHER = "teacher"


@dataclass(frozen=True)
class Teaching:
    """A teacher at work on one run; `bf16` says how it computes where the student does."""

    run: RunFolder
    spec: Spec
    teacher: Teacher
    progress: Progress
    bf16: bool

    @property
    def _how(self) -> Mapping[str, Any]:
        return {name: value for name, value in self.spec.method.items() if name != "name"}

    @property
    def _task(self) -> Task:
        return self.teacher.task

    def train_frame(self, rows: Rows, processor: Any) -> pd.DataFrame:
        """The training examples that the student learns from; what the teacher wrote of them is kept for a resume.

        Rows without an answer join with the teacher's. Where the vocabularies differ, every answer is the teacher's
        (sequence-level distillation, Kim & Rush, 2016).
        """
        frame = rows.frames["train"]
        if not listens(self._how):
            return frame
        parts = [frame]
        if self._by_text(processor):
            parts = [self._answered(frame, "train", "writing the texts that the student learns")]
        if self.joining(rows):
            parts.append(self._answered(rows.unlabelled, "unlabelled", "answering rows without a label"))
        return pd.concat(parts) if len(parts) > 1 else parts[0]

    def joining(self, rows: Rows) -> int:
        """How many rows without an answer join the training rows."""
        joins = listens(self._how) and values_as(DistillOptions, self._how).unlabelled
        return len(rows.unlabelled) if joins else 0

    def forget(self) -> None:
        """Take away what was kept for a resume."""
        for path in self.run.path.glob("taught-*.parquet"):
            path.unlink(missing_ok=True)

    def _answered(self, frame: pd.DataFrame, name: str, doing: str) -> pd.DataFrame:
        kept = self.run.path / f"taught-{name}.parquet"
        if kept.is_file():
            return pd.read_parquet(kept)
        said = self.teacher.predict(frame, on_rows=self._teller(doing, len(frame)))
        answered = self._task.with_answers(frame, said.reset_index(drop=True), self.teacher.brief)
        work = kept.with_name(f".{kept.name}")
        answered.to_parquet(work)
        work.replace(kept)
        return answered

    def _by_text(self, processor: Any) -> bool:
        """Whether the teacher can only be learned from what it writes, as its tokens are others than the student's."""
        kind = self._task.shape.kind
        if kind in BY_ROW or reads_alike(self.teacher.processor, processor):
            return False
        if kind in BY_WORD and kind != MaskedTokens.kind and self._can_be_asked():
            return True
        raise UserError(
            Problem(
                "The teacher reads in other tokens than the student, so its answers do not fit the student's.",
                "method.teacher",
                "Choose a student with the teacher's tokenizer, such as some of its own layers (cut:N).",
                code="teacher-tokens",
            )
        )

    def _can_be_asked(self) -> bool:
        columns = self.teacher.brief.columns
        return self._task.shape.kind == Text.kind or any(columns.get(name) for name in ("prompt", "messages"))

    def distiller(
        self, task: Task, brief: Brief, student: Any, processor: Any, train: Dataset, frame: pd.DataFrame
    ) -> Distiller | None:
        """What adds the teacher to the loss; None where the student learns from rows alone."""
        if not listens(self._how) or self._by_text(processor):
            return None
        online = looks_inside(self._how) or task.shape.kind == MaskedTokens.kind
        if online and not reads_alike(self.teacher.processor, processor):
            raise UserError(
                Problem(
                    "Hidden states and attention can only be compared when teacher and student read the same tokens.",
                    "method",
                    "Set the inner losses to 0, or cut the student from the teacher (cut:N).",
                    code="teacher-tokens",
                )
            )
        answers: Answers | None = None
        if not online:
            answers = kept_answers(
                self._folder(train),
                self.teacher,
                train,
                frame,
                task.collator(processor, brief, training=True),
                bf16=self.bf16,
                on_features=self._teller("asking the teacher", len(train)),
            )
        return Distiller(task, brief, self._how, self.teacher, answers, student)

    def _folder(self, train: Dataset) -> Path:
        """Where the answers lie: the same teacher is asked about the same features once, whatever the run."""
        encoded = Path(train.cache_files[0]["filename"]).parent.name
        info = self.teacher.info
        key = json.dumps([encoded, info.ref, info.revision, self.teacher.brief.to_json()], sort_keys=True)
        return get_settings().cache / "answers" / sha256(key.encode()).hexdigest()[:24]

    def judged(self, test: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """The teacher's judged test rows, kept beside the run as those of a baseline."""
        known = kept_baseline(self.run, TEACHER)
        if known is None:
            known = self.teacher.judge(
                test, on_rows=self._teller("scoring the teacher on the test rows", len(test))
            )
            keep_baseline(self.run, TEACHER, known, by_name(test, self._task, brief))
        return known

    def compared(self, student: Any, processor: Any, brief: Brief, rows: pd.DataFrame) -> dict[str, Any]:
        """How large and how fast teacher and student are; timed in turns on draws of these rows."""
        info = self.teacher.info
        self.progress.phase("timing teacher and student")
        speed = measure_speed(
            {
                "teacher": Side(self._task, self.teacher.model, self.teacher.processor, self.teacher.brief),
                "student": Side(self._task, student, processor, brief),
            },
            rows,
        )
        small = sum(weight.numel() for weight in student.parameters())
        return {
            "teacher": {
                "model": info.ref,
                "title": info.title,
                "parameters": self.teacher.parameters,
                "size_mb": round(4 * self.teacher.parameters / 1e6, 1),
            },
            "student": {"parameters": small, "size_mb": round(4 * small / 1e6, 1)},
            "speed": speed,
        }

    def _teller(self, doing: str, total: int) -> Any:
        def tell(done: int) -> None:
            self.progress.tell(phase=f"{doing}: {done:,} of {total:,}")

        return tell


def called_in(
    run: RunFolder, spec: Spec, task: Task, brief: Brief, progress: Progress, *, device: str, bf16: bool
) -> Teaching:
    """The teacher, downloaded and loaded. Raises UserError when it does not fit."""
    progress.phase("loading the teacher")
    found = teacher_model(spec.method)
    if found is None:
        raise UserError(Problem("The run names no teacher.", "method.teacher", code="no-teacher"))
    info = downloaded(found, progress)
    return Teaching(run, spec, load_teacher(info, task, brief, device=device), progress, bf16)
