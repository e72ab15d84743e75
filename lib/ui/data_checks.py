"""The Checks view of the Data page: what is wrong with the rows, which they are, and one click for each way out."""

import pandas as pd
import streamlit as st

from lib.data.checks import Finding, Fix
from lib.data.split import SPLITS
from lib.data.store import StoredDataset, open_dataset
from lib.errors import Problem, UserError
from lib.plan.checking import Checking, checking_of
from lib.plan.fixing import save_fixed
from lib.ui import hand as hands
from lib.ui.downloads import csv_bytes
from lib.ui.frame import guarded, guarded_callback, redraw_page
from lib.ui.numbers import count, duration
from lib.ui.pictures import PICTURE_ROW, thumbnails_in
from lib.ui.problems import show_problems
from lib.ui.reviewer import reviewer
from lib.ui.words import escape_markdown

MOST_ROWS = 200
_CANCELLED = "_checks cancelled"
_SECONDS_BETWEEN_LOOKS = 1.0
_ICONS = {"error": ":material/error:", "warning": ":material/troubleshoot:"}
# Problems that are said without checking, and better by the checks once these are done.
CHECKED = frozenset(
    [
        "duplicate-text",
        "conflicting-labels",
        "leak",
        "small-test",
        "labels-rare",
        "label-single",
        "labels-case",
        "labels-missing",
        "texts-missing",
        "tags-invalid",
        "tags-missing",
        "pictures-two-labels",
        "pictures-missing",
    ]
)


def checked(stored: StoredDataset) -> list[Finding] | None:
    """What the checks found; worked out on the spot for small data sets, None while a large one is not checked."""
    checking = checking_of(stored)
    if checking is None:
        return None
    found = checking.findings()
    if found is None and checking.small:
        with st.spinner("Checking the rows"):
            found = checking.run_here()
    return found


def show_checks_words(found: list[Finding] | None) -> None:
    """One line about the findings, and the way to them, for beside the summary of a data set."""
    if found is None:
        said = "Check the rows"
    elif found:
        said = f"The checks found {count(len(found), 'thing')}"
    else:
        st.caption(":material/check: The checks found nothing.")
        return
    st.button(
        said,
        icon=":material/troubleshoot:",
        type="tertiary",
        key="open checks",
        on_click=_open,
        help="Copies on both sides of the split, conflicting labels, columns that give the label away and "
        "more: each with "
        "its rows and a click that puts it right.",
    )


@guarded_callback
def _open() -> None:
    st.session_state["view"] = "Checks"


def show_checks(stored: StoredDataset | None) -> None:
    """The findings of a stored data set, or how far their search is."""
    if stored is None:
        st.caption(
            "Save the data set, and this shows copies on both sides of the split, conflicting labels, "
            "columns that give "
            "the label away and more, each with its rows and a click that puts it right in a new version."
        )
        return
    checking = checking_of(stored)
    if checking is None:
        st.caption("Once the columns are chosen, this shows what is wrong with the rows.")
        return
    found = checked(stored)
    if found is None:
        _wait(checking)
        return
    if not found:
        st.markdown(f"**Nothing found** in {count(stored.rows, 'row')}. {_looked_for()}")
        return
    st.caption(
        f"In {count(stored.rows, 'row')}, worst first. A fix makes a new version; this one stays, and so do its runs."
    )
    for number, finding in enumerate(found):
        _show(stored, finding, number)


def _looked_for() -> str:
    return (
        "Looked for were copies within and across the parts of the split, conflicting and rare labels, "
        "columns and words "
        "that give the label away, what is missing, broken or too long, and whether the test set is large enough."
    )


def _show(stored: StoredDataset, finding: Finding, number: int) -> None:
    key = f"check-{number}-{finding.check}"
    with st.container(border=True, key=key):
        st.markdown(f"{_ICONS[finding.severity]} **{escape_markdown(finding.what)}**")
        st.caption(escape_markdown(f"{finding.why} {finding.advice}".strip()))
        if finding.fixes:
            with st.container(horizontal=True, key=f"{key}-fixes"):
                for place, fix in enumerate(finding.fixes):
                    st.button(
                        escape_markdown(fix.title),
                        type="secondary" if place == 0 else "tertiary",
                        icon=":material/healing:" if place == 0 else None,
                        help=escape_markdown(fix.explanation),
                        key=f"fix {stored.ref} {number} {fix.name}",
                        on_click=_fix,
                        args=(stored.ref, finding.check, number, fix.name),
                    )
        if len(finding.rows):
            opened = st.expander(
                f"Which rows: {count(len(finding.rows))}",
                icon=":material/table_rows:",
                key=f"{key}-rows",
                on_change="rerun",
            )
            if opened.open:
                with opened:
                    _rows(stored, finding, key)


