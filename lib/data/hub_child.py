"""Asks the Hub about a data set, or writes some of its rows into files, in a process of its own (`python -m`).

Reads one JSON object from stdin and writes JSON lines to stdout: {"done", "total"} as rows come, the answer last.
"""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

# Kinds of files that are data; the others of the `datasets` library need more packages, or run what they read.
_READ = frozenset({"parquet", "csv", "json", "text", "arrow", "imagefolder", "conll"})
# Rows are spread over the data set, as many are sorted by label; so far the reading goes for each row taken.
_MOST_PASSED = 20
_CHUNK = 500
_OUT_OF_REACH = (
    "ConnectError",
    "ConnectTimeout",
    "ReadTimeout",
    "OfflineModeIsEnabled",
    "LocalEntryNotFoundError",
)


def main() -> None:
    """Answer the request on stdin."""
    request = json.load(sys.stdin)
    try:
        answer = _describe(request) if request["do"] == "describe" else _take(request)
    except _errors() as error:
        answer = {"error": _explained(error, request["name"])}
    _tell(answer)


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _errors() -> tuple[type[BaseException], ...]:
    from datasets.exceptions import DatasetsError
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError
    from pyarrow import ArrowException

    return (DatasetsError, HTTPError, HfHubHTTPError, ArrowException, OSError, ValueError, KeyError, TypeError,
            RuntimeError, NotImplementedError, ImportError)  # fmt: skip


def _explained(error: BaseException, name: str) -> dict[str, str]:
    """What went wrong, by what it means for the person."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if "script" in text and ("no longer supported" in text or "loading script" in text):
        return {"what": f"“{name}” is made by a program, which Atelier does not run.",
                "fix": "Look for a copy of it in Parquet files.", "code": "hub-script"}  # fmt: skip
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if "Gated" in kind or (status in (401, 403) and "NotFound" not in kind):
        return {"what": f"“{name}” may not be read without access.",
                "fix": "Accept its terms on the Hub and set HF_TOKEN, or check its name.",
                "code": "hub-access"}  # fmt: skip
    if "NotFound" in kind or "doesn't exist" in text or status == 404:
        return {"what": f"There is no data set “{name}” on the Hub, or not in that form.",
                "fix": "Check its name as its page writes it.", "code": "hub-name"}  # fmt: skip
    if kind in _OUT_OF_REACH or isinstance(error, ConnectionError):
        return {"what": "The Hub cannot be reached.", "fix": "Check the network and HF_ENDPOINT, or bring a file.",
                "code": "hub-unreachable"}  # fmt: skip
    return {"what": f"“{name}” could not be read: {text[:300]}.", "fix": "Download a file of it and bring that.",
            "code": "hub-data"}  # fmt: skip


def _builder(request: dict[str, Any], config: str | None) -> Any:
    from datasets import load_dataset_builder

    builder = load_dataset_builder(request["name"], config, revision=request.get("revision"))
    kind = type(builder).__module__.rpartition(".")[2]
    if kind not in _READ:
        raise ValueError(f"its files are of the kind “{kind}”, which is not read here")
    return builder


def _describe(request: dict[str, Any]) -> dict[str, Any]:
    """The commit, and the splits of each configuration with their rows where the data set says so."""
    from datasets import get_dataset_config_names, get_dataset_split_names
    from huggingface_hub import HfApi

    name, revision = request["name"], request.get("revision")
    sha = HfApi().dataset_info(name, revision=revision).sha
    request = {**request, "revision": sha}
    configs: dict[str, dict[str, int | None]] = {}
    for config in get_dataset_config_names(name, revision=sha)[:200]:
        splits = _builder(request, config).info.splits if not configs else None
        if splits:
            configs[config] = {split: about.num_examples or None for split, about in splits.items()}
        else:
            configs[config] = dict.fromkeys(map(str, get_dataset_split_names(name, config, revision=sha)))
    return {"sha": sha, "configs": configs}


def _take(request: dict[str, Any]) -> dict[str, Any]:
    """Write at most `rows` rows of each split to a Parquet file in `folder`; says how many, and every how manieth."""
    builder = _builder(request, request.get("config"))
    folder, wanted = Path(request["folder"]), request["rows"]
    taken: dict[str, dict[str, Any]] = {}
    totals = {split: request.get("totals", {}).get(split) for split in request["splits"]}
    expected = sum(min(total or wanted, wanted) for total in totals.values())
    done = 0
    for split, total in totals.items():
        stream = builder.as_streaming_dataset(split=split)
        step = max(1, min(total // wanted, _MOST_PASSED)) if total else 1
        rows = islice(_plain_rows(stream), 0, wanted * step, step)
        count = _write(rows, stream, folder / f"{split}.parquet", done, expected)
        done += count
        taken[split] = {"rows": count, "step": step}
    return {"taken": taken}


def _plain_rows(stream: Any) -> Iterator[dict[str, Any]]:
    """The rows with pictures as bytes, not decoded."""
    from datasets import Image
    from datasets.utils.file_utils import xopen

    pictures = [name for name, feature in (stream.features or {}).items() if isinstance(feature, Image)]
    for name in pictures:
        stream = stream.cast_column(name, Image(decode=False))
    for row in stream:
        for name in pictures:
            value = row[name]
            if (
                isinstance(value, dict)
                and value.get("bytes") is None
                and str(value.get("path")).startswith("hf://")
            ):
                with xopen(value["path"], "rb") as file:
                    row[name] = {"bytes": file.read(), "path": Path(value["path"]).name}
        yield row


def _write(rows: Iterator[dict[str, Any]], stream: Any, path: Path, done: int, total: int) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = stream.features.arrow_schema if stream.features else None
    writer, count = None, 0
    try:
        while chunk := list(islice(rows, _CHUNK)):
            table = pa.Table.from_pylist(chunk, schema=schema)
            schema = schema or table.schema
            writer = writer or pq.ParquetWriter(path, schema)
            writer.write_table(table)
            count += len(chunk)
            _tell({"done": done + count, "total": total})
    finally:
        if writer is not None:
            writer.close()
    return count


if __name__ == "__main__":
    main()
