"""Keeps data sets on disk: every version is a folder that appears whole and never changes."""

import hashlib
import json
import os
import re
import shutil
import unicodedata
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lib.data.dataset import (
    CHANGES_FILE,
    FILES_FOLDER,
    ORIGINALS_FILE,
    REJECTED_FILE,
    ROW_GROUP,
    ROWS_FILE,
    StoredDataset,
    explained,
    fingerprint,
)
from lib.data.files import keep_files
from lib.data.label_cells import chosen_columns, columns_named
from lib.data.profile import as_arrow, profile_table
from lib.data.split import SplitPlan, assign, split_report
from lib.data.table import Table
from lib.errors import Problem, UserError
from lib.settings import get_settings

__all__ = [
    "StoredDataset",
    "delete",
    "fingerprint",
    "list_datasets",
    "open_dataset",
    "open_rows",
    "rename",
    "save",
    "slug_of",
]

INFO_FILE = "info.json"
_REJECTED_SHOWN = 100


def slug_of(name: str) -> str:
    """A folder's name for a data set's name; names with more than letters, digits and spaces get a suffix."""
    decomposed = unicodedata.normalize("NFKD", name.strip()).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", decomposed).strip("-")
    exact = re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]*", name.strip()) is not None and len(plain) <= 60
    if exact and plain:
        return plain
    suffix = hashlib.sha256(name.strip().encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[:50].strip('-') or 'data'}-{suffix}"