def _rows(stored: StoredDataset, finding: Finding, key: str) -> None:
    frame = finding_rows(stored, finding, MOST_ROWS)
    pictures = _pictures(stored)
    shown = frame.assign(**{name: thumbnails_in(stored.files, frame[name]) for name in pictures})
    if len(finding.rows) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS:,} of {count(len(finding.rows), 'row')}.")
    st.dataframe(
        shown,
        hide_index=True,
        height=min(36 * len(shown) + 40, 360),
        row_height=PICTURE_ROW if pictures else None,
        column_config={
            "Row": st.column_config.NumberColumn(width="small", format="localized"),
            "Group": st.column_config.NumberColumn(width="small", help="Rows of one group belong together."),
            **{name: st.column_config.ImageColumn(width="small") for name in pictures},
            **{
                name: st.column_config.TextColumn(width="large")
                for name in stored.text_columns
                if name not in pictures
            },
        },
        key=f"{key}-table",
        alt=f"{count(len(shown), 'row')} of the finding: {finding.what}",
    )
    st.download_button(
        "All of them (CSV)",
        lambda: csv_bytes(finding_rows(stored, finding, None)),
        f"{finding.check}.csv",
        "text/csv",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=f"{key}-csv",
    )


def finding_rows(stored: StoredDataset, finding: Finding, most: int | None) -> pd.DataFrame:
    """Rows of a finding, with number from 1, group, part and cells: the chosen columns, or all when `most` is None."""
    rows = finding.rows[:most]
    chosen = [name for name in stored.columns.values() if name in stored.column_names]
    label = stored.label_column
    ordered = sorted(dict.fromkeys(chosen), key=lambda name: name != label)
    cells = stored.take(rows.tolist(), ordered if most else None)
    about: dict[str, object] = {"Row": rows + 1}
    if finding.groups is not None:
        about["Group"] = finding.groups[:most] + 1
    if len(finding.parts):
        about["Part"] = [SPLITS[code] if code >= 0 else "not used" for code in finding.parts[:most]]
    return pd.concat([pd.DataFrame(about), cells.reset_index(drop=True)], axis=1)


def _pictures(stored: StoredDataset) -> list[str]:
    return [stored.columns["image"]] if stored.files is not None and "image" in stored.columns else []


@guarded_callback
def _fix(ref: str, check: str, number: int, name: str) -> None:
    """Make the new version; what the page showed is looked up again, as the browser may send anything."""
    stored = open_dataset(ref)
    checking = checking_of(stored)
    found = checking.findings() if checking else None
    fixes: tuple[Fix, ...] = ()
    if found and 0 <= number < len(found) and found[number].check == check:
        fixes = tuple(fix for fix in found[number].fixes if fix.name == name)
    if not fixes:
        what = "This finding is not there any more."
        raise UserError(Problem(what, "checks", "Look at the list again.", code="finding-gone"))
    made = save_fixed(stored, fixes[0], author=reviewer())
    hands.take(data=made.ref)
    redraw_page()
    st.toast(f"Saved as {escape_markdown(made.ref)}", icon=":material/check:")


@st.fragment(run_every=_SECONDS_BETWEEN_LOOKS)
@guarded
def _wait(checking: Checking) -> None:
    """How far the check is, and a way out; when it is done, the page is drawn anew."""
    cancelled: set[str] = st.session_state.setdefault(_CANCELLED, set())
    standing = checking.standing()
    if standing.name == "done":
        st.rerun()
    if standing.name == "failed":
        show_problems(standing.problems)
        st.button(
            "Check again", icon=":material/refresh:", on_click=_start, args=(checking,), key="check again"
        )
        return
    if standing.name == "none" and checking.key in cancelled:
        st.caption("The rows are not checked.")
        st.button(
            "Check the rows",
            icon=":material/troubleshoot:",
            on_click=_start,
            args=(checking,),
            key="check rows",
        )
        return
    if standing.name == "none":
        checking.start()
        standing = checking.standing()
    spent = f" · {duration(standing.seconds)}" if standing.seconds >= 1 else ""
    st.progress(min(1.0, standing.share), f"Looking for {escape_markdown(standing.looks_for)}{spent}")
    st.button("Stop checking", type="tertiary", on_click=_cancel, args=(checking,), key="stop checking")


@guarded_callback
def _start(checking: Checking) -> None:
    st.session_state.setdefault(_CANCELLED, set()).discard(checking.key)
    checking.cancel()
    checking.start()


@guarded_callback
def _cancel(checking: Checking) -> None:
    st.session_state.setdefault(_CANCELLED, set()).add(checking.key)
    checking.cancel()
