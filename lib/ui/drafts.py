"""Unfinished choices on a page, kept on disk so that they survive a page change, a reload and a restart."""

import hashlib
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import streamlit as st

from lib.runs.files import read_json, write_json
from lib.settings import get_settings


def draft_path(page: str, subject: str) -> Path:
    """The file of the draft of a page about a subject (usually a data set reference)."""
    readable = re.sub(r"[^\w.-]+", "-", subject)[:40].strip("-.") or "none"
    digest = hashlib.sha256(subject.encode()).hexdigest()[:10]
    return get_settings().drafts / re.sub(r"\W+", "-", page.lower()) / f"{readable}-{digest}.json"


def read_draft(page: str, subject: str) -> dict[str, Any]:
    """What was kept, or nothing: a missing or damaged file is an empty draft."""
    values = read_json(draft_path(page, subject))
    return values if isinstance(values, dict) else {}


def write_draft(page: str, subject: str, values: dict[str, Any]) -> None:
    """Replace the draft on disk in one step. Values must be plain JSON data."""
    path = draft_path(page, subject)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, values)


def forget_draft(page: str, subject: str) -> None:
    """Delete the draft, in this session and on disk."""
    st.session_state.pop(_memory(page, subject), None)
    prefix = _prefix(page, subject)
    for key in [key for key in st.session_state if str(key).startswith(prefix)]:
        del st.session_state[key]
    draft_path(page, subject).unlink(missing_ok=True)


def _memory(page: str, subject: str) -> str:
    return f"_draft of {page} about {subject}"


def _prefix(page: str, subject: str) -> str:
    return f"draft {page} {subject} "


class Draft:
    """The unfinished choices of one page about one subject.

    Give every widget `key=draft.key("name", default)`; call `draft.keep()` once at the end of the page
    (or in a fragment). A value from an older version that is no longer among `allowed` falls back to
    the default. The session's own values come before the disk's, so that two tabs do not fight.
    """

    def __init__(self, page: str, subject: str) -> None:
        self.page, self.subject = page, subject
        self._prefix = _prefix(page, subject)
        memory = _memory(page, subject)
        if memory not in st.session_state:
            st.session_state[memory] = read_draft(page, subject)
        self._values: dict[str, Any] = st.session_state[memory]
        self._used: set[str] = set()
        self._changed = False

    def key(
        self,
        name: str,
        default: Any = None,
        *,
        allowed: Collection[Any] | None = None,
        valid: Callable[[Any], bool] | None = None,
    ) -> str:
        """The widget key of a choice, with the kept value (or the default) already put in it."""
        key = self._prefix + name
        kept = st.session_state[key] if key in st.session_state else self._values.get(name, default)
        if not _accepts(kept, allowed, valid):
            kept = default
        if key not in st.session_state or st.session_state[key] != kept:
            st.session_state[key] = kept
        self._used.add(name)
        return key

    def get(self, name: str, default: Any = None) -> Any:
        """The choice as it stands now."""
        key = self._prefix + name
        return st.session_state[key] if key in st.session_state else self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Make a choice for the person; before its widget is drawn, or in a callback."""
        self._used.add(name)
        self._values[name] = value
        self._changed = True
        st.session_state[self._prefix + name] = value

    def keep(self) -> None:
        """Write the choices to disk if one has changed. Choices not on the page now are left as they were."""
        now = {
            name: st.session_state[self._prefix + name]
            for name in self._used
            if self._prefix + name in st.session_state
        }
        changed = any(name not in self._values or self._values[name] != value for name, value in now.items())
        if changed or self._changed:
            self._changed = False
            self._values.update(now)
            write_draft(self.page, self.subject, self._values)

    def forget(self) -> None:
        """Drop every choice."""
        forget_draft(self.page, self.subject)
        self._values = {}


def _accepts(value: Any, allowed: Collection[Any] | None, valid: Callable[[Any], bool] | None) -> bool:
    if allowed is not None:
        chosen = value if isinstance(value, list) else [value]
        if any(item not in allowed for item in chosen):
            return False
    return valid is None or valid(value)
