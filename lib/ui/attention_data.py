"""The attention of a run's model on the example of the Explain page, asked for once and remembered."""

from contextlib import AbstractContextManager

import numpy as np
import streamlit as st

from lib.inference.ask import is_loaded
from lib.inference.attended import Attention, attention_of, head_of
from lib.runs.folder import RunFolder
from lib.ui.explain_example import Example

Cells = tuple[tuple[str, str], ...]


def attention_for(example: Example, stack: str = "") -> Attention:
    """All heads of a stack ("" for the first). Raises UserError with what the host said."""
    with _waiting(example.ref):
        return _asked(example.ref, stamp_of(example.run), cells_of(example), stack)


def head_for(example: Example, found: Attention, layer: int, head: int) -> np.ndarray:
    """One head whole, float32[queries, keys]; layer and head from 0."""
    cells = cells_of(example)
    with _waiting(example.ref):
        return _head(example.ref, stamp_of(example.run), cells, found.stack, found.written, layer, head)


def attention_before(example: Example, found: Attention) -> Attention:
    """The same of the model as it was before training, on the same tokens."""
    with _waiting(""):
        return _before(
            example.ref,
            stamp_of(example.run),
            cells_of(example),
            found.stack,
            found.written,
            example.run.spec.model,
        )


def attention_of_teacher(example: Example, teacher: str, found: Attention) -> Attention:
    """The teacher's attention on the example, and on what the student has written."""
    with _waiting(teacher):
        return _taught(teacher, stamp_of(example.run), cells_of(example), found.stack, found.written)


def head_of_teacher(example: Example, teacher: str, found: Attention, layer: int, head: int) -> np.ndarray:
    """One head of the teacher whole, float32[queries, keys]; layer and head from 0."""
    cells = cells_of(example)
    with _waiting(teacher):
        return _head(teacher, stamp_of(example.run), cells, found.stack, found.written, layer, head)


def _waiting(ref: str) -> AbstractContextManager[None]:
    """A line that says what takes long; nothing is shown where the answer is remembered."""
    loaded = is_loaded(ref)
    return st.spinner(
        "Running the model" if loaded else "Loading the model, which takes a few seconds the first time"
    )


def stamp_of(run: RunFolder) -> tuple[int, ...]:
    """Changes when the model's files do."""
    files = [*sorted(run.model_path.glob("*.safetensors")), run.model_path / "atelier.json"]
    return tuple(path.stat().st_mtime_ns for path in files if path.is_file())


def cells_of(example: Example) -> Cells:
    """The example's input, to be remembered by."""
    return tuple(example.cells.items())


# A model of 144 heads is about 2.5 MB.
@st.cache_data(max_entries=8, ttl=3600, show_spinner=False)
def _asked(ref: str, stamp: tuple[int, ...], cells: Cells, stack: str) -> Attention:
    # What the model wrote for one stack serves the others too.
    written = _asked(ref, stamp, cells, "").written if stack else ()
    return attention_of(ref, dict(cells), stack=stack, written=written or None)


@st.cache_data(max_entries=4, ttl=3600, show_spinner=False)
def _before(
    ref: str, stamp: tuple[int, ...], cells: Cells, stack: str, written: tuple[int, ...], base: str
) -> Attention:
    return attention_of(ref, dict(cells), stack=stack, written=written or None, base=base)


@st.cache_data(max_entries=4, ttl=3600, show_spinner=False)
def _taught(
    teacher: str, stamp: tuple[int, ...], cells: Cells, stack: str, written: tuple[int, ...]
) -> Attention:
    return attention_of(teacher, dict(cells), stack=stack, written=written or None)


# A head of 512 × 512 tokens is 1 MB.
@st.cache_data(max_entries=32, ttl=3600, show_spinner=False)
def _head(
    ref: str,
    stamp: tuple[int, ...],
    cells: Cells,
    stack: str,
    written: tuple[int, ...],
    layer: int,
    head: int,
) -> np.ndarray:
    return head_of(ref, dict(cells), stack=stack, layer=layer, head=head, written=written or None)
