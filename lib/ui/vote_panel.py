"""A blind vote: answers before and after training side by side, and nobody knows which is which."""

from hashlib import sha256
from typing import Any

import pandas as pd
import streamlit as st

from lib.inference.ask import is_loaded
from lib.runs.ballots import MOST_NAME, Ballots
from lib.tasks.outputs import Continuation
from lib.ui.answer_pairs import pairs_of, without_answers, write_more
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_rows import show_steps
from lib.ui.numbers import count
from lib.ui.output_runs import has_model
from lib.ui.review_row import show_text
from lib.ui.review_selection import forget_row, row_in_address
from lib.ui.vote_result import show_result
from lib.ui.words import escape_markdown

MORE = 10
NAMES = {"tuned": "after training", "untuned": "before training"}
_AUTHOR = "voter"
_NOTHING = "(nothing)"


def serves_vote(found: Evaluation) -> bool:
    """Runs that go on with texts, have a model to ask, and had something to be compared with."""
    trained = (
        "untuned" in found.result.get("baselines", {})
        or (found.run.model_path / "adapter_config.json").is_file()
    )
    return isinstance(found.output, Continuation) and has_model(found.run) and trained


@st.fragment
@guarded
def show_vote(found: Evaluation) -> None:
    """Who votes, the next pair and its four answers, what the votes come to, and more answers to vote on."""
    pairs = pairs_of(found)
    same = pairs[pairs["tuned"].str.strip() == pairs["untuned"].str.strip()]
    differing = pairs.drop(same.index).reset_index(drop=True)
    st.markdown(
        "Which answer is better? Both models answered the same prompt; the sides change at random from row to row, "
        "and you learn which is which only once you have voted."
    )
    st.caption(escape_markdown(settings_words((found.run.brief() or {}).get("options", {}))))
    author = _author()
    votes = pd.DataFrame(
        Ballots(found.run).votes(), columns=["row", "pair", "verdict", "left", "author", "time"]
    )
    if differing.empty:
        st.caption(
            "Both models wrote the same wherever they wrote." if len(pairs) else "Nothing was written yet."
        )
    else:
        _one_pair(found, differing, votes, author)
    if len(same):
        st.caption(
            f"{count(len(same), 'more row')}: both wrote the very same, so there is nothing to choose."
        )
    _more(found, pairs)
    show_result(found, differing, votes)


def settings_words(options: dict[str, Any]) -> str:
    """How both models wrote, as a sentence."""
    temperature, top_p = float(options.get("temperature", 0.0)), float(options.get("top_p", 1.0))
    how = (
        "the likeliest token each time"
        if temperature <= 0
        else f"temperature {temperature:g}" + (f", top-p {top_p:g}" if top_p < 1 else "")
    )
    penalty = float(options.get("repetition_penalty", 1.0))
    parts = [how, f"at most {count(int(options.get('max_new_tokens', 64)), 'token')}", "seed 0"]
    parts += [f"repetition penalty {penalty:g}"] if penalty != 1 else []
    return f"Both write with the run's settings: {', '.join(parts)}."


def left_side(run: str, pair: str, author: str) -> str:
    """Which model stands on the left: as good as random from row to row, the same in every tab of an author."""
    return ("tuned", "untuned")[sha256(f"{run} {pair} {author}".encode()).digest()[0] & 1]


def _author() -> str:
    """The name that votes are kept under, as the address has it."""
    st.session_state[_AUTHOR] = st.query_params.get("voter", "")[:MOST_NAME]

    def take() -> None:
        name = " ".join(st.session_state[_AUTHOR].split())
        if name:
            st.query_params["voter"] = name
        else:
            st.query_params.pop("voter", None)
        forget_row()

    st.text_input(
        "Your name",
        key=_AUTHOR,
        max_chars=MOST_NAME,
        on_change=take,
        placeholder="anonymous",
        width=280,
        help="Stands beside your votes in the run's folder; votes of several people are counted together.",
    )
    return " ".join(st.session_state[_AUTHOR].split()) or "anonymous"


