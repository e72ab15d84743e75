"""What to do with a flagged row: keep its label, give it another, leave it out; or take many suggestions at once."""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from lib.analysis.label_issues import ORDER_TITLES, SUREST, IssueOrder
from lib.charts.colours import label_colours
from lib.charts.probabilities import probabilities
from lib.data.reviews import Review, Status
from lib.ui.charts import current_theme, show_chart
from lib.ui.evaluate_data import INPUT, Evaluation, scores_at
from lib.ui.frame import guarded_callback
from lib.ui.label_check_data import LabelCheck
from lib.ui.numbers import ago, count
from lib.ui.pictures import picture_path, show_picture
from lib.ui.review_row import show_text
from lib.ui.reviewer import decide
from lib.ui.words import escape_markdown, shorten

# Measured on tweets with planted errors: a quarter taken unread made the labels better, all of them made them worse.
SHARE_ACCEPTED = 4


def decision_words(review: Review | None) -> str:
    """A decision in a few plain words: "joy instead", "kept", "left out"; nothing while there is none."""
    if review is None:
        return ""
    match review.status:
        case "relabel":
            return f"{shorten(str(review.label), 40)} instead"
        case "accepted":
            return "kept"
        case "exclude":
            return "left out"
        case "needs review":
            return "needs review"
    return ""


def show_issue(
    found: Evaluation,
    check: LabelCheck,
    rows: pd.DataFrame,
    place: int,
    subject: str,
    reviews: Mapping[int, Review],
) -> None:
    """The row at that place of the list, its probabilities, and the buttons that decide about it."""
    row = rows.iloc[place]
    number, given, suggested = int(row["row"]), str(row["given"]), str(row["suggested"])
    following = int(rows["row"].iloc[place + 1]) if place + 1 < len(rows) else None
    with st.container(border=True, key="issue-row"):
        read, thought = st.columns([6, 5], gap="large")
        with read:
            for name in check.texts:
                if name in check.pictures:
                    path = picture_path(found.run.spec.data.dataset, str(row[name]))
                    show_picture(path, alt=f"The picture of this row, labelled {given}")
                else:
                    show_text(row[name], title=shorten(name.removeprefix(INPUT), 60))
            st.markdown(
                f"Labelled **{escape_markdown(shorten(given, 60))}**, probably "
                f"**{escape_markdown(shorten(suggested, 60))}**."
            )
            test = " · a test row: its label changes only where you switch that on below"
            st.caption(
                f"{place + 1:,} of {count(len(rows), 'row')} · row {number + 1:,} of the data · {row['split']} row"
                f"{test if row['split'] == 'test' else ''}"
            )
            _buttons(check, number, given, suggested, subject, reviews.get(number), following)
        with thought:
            labels = check.issues.labels
            chart = probabilities(
                labels,
                scores_at(check.path, int(row["position"])).tolist(),
                gold=given,
                gold_is="given",
                colours=label_colours(labels),
                theme=current_theme(),
                title="What do models that have not seen this row say?",
            )
            show_chart(chart, "issue probabilities", downloads=False)


def _buttons(
    check: LabelCheck,
    number: int,
    given: str,
    suggested: str,
    subject: str,
    review: Review | None,
    following: int | None,
) -> None:
    def act(status: Status, label: str | None = None) -> tuple[str, int, Status, str | None, int | None]:
        return subject, number, status, label, following

    with st.container(horizontal=True, gap="small", key="issue-actions"):
        st.button(
            f"Keep “{escape_markdown(shorten(given, 24))}”",
            icon=":material/check:",
            key="keep label",
            on_click=_decide,
            args=act("accepted"),
        )
        st.button(
            f"Relabel to “{escape_markdown(shorten(suggested, 24))}”",
            icon=":material/swap_horiz:",
            key="relabel",
            on_click=_decide,
            args=act("relabel", suggested),
        )
        with st.popover("Another label", key="another label"):
            others = [label for label in check.issues.labels if label not in (given, suggested)]
            other = st.selectbox(
                "Label", others, format_func=lambda label: shorten(label, 60), key=f"other label {number}"
            )
            st.button(
                "Relabel",
                key="relabel to other",
                disabled=other is None,
                on_click=_decide,
                args=act("relabel", other),
            )
        st.button(
            "Leave the row out",
            icon=":material/block:",
            key="exclude row",
            on_click=_decide,
            args=act("exclude"),
        )
        if review is not None:
            st.button(
                "Undo",
                icon=":material/undo:",
                type="tertiary",
                key="undo decision",
                on_click=_decide,
                args=(subject, number, "unreviewed", None, number),
            )
    if review is not None:
        who = f" by {escape_markdown(shorten(review.author, 40))}" if review.author else ""
        note = f" {escape_markdown(shorten(review.note, 200))}" if review.note else ""
        st.caption(f"Decided: {escape_markdown(decision_words(review))}{who}, {ago(review.time)}.{note}")


@guarded_callback
def _decide(subject: str, number: int, status: Status, label: str | None, following: int | None) -> None:
    decide(subject, [Review(number, status, label)])
    if following is not None:
        st.query_params["issue"] = str(following)


def show_accept(rows: pd.DataFrame, subject: str, reviews: Mapping[int, Review], order: IssueOrder) -> None:
    """Take the first suggestions of the list as they are: how many, of which, and never of test rows."""
    open_rows = rows[(rows["split"] != "test") & ~rows["row"].isin(list(reviews))]
    if open_rows.empty:
        return
    most = len(open_rows)
    with st.container(border=True, key="accept-many"):
        st.markdown("**Take many suggestions at once**")
        order_words = ORDER_TITLES[order].split(":")[0].lower()
        st.caption(
            f"{count(most, 'row')} of training and validation in the list above {'is' if most == 1 else 'are'} not "
            f"decided yet. They are taken in the order of the list ({order_words} first). Read some first: the further "
            "down, the more of them are right as they are, and taking all of them unread can make the labels worse."
        )
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            surest = int((open_rows["doubt"] >= SUREST).sum()) if order == "doubt" else most // SHARE_ACCEPTED
            number = st.number_input(
                "How many", 1, most, max(1, surest), key=f"accept how many of {most} {order}", width=140
            )
            st.button(
                f"Accept the first {count(number, 'suggestion')}",
                icon=":material/done_all:",
                key="accept suggestions",
                on_click=_accept,
                args=(subject, open_rows[["row", "suggested"]].head(int(number))),
            )


@guarded_callback
def _accept(subject: str, rows: pd.DataFrame) -> None:
    decide(
        subject,
        [
            Review(int(row), "relabel", str(label))
            for row, label in zip(rows["row"], rows["suggested"], strict=True)
        ],
    )
    st.query_params.pop("issue", None)
