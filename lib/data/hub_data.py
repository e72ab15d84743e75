"""Data sets of the Hub by their names: what there is of one, and its rows as a table, whole or a spread sample."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lib.data.account import plural
from lib.data.parts import joined_parts, split_named
from lib.data.read import read_table
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_REVISION = re.compile(r"[\w-][\w./-]*")
SAMPLE_ROWS = 2_000
_SECONDS = 900


@dataclass(frozen=True)
class HubData:
    """A data set at one commit; `configs` holds for each configuration its splits and their rows (None: not said)."""

    name: str
    sha: str
    configs: dict[str, dict[str, int | None]]


def parse_hub_name(text: str) -> tuple[str, str | None, str | None]:
    """Name, configuration and revision in "org/name:config@revision". Raises UserError for other texts."""
    text = text.strip().removeprefix("hub:")
    if text.startswith(("https://", "http://")):  # the address of its page
        text = text.rstrip("/").rpartition("/datasets/")[2].partition("?")[0]
    body, _, revision = text.partition("@")
    name, _, config = body.partition(":")
    bad = not _NAME.fullmatch(name) or ".." in name or "--" in name or len(name) > 96
    if bad or (revision and (not _REVISION.fullmatch(revision) or ".." in revision)):
        what = f"{text[:120]!r} is not the name of a data set on the Hub."
        fix = "Write it as its page does, such as stanfordnlp/imdb, with :CONFIG or @REVISION behind it if you like."
        raise UserError(Problem(what, "data.hub", fix, code="hub-name"))
    return name, config or None, revision or None


def describe_hub_data(name: str, revision: str | None = None) -> HubData:
    """What there is of a data set. Raises UserError when the Hub or the data set cannot be read."""
    answer = _ask({"do": "describe", "name": name, "revision": revision})
    return HubData(name, answer["sha"], answer["configs"])


def read_hub(ref: str, on_progress: Callable[[int, int], None] = lambda done, total: None) -> Table:
    """All rows of the data set that a spec names, as `parse_hub_name` reads it; its splits become a column `split`."""
    name, config, revision = parse_hub_name(ref)
    about = describe_hub_data(name, revision)
    config = _config(about, config)
    return take_hub(about, config, list(about.configs[config]), rows=None, on_progress=on_progress)


def _config(about: HubData, wanted: str | None) -> str:
    if wanted in about.configs:
        return wanted or ""
    if wanted is None and len(about.configs) == 1:
        return next(iter(about.configs))
    if wanted is None and "default" in about.configs:
        return "default"
    what = f"“{about.name}” has {len(about.configs)} configurations."
    fix = f"Say which: hub: {about.name}:CONFIG. There are {', '.join(list(about.configs)[:20])}."
    raise UserError(Problem(what, "data.hub", fix, code="hub-config"))


def take_hub(
    about: HubData,
    config: str,
    splits: Sequence[str],
    *,
    rows: int | None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Table:
    """The rows of some splits, at most `rows` of each, spread over them; None means all that are accepted.

    What has come once is kept in the cache folder under its commit. Raises UserError.
    """
    totals = {split: about.configs[config].get(split) for split in splits}
    most = get_settings().max_rows
    if rows is None and sum(total or 0 for total in totals.values()) > most:
        what = f"“{about.name}” has more than {most:,} rows."
        fix = "Take a sample of it on the Data page, or raise ATELIER_MAX_ROWS."
        raise UserError(Problem(what, "data.hub", fix, code="too-many-rows"))
    request = {
        "name": about.name,
        "revision": about.sha,
        "config": config,
        "splits": list(splits),
        "rows": rows,
    }
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:24]
    folder = get_settings().cache / "hub-data" / digest
    taken = _kept(folder)
    if taken is None:
        taken = _fetch(
            {**request, "do": "take", "totals": totals, "rows": rows or most + 1}, folder, on_progress
        )
    found = [
        (f"{split}.parquet", read_table(folder / f"{split}.parquet"))
        for split in splits
        if taken[split]["rows"]
    ]
    if not found:
        raise UserError(
            Problem(f"“{about.name}” has no rows.", "data.hub", "Choose another part.", code="no-rows")
        )
    named = all(split_named(file) for file, _ in found)
    if len(found) > 1 and not named:
        what = f"The splits {', '.join(splits)} of “{about.name}” are not called train, validation and test."
        raise UserError(Problem(what, "data.hub", "Choose one of them.", code="split-names"))
    table = joined_parts(found, about.name)
    # What was said of each file, once: which files they were is nobody's concern.
    notes = dict.fromkeys(one for _, part in found for one in part.repairs if one != "Read as Parquet.")
    said = (_said(about, config, taken, totals), *notes)
    return replace(
        table, name=about.name, repairs=said, format={**table.format, "hub": f"{about.name}@{about.sha}"}
    )


def _said(about: HubData, config: str, taken: dict[str, Any], totals: dict[str, int | None]) -> str:
    parts = []
    for split, found in taken.items():
        of = f" of {totals[split]:,}" if totals[split] and totals[split] != found["rows"] else ""
        each = f", every {found['step']}th" if found["step"] > 1 else ""
        first = ", the first" if of and not each else ""
        parts.append(f"{split}: {plural(found['rows'], 'row')}{of}{each}{first}")
    place = f" ({config})" if config != "default" else ""
    return f"Read from the Hub: {about.name}{place} at commit {about.sha[:8]}; {'; '.join(parts)}."


def _kept(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((folder / "taken.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _fetch(request: dict[str, Any], folder: Path, on_progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Bring the rows into a folder, which appears whole."""
    work = folder.with_name(f".{folder.name}-{os.getpid()}-{uuid.uuid4().hex[:6]}")
    try:
        work.mkdir(parents=True)
        taken: dict[str, Any] = _ask({**request, "folder": str(work)}, on_progress)["taken"]
        (work / "taken.json").write_text(json.dumps(taken), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    except OSError as error:
        if _kept(folder) is None:  # unless another process was quicker
            what = f"The rows of “{request['name']}” could not be kept: {error.strerror or error}."
            fix = "Free some space, or set ATELIER_HOME to another folder."
            raise UserError(Problem(what, str(folder.parent), fix, code="cannot-write")) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return taken


def _ask(
    request: dict[str, Any], on_progress: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """The answer of a child process, which is ended when this one loses interest. Raises UserError."""
    environment = {
        **os.environ,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }
    answer: dict[str, Any] = {}
    # An empty folder to work in: a name must never come to mean a folder of this machine.
    with tempfile.TemporaryDirectory() as empty, subprocess.Popen(
        [sys.executable, "-m", "lib.data.hub_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, cwd=empty, env=environment,
    ) as child:  # fmt: skip
        limit = threading.Timer(_SECONDS, child.kill)
        limit.start()
        try:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.write(json.dumps(request))
            child.stdin.close()
            for line in child.stdout:
                answer = json.loads(line)
                if "done" in answer:
                    on_progress(answer["done"], answer["total"])
        finally:
            limit.cancel()
            child.kill()
    if "error" in answer:
        found = answer["error"]
        raise UserError(Problem(found["what"], "data.hub", found["fix"], code=found["code"]))
    if "taken" not in answer and "sha" not in answer:
        what = f"Reading “{request['name']}” from the Hub ended without an answer."
        raise UserError(Problem(what, "data.hub", "Try again, or bring a file of it.", code="hub-data"))
    return answer