def _one_pair(found: Evaluation, pairs: pd.DataFrame, votes: pd.DataFrame, author: str) -> None:
    mine = votes[votes["author"] == author].drop_duplicates("pair", keep="last").set_index("pair")
    asked = (pairs["row"] == row_in_address()).to_numpy().nonzero()[0]
    waiting = (~pairs["pair"].isin(mine.index)).to_numpy().nonzero()[0]
    place = int(asked[0] if len(asked) else waiting[0] if len(waiting) else 0)
    done = len(pairs) - len(waiting)
    row = pairs.iloc[place]
    said = mine.loc[row["pair"]] if row["pair"] in mine.index else None
    left = str(said["left"]) if said is not None else left_side(found.run.id, str(row["pair"]), author)
    right = "untuned" if left == "tuned" else "tuned"
    with st.container(border=True, key="vote-pair"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            show_steps(pairs, place)
            st.caption(f"You have voted on {done:,} of {count(len(pairs), f'{found.split} row')}.")
        show_text(row["prompt"], title=_prompt_title(found))
        for column, name, side in zip(
            st.columns(2, gap="medium"), ("Left", "Right"), (left, right), strict=True
        ):
            with column, st.container(border=True, key=f"vote-{name.lower()}"):
                told = f"{name}: {NAMES[side]}" if said is not None else name
                show_text(str(row[side]) or _NOTHING, title=told)
        _buttons(found, row, left, right, author, said)


def _prompt_title(found: Evaluation) -> str:
    columns = (found.run.brief() or {}).get("columns", {})
    alone = "text" in columns and "prompt" not in columns
    return "The text whose beginning both went on from" if alone else "Prompt"


def _buttons(
    found: Evaluation,
    row: "pd.Series[Any]",
    left: str,
    right: str,
    author: str,
    said: "pd.Series[Any] | None",
) -> None:
    @guarded_callback
    def vote(verdict: str) -> None:
        Ballots(found.run).cast(
            row=int(row["row"]), pair=str(row["pair"]), verdict=verdict, left=left, author=author
        )
        forget_row()

    choices = (
        ("Left is better", left, "arrow_back"),
        ("Right is better", right, "arrow_forward"),
        ("Equal", "equal", "drag_handle"),
        ("Both bad", "both bad", "thumb_down"),
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="vote-buttons"):
        for title, verdict, icon in choices:
            chosen = said is not None and said["verdict"] == verdict
            st.button(
                title,
                icon=f":material/{'check' if chosen else icon}:",
                key=f"vote {title}",
                type="primary" if chosen else "secondary",
                on_click=vote,
                args=(verdict,),
            )
        if said is not None:
            st.button("Next undecided row", type="tertiary", icon=":material/skip_next:", on_click=forget_row)
    if said is not None:
        st.caption("You have voted on this row; another click changes your vote, and both stay in the file.")


def _more(found: Evaluation, pairs: pd.DataFrame) -> None:
    left = without_answers(found, pairs)
    if left.empty:
        return
    wanted = min(MORE, len(left))
    slot = st.empty()
    asked = slot.button(
        f"Write {count(wanted, 'more answer')} with both models",
        icon=":material/edit_note:",
        help=f"{count(len(left), 'row')} of the {found.split} rows have no answers yet. You can leave the page; "
        "what is written by then is kept.",
    )
    if not asked:
        return
    loading = "" if is_loaded(f"run:{found.run.id}") else "; loading the model first"
    bar = slot.progress(0.0, text=f"Writing with both models{loading}")

    def tell(done: int) -> None:
        bar.progress(
            min(1.0, done / wanted), text=f"Both models have written for {done:,} of {wanted:,} rows"
        )

    write_more(found, left.head(wanted), tell)
    st.rerun()
