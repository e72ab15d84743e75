"""The search for better options before a run's training: trials, judged on the validation rows alone."""

import gc
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import SaveStrategy

from lib.analysis.judged import score_intervals
from lib.analysis.trials import Trial, best_trial, trials_from
from lib.methods import find_method
from lib.models.hub_download import DownloadStopped
from lib.plan.search import own_value, with_options
from lib.runs.files import write_atomic
from lib.runs.folder import RunFolder
from lib.runs.spec import Spec
from lib.tasks import find_task
from lib.tasks.base import Score
from lib.training.progress import Progress
from lib.training.proposals import Proposal, propose
from lib.training.session import learned, prepare, session_trainer
from lib.training.stopwatch import Stopwatch
from lib.training.validation import Validation, all_scores

Clock = Callable[[], float]


class SearchStopped(Exception):
    """Someone asked the run to stop while it was trying options."""


@dataclass
class Watch:
    """One trial as it goes on: what it has reached, and whether it is worth its time.

    `spent` are the seconds of the trials before it, `usual` those of a whole trial (None while none is known).
    """

    progress: Progress
    proposal: Proposal
    score: Score
    clock: Clock
    begun: float
    spent: float
    budget: float
    trials_left: int
    usual: float | None
    values: list[float] = field(default_factory=list)
    judged: pd.DataFrame | None = None
    outcome: str = "finished"
    steps: int = 0

    def stepped(self, step: int, total: int) -> bool:
        """Tell how far it is; True when the time is over. Raises SearchStopped when someone asks for that."""
        here = self.clock() - self.begun
        self.steps = step
        whole = here / step * total
        usual = self.usual or whole
        ahead = max(0.0, min(self.budget - self.spent - here, whole - here + self.trials_left * usual))
        self.progress.tell(step=step, total_steps=total, eta_seconds=ahead + usual)
        if self.progress.stop_wanted:
            raise SearchStopped
        if self.spent + here >= self.budget and step < total:
            self.outcome = "cut"
            return True
        return False

    def validated(self, value: float, judged: pd.DataFrame) -> None:
        """Keep a validation's main score, and its judged rows when it is the best so far."""
        if not math.isfinite(value):
            self.outcome = "diverged"
            return
        better = self.best is None or (
            value > self.best if self.score.higher_is_better else value < self.best
        )
        self.values.append(value)
        if better:
            self.judged = judged

    def falls_behind(self) -> bool:
        """Whether to give the trial up at this validation, which is not its last."""
        if self.outcome == "finished" and self.values and self.proposal.falls_behind(self.values):
            self.outcome = "pruned"
        return self.outcome != "finished"

    @property
    def best(self) -> float | None:
        """The best main score so far."""
        pick = max if self.score.higher_is_better else min
        return pick(self.values) if self.values else None


# Trains once with a spec's options, telling the watch of each step and validation, and keeps nothing.
Attempt = Callable[[RunFolder, Spec, Progress, Watch], None]


def chosen_spec(
    run: RunFolder,
    progress: Progress,
    *,
    clock: Clock = time.monotonic,
    attempt: "Attempt | None" = None,
) -> Spec | None:
    """The run's spec as it is to be trained: as planned, or with the best options that its search finds.

    A search goes on with the trials that an earlier session has finished. None when it was stopped; the run has
    then ended, and its trials are kept. Raises UserError like the training.
    """
    spec = run.spec
    if not spec.search:
        return spec
    try:
        trials = _search(run, spec, progress, clock, attempt or try_options)
    except (SearchStopped, DownloadStopped):
        _leave(progress)
        progress.end("stopped")
        return None
    _leave(progress)
    main = find_task(spec.task).main_score
    best = best_trial(trials, higher_is_better=main.higher_is_better)
    return _tried(spec, best.options if best else {}).changed(search=None)


def _leave(progress: Progress) -> None:
    """What was told of the last trial is not said of the run."""
    progress.heading = ""
    progress.tell(step=0, total_steps=0, eta_seconds=None)


