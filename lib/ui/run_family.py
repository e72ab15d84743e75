"""Where a run comes from and what was made from it: links both ways, what was changed and what it brought."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
import streamlit as st

from lib.analysis.intervals import Difference, number, paired_bootstrap
from lib.analysis.scores import SCORES, title
from lib.plan.relaunch import Reason, changed_words, reason_of
from lib.ui import hand as hands
from lib.ui.numbers import count
from lib.ui.run_words import look, main_score
from lib.ui.runs_list import RunLine
from lib.ui.words import escape_markdown, shorten


def show_parent(line: RunLine, lines: Sequence[RunLine]) -> None:
    """The run that this one was made from, why, and with which change."""
    if line.spec is None or not line.spec.parent:
        return
    parent = next((other for other in lines if other.id == line.spec.parent), None)
    words = _because(reason_of(line.run), parent)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="run-parent"):
        if parent is None:
            st.caption(
                escape_markdown(f"Made from a run that is no longer here{f' {words}' if words else ''}.")
            )
            return
        open_link(parent, f"Made from {shorten(parent.name, 60)}", icon=":material/arrow_upward:")
        if words:
            st.caption(escape_markdown(f"{words}."))


def show_children(line: RunLine, lines: Sequence[RunLine]) -> None:
    """The runs made from this one: what was changed in each and whether it is better."""
    made = children_of(line.id, lines)
    if not made or line.spec is None:
        return
    st.markdown("**Made from this run**")
    for child in made:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"child {child.id}"):
            open_link(child, shorten(child.name, 60), icon=":material/subdirectory_arrow_right:")
            reason = reason_of(child.run)
            change = f"{_changed(line, reason)}: " if reason else ""
            st.caption(escape_markdown(f"{change}{_outcome(line, child)}"))


def _changed(line: RunLine, reason: Reason) -> str:
    """What was changed: the options, or where none were, what was put right beside them."""
    return changed_words(line.spec, reason.changes) if line.spec and reason.changes else reason.what


def children_of(parent: str, lines: Sequence[RunLine]) -> list[RunLine]:
    """The runs made from a run, in the order of the lines."""
    return [line for line in lines if line.spec is not None and line.spec.parent == parent]


def open_link(line: RunLine, label: str, *, icon: str = ":material/arrow_forward:") -> None:
    """A button, as quiet as a link, that shows a run on this page; a link to the page it stands on would do nothing."""
    if st.button(escape_markdown(label), icon=icon, type="tertiary", key=f"open {line.id} {label}"):
        hands.take(data=line.spec.data.dataset if line.spec else None, run=line.id)
        st.rerun()


def _because(reason: Reason | None, parent: RunLine | None) -> str:
    if reason is None:
        return ""
    head = reason.what.partition(". ")[0].removesuffix(".")
    words = f"because {head[:1].lower()}{head[1:]}" if head else ""
    if parent is not None and parent.spec is not None and reason.changes:
        words += f", with {changed_words(parent.spec, reason.changes)}"
    return words


def _outcome(parent: RunLine, child: RunLine) -> str:
    """What the child came to against its parent, and whether that may be chance."""
    main = main_score(child)
    value = child.score("test", main.name) if main else None
    if main is None or value is None or not child.has_result:
        return look(child.standing).word.lower()
    name, before = title(main.name), parent.score("test", main.name)
    rows = count(child.rows("test"), "test row")
    if before is None or not parent.has_result:
        return f"{name} {number(value)} on {rows}"
    found = difference(parent, child, main.name)
    said = f"{name} {number(value)} against {number(before)} here, on {rows}"
    if found is None:
        return said
    if found.within_noise:
        return f"{said}, within noise"
    better = (found.value > 0) == main.higher_is_better
    return f"{said}, {'better' if better else 'worse'} beyond noise"


def difference(parent: RunLine, child: RunLine, score: str) -> Difference | None:
    """The child's test score minus the parent's with its 95 % interval; None when that cannot be told.

    A paired bootstrap where both say one label for the same rows. Elsewhere the two are taken as independent:
    the half-widths of their intervals add up as squares, which is too wide for the same rows, never too narrow.
    """
    paths = parent.run.predictions_path, child.run.predictions_path
    if score in SCORES and all(path.is_file() for path in paths):
        stamps = tuple(path.stat().st_mtime_ns for path in paths)
        if (found := _paired(paths, stamps, score)) is not None:
            return found
    one, other = parent.score("test", score), child.score("test", score)
    first, second = parent.interval("test", score), child.interval("test", score)
    if one is None or other is None or first is None or second is None:
        return None
    half = (((first[1] - first[0]) / 2) ** 2 + ((second[1] - second[0]) / 2) ** 2) ** 0.5
    return Difference(other - one, other - one - half, other - one + half)


@lru_cache(maxsize=64)
def _paired(paths: tuple[Path, Path], stamps: tuple[int, ...], score: str) -> Difference | None:
    before, after = (_test_rows(path) for path in paths)
    if before is None or after is None or not before["gold"].equals(after["gold"]):
        return None
    return paired_bootstrap(after["gold"], after["predicted"], before["predicted"], score)


def _test_rows(path: Path) -> pd.DataFrame | None:
    """Gold and predicted labels of the test rows by row; None for other shapes of answers."""
    rows = pd.read_parquet(path)
    if "confidence" not in rows or "row_id" not in rows or "margin" not in rows:
        return None
    test = rows[(rows["split"] == "test") & rows["gold"].notna()]
    return test.set_index(["row", "row_id"])[["gold", "predicted"]].sort_index()