def save(
    table: Table,
    *,
    name: str,
    task: str | None = None,
    columns: dict[str, str] | None = None,
    split: SplitPlan | None = None,
    counts: Mapping[str, int] | None = None,
    parent: str = "",
    changes: pd.DataFrame | None = None,
) -> StoredDataset:
    """Keep a table under a name, with what was chosen for it, and return the stored version.

    `counts` are rows per split when the caller, who knows the task, has counted them; otherwise every row in which
    no chosen column is empty counts.

    `parent` is the version that this one was made from, by `changes` (see `corrections`), which are kept with it.
    Images that the table names are kept with it. The same rows with the same choices return the version that
    exists; anything else becomes the next version. Raises UserError, with nothing kept, when a choice names
    no column or the disk refuses.
    """
    name = re.sub(r"\s+", " ", "".join(char if char.isprintable() else " " for char in name)).strip()
    if not name:
        raise UserError(Problem("The data set has no name.", "name", "Give it a name.", code="no-name"))
    columns = dict(columns or {})
    frame = table.frame
    _check_columns(frame, columns)
    mark = fingerprint(frame)
    folder = get_settings().data / slug_of(name)
    if existing := _same(folder, mark, task, columns, split):
        return existing
    draft = StoredDataset(
        name=name,
        version=0,
        folder=folder,
        fingerprint=mark,
        rows=len(frame),
        column_names=tuple(map(str, frame.columns)),
        source=table.name,
        format=table.format,
        repairs=table.repairs,
        rejected=len(table.rejected),
        rejected_lines=table.rejected[:_REJECTED_SHOWN],
        problems=tuple(problem for problem in table.problems if problem.severity != "error"),
        profile=profile_table(frame),
        task=task,
        columns=columns,
        split=split,
        parent=parent,
    )
    if counts is not None:
        draft = replace(draft, counts=dict(counts))
    elif split is not None:
        whole = frame[frame[chosen_columns(columns, map(str, frame.columns))].notna().all(axis=1)]
        parts = assign(whole, split, label=draft.label_column, text=draft.text_columns)
        draft = replace(draft, counts=split_report(parts).counts)
    with explained(f"saving “{name}”"):
        folder.mkdir(parents=True, exist_ok=True)
        _clean(folder)
        work = folder / f".tmp-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        try:
            work.mkdir(parents=True)
            _write_rows(frame, work / ROWS_FILE)
            if changes is not None:
                changes.to_parquet(work / CHANGES_FILE, index=False)
            if table.files is not None:
                keep_files(table.files, work / FILES_FOLDER)
            if len(table.rejected) > _REJECTED_SHOWN:
                lines = pd.DataFrame([line.to_json() for line in table.rejected])
                lines.to_parquet(work / REJECTED_FILE, index=False)
            if table.originals is not None:
                table.originals.to_parquet(work / ORIGINALS_FILE, index=False)
            return _publish(draft, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
            with suppress(OSError):  # only goes when nothing was ever kept under this name
                folder.rmdir()


def _publish(draft: StoredDataset, work: Path) -> StoredDataset:
    """Rename the finished folder to the next free version. Whoever comes second tries the next number."""
    while True:
        # First the number: whoever publishes the same rows in between takes it, and the renaming below fails.
        version = max(_numbers(draft.folder), default=0) + 1
        existing = _same(draft.folder, draft.fingerprint, draft.task, draft.columns, draft.split)
        if existing:
            return existing
        final = draft.folder / f"v{version}"
        stored = replace(draft, version=version, folder=final, created=datetime.now(UTC).isoformat())
        _write_json(work / INFO_FILE, stored.to_json())
        try:
            work.rename(final)
        except OSError:
            if final.exists():
                continue
            raise
        return stored


def list_datasets() -> list[StoredDataset]:
    """All versions of all data sets, newest first. Damaged ones are listed with an error as a problem."""
    root = get_settings().data
    found = [_load(folder) for folder in _version_folders(root)]
    return sorted(found, key=lambda stored: (stored.created, stored.version), reverse=True)


def open_dataset(ref: str) -> StoredDataset:
    """The data set NAME (its newest version) or NAME@VERSION. Raises UserError naming what there is."""
    folder, version = _find(ref)
    return _load(folder / f"v{version or max(_present(folder))}")


def open_rows(ref: str, mark: str | None) -> StoredDataset:
    """The data set that a run named `ref` when its rows had the fingerprint `mark`, even if it was renamed since.

    Raises UserError when no stored data set has those rows any more.
    """
    try:
        stored = open_dataset(ref)
    except UserError:
        if mark is None:
            raise
        stored = None
    if stored is not None and (mark is None or stored.fingerprint == mark):
        return stored
    for other in list_datasets():
        if other.fingerprint == mark:
            return other
    raise UserError(
        Problem(
            f"The rows of “{ref}” that this run was planned with are not stored any more.",
            where="data",
            fix="Add the file again, or start a new run on other data.",
            code="data-gone",
        )
    )


def delete(ref: str) -> None:
    """Remove one version (NAME@VERSION) or all versions (NAME). Their numbers are not used again."""
    root, version = _find(ref)
    with explained(f"deleting “{ref}”"):
        for number in [version] if version else _present(root):
            # A run may still say NAME@2: that must never come to mean other rows.
            (root / f"v{number}.deleted").touch()
            grave = root / f".tmp-{os.getpid()}-{uuid.uuid4().hex[:8]}"
            (root / f"v{number}").rename(grave)
            shutil.rmtree(grave, ignore_errors=True)


def _find(ref: str) -> tuple[Path, int | None]:
    """The folder of a data set, and the version if the reference names one. Raises UserError if it is not there."""
    ref = ref.strip()
    name, mark, tail = ref.rpartition("@")
    numbered = bool(name and mark and re.fullmatch(r"[vV]?\d{1,9}", tail))
    root = get_settings().data
    if numbered and int(tail.lstrip("vV")) in _present(root / slug_of(name)):
        return root / slug_of(name), int(tail.lstrip("vV"))
    if ref and _present(root / slug_of(ref)):  # a name may itself end in @2
        return root / slug_of(ref), None
    existing = [stored.ref for stored in list_datasets()]
    shown = ", ".join(existing[:20]) + (" …" if len(existing) > 20 else "")
    problem = Problem(
        f"There is no data set “{ref}”.",
        where="dataset",
        fix=f"There are: {shown}." if existing else "None is stored yet: add one on the Data page.",
        code="no-dataset",
    )
    raise UserError(problem)


def rename(ref: str, new_name: str) -> StoredDataset:
    """Give a data set, with all its versions, another name. Raises UserError when that name is taken."""
    stored = open_dataset(ref)
    new_name = " ".join(new_name.split())
    if not new_name:
        raise UserError(Problem("The data set has no name.", "name", "Give it a name.", code="no-name"))
    old, new = stored.folder.parent, get_settings().data / slug_of(new_name)
    with explained(f"renaming “{ref}”"):
        if old != new:
            if new.exists():
                fix = "Choose another name, or delete that data set first."
                raise UserError(Problem(f"“{new_name}” exists already.", "name", fix, code="name-taken"))
            old.rename(new)
        for folder in _version_folders(new.parent):
            if folder.parent == new and (version := _load(folder)).usable:
                _write_json(folder / INFO_FILE, {**version.to_json(), "name": new_name})
    return _load(new / stored.folder.name)


def _check_columns(frame: pd.DataFrame, columns: dict[str, str]) -> None:
    have = ", ".join(map(str, frame.columns))
    found = [
        Problem(
            f"There is no column “{column}”.", where=role, fix=f"The columns are {have}.", code="no-column"
        )
        for role, column in columns.items()
        if not columns_named(column, map(str, frame.columns))
    ]
    if found:
        raise UserError(*found)


def _write_rows(frame: pd.DataFrame, path: Path) -> None:
    """Write row group by row group, so that the rows are not all there a second time."""
    schema = pa.schema([(str(name), pa.large_string()) for name in frame.columns])
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for start in range(0, max(len(frame), 1), ROW_GROUP):
            part = frame.iloc[start : start + ROW_GROUP]
            columns = [as_arrow(part[name]) for name in frame.columns]
            file.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=ROW_GROUP)


