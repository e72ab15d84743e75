"""What a search tries next, and when a trial is given up: Optuna's TPE and median pruning over the trials so far.

Everything here is a function of the trials on disk and the seed: the study is rebuilt from them each time, so a
resumed search proposes what an uninterrupted one would have.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lib.analysis.trials import Trial

# Random ones first: TPE needs some trials to tell good from bad, but a search has only a handful.
RANDOM_TRIALS = 4
# A trial is given up only against so many that were trained to the end, and so many that reached the same validation.
TRIALS_BEFORE_PRUNING = 3
# Digits of a number that is tried: more would only be longer to read.
DIGITS = 3
ASKED_AT_MOST = 50


class Proposal:
    """A set of options to try, and the study that judges its validations."""

    def __init__(self, trial: Any, options: dict[str, Any]) -> None:
        self._trial, self.options = trial, options

    def falls_behind(self, values: Sequence[float]) -> bool:
        """Whether to give it up: its best score so far is worse than the median of the others at this validation."""
        self._trial.report(values[-1], len(values))
        return bool(self._trial.should_prune())


def propose(
    trials: Sequence[Trial],
    spaces: Mapping[str, Mapping[str, Any]],
    own: Mapping[str, Any],
    *,
    seed: int,
    higher_is_better: bool,
) -> Proposal | None:
    """What to try after these trials: the run's own options first; None when everything there is has been tried."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    distributions = {name: _distribution(space) for name, space in spaces.items()}
    tried = [dict(trial.options) for trial in trials]
    size = math.prod(len(space["choices"]) if "choices" in space else 10**9 for space in spaces.values())
    if len(tried) >= size:
        return None
    study = optuna.create_study(
        direction="maximize" if higher_is_better else "minimize",
        # Another stream for each trial, so that the number of them says all about the sampler's state.
        sampler=optuna.samplers.TPESampler(
            n_startup_trials=RANDOM_TRIALS, seed=(seed * 1_009 + len(trials)) % 2**32
        ),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=TRIALS_BEFORE_PRUNING, n_min_trials=2),
    )
    for trial in trials:
        study.add_trial(_frozen(trial, distributions))
    if not trials:
        study.enqueue_trial(dict(own))
        return Proposal(study.ask(distributions), dict(own))
    for _ in range(ASKED_AT_MOST):
        asked = study.ask(distributions)
        options = {name: _readable(value, spaces[name]) for name, value in asked.params.items()}
        if options not in tried:
            return Proposal(asked, options)
    return None  # a small space of which nearly all has been tried


def _distribution(space: Mapping[str, Any]) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if "choices" in space:
        return CategoricalDistribution(tuple(space["choices"]))
    whole = isinstance(space["low"], int) and isinstance(space["high"], int)
    kind = IntDistribution if whole else FloatDistribution
    return kind(space["low"], space["high"], log=bool(space.get("log")))


def _frozen(trial: Trial, distributions: Mapping[str, Any]) -> Any:
    from optuna.trial import TrialState, create_trial

    whole = trial.outcome == "finished" and trial.value is not None
    return create_trial(
        # Pruned is what TPE learns from without a final value; without any score it counts as the worst.
        state=TrialState.COMPLETE if whole else TrialState.PRUNED,
        value=trial.value if whole else None,
        params=dict(trial.options),
        distributions=dict(distributions),
        intermediate_values=dict(enumerate(trial.values, start=1)),
    )


def _readable(value: Any, space: Mapping[str, Any]) -> Any:
    """A number with few digits that is still inside its range."""
    if "choices" in space or not isinstance(value, float):
        return value
    return min(max(float(f"{value:.{DIGITS}g}"), space["low"]), space["high"])