def _search(run: RunFolder, spec: Spec, progress: Progress, clock: Clock, attempt: Attempt) -> list[Trial]:
    """Try options until the trials or the minutes are used up; each trial is written down as it ends."""
    assert spec.search is not None
    main, method = find_task(spec.task).main_score, find_method(spec.method["name"])
    spaces, most, budget = spec.search["over"], int(spec.search["trials"]), 60.0 * spec.search["minutes"]
    own = {name: own_value(name, spec.options, spec.method, method) for name in spaces}
    trials = trials_from(run.trials())
    # What a killed worker left half written must not run into the next line.
    write_atomic(run.trials_path, "".join(json.dumps(trial.to_json()) + "\n" for trial in trials))
    spent = sum(trial.seconds for trial in trials)
    while len(trials) < most and spent < budget:
        if progress.stop_wanted:
            raise SearchStopped
        proposal = propose(
            trials, spaces, own, seed=int(spec.options["seed"]), higher_is_better=main.higher_is_better
        )
        if proposal is None:
            break
        progress.heading = heading(trials, most, main)
        progress.tell(step=0, total_steps=0, eta_seconds=None)
        usual = next((trial.seconds for trial in trials if trial.outcome == "finished"), None)
        watch = Watch(progress, proposal, main, clock, clock(), spent, budget, most - len(trials) - 1, usual)
        attempt(run, _tried(spec, proposal.options), progress, watch)
        trials.append(_ended(watch, len(trials) + 1, spec, run))
        spent += trials[-1].seconds
        with run.trials_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(trials[-1].to_json()) + "\n")
    return trials


def heading(trials: list[Trial], most: int, score: Score) -> str:
    """Where a search stands: "trial 3 of 8, best macro-F1 0.78 so far"."""
    words = f"trial {len(trials) + 1} of {most}"
    best = best_trial(trials, higher_is_better=score.higher_is_better)
    if best is None or best.value is None:
        return words
    title = score.title if score.title[1:2].isupper() else score.title[:1].lower() + score.title[1:]
    return f"{words}, best {title} {best.value:.3g} so far"


def _tried(spec: Spec, chosen: Any) -> Spec:
    options, method = with_options(spec.options, spec.method, chosen, find_method(spec.method["name"]))
    return spec.changed(options=options, method=method)


def _ended(watch: Watch, number: int, spec: Spec, run: RunFolder) -> Trial:
    interval = None
    target = run.target()
    if watch.judged is not None and target is not None:
        output = find_task(spec.task).output(target)
        interval = score_intervals(output, watch.judged).get(watch.score.name)
    return Trial(
        trial=number,
        outcome=watch.outcome,
        options=watch.proposal.options,
        values=tuple(watch.values),
        value=watch.best,
        interval=interval,
        steps=watch.steps,
        seconds=watch.clock() - watch.begun,
    )


def try_options(run: RunFolder, spec: Spec, progress: Progress, watch: Watch) -> None:
    """Train as the run itself would with these options, without checkpoints; test rows are not looked at."""
    _train_once(run, spec, progress, watch)
    gc.collect()  # two models at once would need twice the memory


def _train_once(run: RunFolder, spec: Spec, progress: Progress, watch: Watch) -> None:
    session = prepare(run, spec, progress)
    train, distiller = learned(session, progress)
    rows = session.rows.frames["validation"]
    validation = _Judging(
        run, session.task, session.brief, session.processor, rows, seed=session.options.seed
    ).told_to(watch)
    trainer, teller = session_trainer(
        session, progress, train, validation, trained_before=0.0, distiller=distiller, watch=Stopwatch()
    )
    trainer.remove_callback(teller)
    trainer.add_callback(_Listening(watch))
    trainer.args.save_strategy, trainer.args.load_best_model_at_end = SaveStrategy.NO, False
    progress.phase("training")
    trainer.train()


class _Judging(Validation):
    """The run's validation, heard by a watch; samples of what a model writes are not kept."""

    def told_to(self, watch: Watch) -> "_Judging":
        self._watch = watch
        return self

    def score(self, model: Any, *, progress: Progress) -> dict[str, float]:
        judged = self._task.evaluate(model, self._processor, self._rows, self._brief)
        scores = all_scores(self._task, judged, self._brief)
        self._watch.validated(scores[self._task.main_score.name], judged)
        return scores


class _Listening(TrainerCallback):
    """Ends a trial that is not worth its time."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        if self._watch.stepped(state.global_step, state.max_steps):
            control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Any = None,
        **kw: Any,
    ) -> None:
        if logs and not math.isfinite(logs.get("loss", 0.0)):
            self._watch.outcome = "diverged"
            control.should_training_stop = True

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kw: Any
    ) -> None:
        if state.global_step < state.max_steps and self._watch.falls_behind():
            control.should_training_stop = True