def _write_json(path: Path, value: dict[str, Any]) -> None:
    work = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        work.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def _version_folders(root: Path) -> list[Path]:
    return [folder for folder in root.glob("*/v*") if re.fullmatch(r"v\d+", folder.name) and folder.is_dir()]


def _present(folder: Path) -> list[int]:
    """The numbers of the versions that can be opened, in order."""
    return sorted(int(path.name[1:]) for path in _version_folders(folder.parent) if path.parent == folder)


def _numbers(folder: Path) -> list[int]:
    """The version numbers in use, those of deleted versions included."""
    names = (re.fullmatch(r"v(\d+)(\.deleted)?", path.name) for path in folder.glob("v*"))
    return [int(match[1]) for match in names if match]


def _same(
    folder: Path, mark: str, task: str | None, columns: dict[str, str], split: SplitPlan | None
) -> StoredDataset | None:
    """The version of this folder with the same rows and the same choices, if there is one."""
    for number in sorted(_numbers(folder), reverse=True):
        path = folder / f"v{number}"
        if path.is_dir():
            stored = _load(path)
            if stored.usable and (stored.fingerprint, stored.task, stored.columns, stored.split) == (
                mark,
                task,
                columns,
                split,
            ):
                return stored
    return None


def _load(folder: Path) -> StoredDataset:
    """What info.json says, or a data set whose problem says why it cannot be used."""
    version = int(folder.name[1:])
    try:
        value = json.loads((folder / INFO_FILE).read_text(encoding="utf-8"))
        stored = StoredDataset.from_json(value, folder)
        if (folder / ROWS_FILE).is_file() and (stored.files or not stored.format.get("images")):
            return replace(stored, version=version)
        gone = f"images of {stored.ref} are gone ({FILES_FOLDER}" if stored.rows_path.is_file() else (
            f"rows of {stored.ref} are gone ({ROWS_FILE}")  # fmt: skip
        what = f"The {gone} is missing)."
        name = stored.name
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UserError) as error:
        what = f"The description of this data set cannot be read ({type(error).__name__} in {INFO_FILE})."
        name = folder.parent.name
    fix = "Delete this version and add the file again."
    return StoredDataset(
        name=name, version=version, folder=folder, problems=(Problem(what, str(folder), fix, code="damaged"),)
    )


def _clean(folder: Path) -> None:
    """Remove what savers left behind that are no longer running."""
    for path in folder.glob(".tmp-*"):
        owner = path.name.split("-")[1]
        if owner.isdigit() and int(owner) != os.getpid() and not _alive(int(owner)):
            shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
