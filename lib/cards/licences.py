"""Licences as the Hub writes them: its identifiers, and how a stated licence becomes one."""

import re
from typing import Any

# The Hub's identifiers of the licences that models and data sets are usually given, with their names.
LICENCES = {
    "apache-2.0": "Apache 2.0",
    "mit": "MIT",
    "bsd-3-clause": "BSD 3-Clause",
    "cc0-1.0": "CC0 1.0 (public domain)",
    "cc-by-4.0": "CC BY 4.0",
    "cc-by-sa-4.0": "CC BY-SA 4.0",
    "cc-by-nc-4.0": "CC BY-NC 4.0",
    "cc-by-nc-sa-4.0": "CC BY-NC-SA 4.0",
    "cc-by-nc-nd-4.0": "CC BY-NC-ND 4.0",
    "openrail": "OpenRAIL",
    "bigscience-openrail-m": "BigScience OpenRAIL-M",
    "gpl-3.0": "GPL 3.0",
    "lgpl-3.0": "LGPL 3.0",
    "agpl-3.0": "AGPL 3.0",
    "mpl-2.0": "MPL 2.0",
    "odc-by": "ODC-By",
    "odbl": "ODbL",
    "gemma": "Gemma",
    "llama2": "Llama 2",
    "llama3": "Llama 3",
    "llama3.1": "Llama 3.1",
    "llama3.2": "Llama 3.2",
    "llama3.3": "Llama 3.3",
    "unknown": "unknown",
    "other": "another one",
}
# What says that nobody has stated one, or that it is the person's own to choose.
_NONE = ("", "not stated", "your own", "none")


def licence_id(stated: str) -> str:
    """The Hub's identifier of a licence as somebody stated it; "" where none is stated, "other" for one unknown."""
    text = stated.strip().lower()
    if text in _NONE:
        return ""
    if text in LICENCES:
        return text
    compact = re.sub(r"[^a-z0-9]", "", re.sub(r"\b(the|licen[cs]e|version)\b", "", text))
    for known, name in LICENCES.items():
        if compact in (re.sub(r"[^a-z0-9]", "", known), re.sub(r"[^a-z0-9]", "", name.lower())):
            return known
    return "other"


def licence_metadata(stated: str) -> dict[str, Any]:
    """What a card's head says of a licence: `license`, with `license_name` where the Hub has no identifier for it."""
    known = licence_id(stated)
    if known != "other" or stated.strip().lower() == "other":
        return {"license": known} if known else {}
    name = re.sub(r"[^a-z0-9.-]+", "-", stated.strip().lower()).strip("-.")[:60]
    return {"license": "other", **({"license_name": name} if name else {})}
