"""Flattens what annotation tools export (Label Studio, Prodigy, spaCy) into rows: a text, its spans, its label."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from lib.data.account import plural

# What Prodigy keeps beside the text for itself.
_PRODIGY_OWN = frozenset(
    ["_input_hash", "_task_hash", "_session_id", "_view_id", "_timestamp", "_annotator_id", "_is_binary", "tokens",
     "answer", "options", "accept", "config", "path", "version", "priority", "score"]
)  # fmt: skip


class NotARowError(Exception):
    """Something that a tool wrote and that is no row to learn from; the message is a full sentence."""


def holds_annotated(value: Any) -> bool:
    """Whether a value is a list of spaCy's pairs of a text and its annotations."""
    return isinstance(value, list) and bool(value) and sum(map(_is_pair, value)) * 2 > len(value)


class AnnotationTools:
    """Turns objects into rows, and counts which tool's they were and what was left out."""

    def __init__(self) -> None:
        self._tools: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()

    def row(self, value: Any) -> Mapping[str, Any] | None:
        """The row in a value; None when it is no object of any kind. Raises NotARowError."""
        if _is_pair(value):
            self._tools["spaCy"] += 1
            return _spacy_row(value)
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("data"), dict) and isinstance(
            value.get("annotations", value.get("completions")), list
        ):
            self._tools["Label Studio"] += 1
            return self._label_studio_row(value)
        if isinstance(value.get("text"), str) and ("_input_hash" in value or "_task_hash" in value):
            self._tools["Prodigy"] += 1
            return _prodigy_row(value)
        return value

    def said(self) -> list[str]:
        """Which tools' exports these were, and what of them was not taken."""
        said = [f"{plural(count, 'task')} of {tool} became rows." for tool, count in self._tools.items()]
        return [*said, *(f"{note}: {count:,}." for note, count in self._notes.items())]

    def _label_studio_row(self, task: dict[str, Any]) -> dict[str, Any]:
        found = [
            one
            for one in task.get("annotations") or task.get("completions") or ()
            if isinstance(one, dict) and not one.get("was_cancelled") and isinstance(one.get("result"), list)
        ]
        if not found:
            raise NotARowError("It has no annotation.")
        if len(found) > 1:
            self._notes["Annotations left out because the first of the same task counts"] += len(found) - 1
        row: dict[str, Any] = dict(task["data"])
        spans: list[dict[str, Any]] = []
        has_spans = False
        for result in found[0]["result"]:
            value = result.get("value") if isinstance(result, dict) else None
            if not isinstance(value, dict):
                continue
            name = str(result.get("from_name") or "label")
            labels = value.get("labels") or value.get("hypertextlabels")
            if "start" in value and "end" in value and isinstance(labels, list):
                has_spans = True
                spans += [{"start": value["start"], "end": value["end"], "label": label} for label in labels]
            elif isinstance(value.get("choices"), list):
                chosen = value["choices"]
                row[_free(row, name)] = chosen[0] if len(chosen) == 1 else chosen
            elif isinstance(value.get("text"), list) and "start" not in value:
                row[_free(row, name)] = "\n".join(map(str, value["text"]))
            elif isinstance(value.get("rating", value.get("number")), int | float):
                row[_free(row, name)] = value.get("rating", value.get("number"))
            elif result.get("type") != "relation":
                self._notes[f"Marks of the kind “{result.get('type')}” left out"] += 1
        if has_spans or not found[0]["result"]:
            row[_free(row, "spans")] = spans
        return row


def _free(row: Mapping[str, Any], name: str) -> str:
    while name in row:
        name += "_"
    return name


def _prodigy_row(task: dict[str, Any]) -> dict[str, Any]:
    if task.get("answer") in ("reject", "ignore"):
        raise NotARowError(f"It was answered with “{task['answer']}” in Prodigy.")
    row = {key: value for key, value in task.items() if key not in _PRODIGY_OWN and not key.startswith("_")}
    if isinstance(task.get("spans"), list):
        row["spans"] = [
            {key: span[key] for key in ("start", "end", "label") if key in span}
            for span in task["spans"]
            if isinstance(span, dict)
        ]
    if isinstance(accepted := task.get("accept"), list) and "label" not in row:
        row["label"] = accepted[0] if len(accepted) == 1 else accepted
    return row


def _is_pair(value: Any) -> bool:
    """Whether a value is [text, {"entities": […]}] or [text, {"cats": {…}}]."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], dict)
        and (isinstance(value[1].get("entities"), list) or isinstance(value[1].get("cats"), dict))
    )


def _spacy_row(pair: list[Any]) -> dict[str, Any]:
    text, about = pair
    row: dict[str, Any] = {"text": text}
    if isinstance(about.get("entities"), list):
        row["spans"] = about["entities"]
    if isinstance(cats := about.get("cats"), dict):
        chosen = [label for label, value in cats.items() if isinstance(value, int | float) and value >= 0.5]
        row["label"] = chosen[0] if len(chosen) == 1 else chosen
    return row
