"""A run's state in words: what it is doing, how it ended, and what can be done about it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lib.models.scratch import SCRATCH
from lib.models.starters import STARTERS
from lib.runs.spec import Spec
from lib.tasks import TASKS
from lib.tasks.base import Score
from lib.ui.numbers import about, ago, count, duration, size
from lib.ui.runs_list import RunLine
from lib.ui.train_words import PRESET_TITLES, time_range

# Colour codes and other controls for terminals, which a log may hold.
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[@-_]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Look:
    """How a state looks: its word, its icon, and one of Streamlit's colours."""

    word: str
    icon: str
    colour: str


LOOKS: dict[str, Look] = {
    "queued": Look("Waiting", ":material/hourglass_empty:", "gray"),
    "running": Look("Running", ":material/play_arrow:", "blue"),
    "succeeded": Look("Finished", ":material/check:", "green"),
    "stopped": Look("Stopped", ":material/stop:", "orange"),
    "failed": Look("Failed", ":material/error:", "red"),
    "lost": Look("Lost", ":material/link_off:", "red"),
    "damaged": Look("Damaged", ":material/broken_image:", "red"),
}


def look(standing: str) -> Look:
    """How a state looks; one that this version does not know shows as its own word."""
    return LOOKS.get(standing, Look(standing, ":material/help:", "gray"))


def main_score(line: RunLine) -> Score | None:
    """The score that decides for the run's task; None when the task is unknown here."""
    slug = line.spec.task if line.spec else None
    return next((task.main_score for task in TASKS if task.slug == slug), None)


def waiting_words(before: int, running: int) -> str:
    """The place in the queue as a sentence."""
    if before:
        return f"{count(before, 'run')} in the queue before this one. It starts by itself; you may close the browser."
    if running:
        return "Next in line. It starts by itself when the run before it ends; you may close the browser."
    return "Next in line. It starts in a moment."


def running_words(line: RunLine) -> str:
    """What a running run does just now, as plain text for its progress bar."""
    state = line.state
    phase = state.phase or "starting"
    phase = phase[:1].upper() + phase[1:]
    if not state.total_steps:
        return phase
    words = f"{phase} · step {state.step:,} of {state.total_steps:,}"
    if state.eta_seconds and state.step < state.total_steps:
        words += f" · {about(state.eta_seconds)} left"
    return words


def ending_words(line: RunLine, *, checkpoint: int | None, trials: int = 0) -> str:
    """How a run that is not active ended and what can be done, in plain sentences.

    `checkpoint` is the step it would go on from, `trials` how many trials of a search it has done.
    """
    state = line.state
    when, took = ago(state.finished or state.updated), duration(line.seconds)
    at = f" at step {state.step:,} of {state.total_steps:,}" if state.total_steps else ""
    match line.standing:
        case "succeeded":
            return f"Finished {when} after {took}.{_early(line)}{_predicted(line)}"
        case "stopped":
            if line.spec and line.spec.audit:
                return f"Stopped{at}, {when}. What it had judged by then is kept, and Resume goes on with it."
            kept = (
                " What it had learned by then is kept and was scored."
                if line.result
                else " It had learned nothing to keep yet."
            )
            return f"Stopped{at}, {when}.{kept} {_resume_words(checkpoint, trials)}"
        case "failed":
            return f"Failed{at}, {when}. {_resume_words(checkpoint, trials)}"
        case "lost":
            heard = f" Last heard of {ago(state.updated)}." if state.updated else ""
            if state.problems:  # the reason is known, and said beside this
                return f"Ended by the system{at}.{heard} {_resume_words(checkpoint, trials)}"
            return (
                f"The process of this run is gone{at}: it was killed, ran out of memory, or the machine was "
                f"restarted.{heard} {_resume_words(checkpoint, trials)}"
            )
    return "The files of this run cannot be read, so it can only be deleted."


def _early(line: RunLine) -> str:
    steps, best = line.result.get("steps"), line.result.get("best_step")
    if not isinstance(steps, int) or not line.state.total_steps or steps >= line.state.total_steps:
        return ""
    kept = f" and kept the model of step {best:,}" if isinstance(best, int) else ""
    return f" It ended early, at step {steps:,} of {line.state.total_steps:,}, as validation got no better{kept}."


def _predicted(line: RunLine) -> str:
    """What was said before the start of its time and memory, and the memory it came to need; nothing if unknown."""
    said = line.spec.estimate if line.spec else {}
    peak = line.result.get("peak_memory_mb")
    if not said or not isinstance(peak, int | float):
        return ""
    how = "measured" if said.get("measured") else "predicted"
    low, high = said["seconds"]
    return (
        f" {time_range(low, high).capitalize()} and {size(said['memory_mb'] * 1e6)} were {how} before the start; "
        f"it needed {size(peak * 1e6)}."
    )


def _resume_words(checkpoint: int | None, trials: int) -> str:
    if checkpoint is None and trials:
        return f"Resume goes on after the {count(trials, 'trial')} that the search has done."
    if checkpoint is None:
        return "Resume starts it from the beginning."
    return f"Resume goes on from step {checkpoint:,}."


def silence_words(line: RunLine, *, now: float) -> str:
    """A hint when a running run has said nothing for a while, else nothing."""
    updated = line.state.updated
    if updated is None or now - updated < 60:
        return ""
    return f"Last heard of {ago(updated)}; it may be busy with a long step."


def log_words(text: str, *, lines: int = 200) -> str:
    """The end of a log as it would look on a terminal: no control codes, and lines drawn over left out."""
    plain = (_TERMINAL.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in text.split("\n"))
    return "\n".join(list(plain)[-lines:]).strip("\n")


def model_title(ref: str) -> str:
    """A model's reference as a name: "MiniLM-L6" for starter:minilm-l6, the folder's own name for a folder."""
    kind, _, name = ref.partition(":")
    if kind == "starter":
        return next((starter.title for starter in STARTERS if starter.name == name), name)
    if kind == "scratch":
        return next((scratch.title for scratch in SCRATCH if scratch.name == name), name)
    if kind == "folder":
        return Path(name).name or name
    return f"run {name}" if kind == "run" else ref


def made_words(spec: Spec) -> str:
    """What a run is made of: "MiniLM-L6 · tweets@1 · Balanced"; of a check of labels how it checks."""
    if spec.audit:
        how = f"{spec.audit.get('how')} check of the labels, {count(spec.audit.get('folds'), 'fold')}"
        return " · ".join([model_title(spec.model), *([spec.data.dataset] if spec.data.dataset else []), how])
    preset = PRESET_TITLES.get(str(spec.options.get("preset")), "own options")
    return " · ".join([model_title(spec.model), *([spec.data.dataset] if spec.data.dataset else []), preset])


def list_state(line: RunLine) -> str:
    """The state in a list, with the share done while it runs: "Running, 45 %"."""
    word, state = look(line.standing).word, line.state
    if line.standing == "running" and state.total_steps:
        return f"{word}, {100 * min(state.step / state.total_steps, 1):.0f} %"
    return word


def matches(line: RunLine, wanted: str, standings: Sequence[str]) -> bool:
    """Whether a run has the phrase looked for in its name, id, data set or model, and one of the states."""
    if standings and line.standing not in standings:
        return False
    there = [line.name, line.id]
    if line.spec:
        there += [made_words(line.spec), line.spec.task]
    phrase = " ".join(wanted.split()).casefold()
    return any(phrase in text.casefold() for text in there)
