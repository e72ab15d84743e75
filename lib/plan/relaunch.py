"""A run made again with something changed, linked to the run it was made from and to the reason."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lib.analysis.findings.case import short
from lib.data.store import StoredDataset
from lib.errors import Problem
from lib.methods import find_method
from lib.option import options_of
from lib.plan.planner import plan_run
from lib.runs.files import read_json, write_json
from lib.runs.folder import RunFolder, create_run, list_runs
from lib.runs.options import TrainingOptions
from lib.runs.spec import Spec
from lib.tasks import find_task

_NUMBERED = re.compile(r"(.*) \((\d+)\)")


@dataclass(frozen=True)
class Reason:
    """Why a run was made from another: the problem found there, and what was changed, as `Problem.changes`."""

    what: str
    code: str
    changes: dict[str, Any]


def relaunched(spec: Spec, changes: Mapping[str, Any], *, parent: str) -> Spec:
    """The wish for the same run with the changes ({"options": {…}, "method": {…}}), as a child of the run `parent`.

    A changed method of another name keeps none of the old one's own options.
    """
    method = dict(changes.get("method", {}))
    if method.get("name", spec.method["name"]) == spec.method["name"]:
        method = {**spec.method, **method}
    return spec.changed(
        name=_next_name(spec.name),
        options={**spec.options, **changes.get("options", {})},
        method=method,
        parent=parent,
        created=None,
        versions={},
    )


def relaunch(run: RunFolder, problem: Problem) -> RunFolder:
    """Queue the run again with what the problem says to change. Raises UserError with every problem of the plan.

    A run of the same parent with the same changes that waits or works already is given back instead, so that two
    clicks make one run; the run itself is left alone.
    """
    for other in children(run.id):
        known = reason_of(other)
        if known is not None and known.changes == problem.changes and other.state().is_active:
            return other
    spec = relaunched(run.spec.changed(name=run.name), problem.changes, parent=run.id)
    child = create_run(plan_run(spec).spec)
    write_json(
        child.path / "reason.json",
        {"what": problem.what, "code": problem.code, "changes": problem.changes},
    )
    return child


def relaunch_on(run: RunFolder, stored: StoredDataset, *, corrected: int) -> RunFolder:
    """Queue the run again, with the same options, on another version of its data in which labels were `corrected`.

    A run of the same parent on that version that waits or works already is given back instead, so that two clicks
    make one run. Raises UserError with every problem of the plan.
    """
    for other in children(run.id):
        if other.spec.data.dataset == stored.ref and not other.spec.audit and other.state().is_active:
            return other
    spec = relaunched(run.spec.changed(name=run.name), {}, parent=run.id)
    split = stored.split.to_json() if stored.split else None
    data = replace(spec.data, dataset=stored.ref, split=split, fingerprint=None)
    child = create_run(plan_run(spec.changed(data=data)).spec)
    what = f"{corrected:,} label{'s were' if corrected != 1 else ' was'} put right in {stored.ref}"
    write_json(child.path / "reason.json", {"what": what, "code": "labels-corrected", "changes": {}})
    return child


def children(parent: str) -> list[RunFolder]:
    """The runs made from a run, newest first."""
    return [run for run in list_runs() if (read_json(run.path / "spec.json") or {}).get("parent") == parent]


def reason_of(run: RunFolder) -> Reason | None:
    """Why the run was made from its parent; None when it was not, or nobody said."""
    value = read_json(run.path / "reason.json")
    if not isinstance(value, dict) or not isinstance(value.get("changes"), dict):
        return None
    return Reason(str(value.get("what", "")), str(value.get("code", "")), value["changes"])


def changed_words(spec: Spec, changes: Mapping[str, Any]) -> str:
    """The changes against a spec in words: "learning rate 3e-5 instead of 1.5e-4"."""
    kinds = [TrainingOptions, find_task(spec.task).option_class]
    words = []
    for part, before in (("options", spec.options), ("method", spec.method)):
        wanted = dict(changes.get(part, {}))
        if part == "method":
            name = str(wanted.pop("name", spec.method["name"]))
            kinds = [find_method(name).option_class]
            if name != spec.method["name"]:
                words.append(f"{find_method(name).title} instead of {find_method(spec.method['name']).title}")
                before = {}
        known = options_of(*kinds)
        for key, value in wanted.items():
            title = known[key].metadata["title"].split(",")[0] if key in known else key.replace("_", " ")
            now = f" instead of {_value(before[key])}" if key in before else ""
            words.append(f"{title[0].lower()}{title[1:]} {_value(value)}{now}")
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _value(value: Any) -> str:
    return short(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def _next_name(name: str) -> str:
    found = _NUMBERED.fullmatch(name)
    return f"{found[1]} ({int(found[2]) + 1})" if found else f"{name} (2)" if name else ""
