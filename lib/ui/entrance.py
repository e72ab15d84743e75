"""Ways for a table to come in: files through the browser, a path, the Hub, or an example."""

import streamlit as st

from lib.data.examples import EXAMPLES, Example
from lib.errors import UserError
from lib.settings import get_settings
from lib.tasks import TASKS, find_task
from lib.ui import hand as hands
from lib.ui.bring_hub import show_bring_hub
from lib.ui.bring_path import may_read_paths, show_bring_path
from lib.ui.frame import guarded_callback, hold_back, section
from lib.ui.staging import stage, stage_files
from lib.ui.words import escape_markdown

_TURN = "_uploads so far"
_CARDS = 3


def upload_in_address() -> str | None:
    """The token of the upload that the address points to."""
    return st.query_params.get("upload") or None


def put_upload_away() -> None:
    """Go back to where a table can be brought."""
    st.query_params.pop("upload", None)


def show_entrance(*, first: bool = True) -> None:
    """Ask for a file, or offer the examples; these behind a click unless it is the `first` thing on the page."""
    _uploader()
    _other_ways()
    if first:
        section("Or look round with an example")
        _examples()
    else:
        with st.expander("Or look round with an example", icon=":material/science:"):
            _examples()


def first_example() -> Example:
    """The example that the tour starts with."""
    return EXAMPLES[0]


def stage_example(name: str) -> str:
    """Bring in the example of that name; returns the token of the upload."""
    example = next(example for example in EXAMPLES if example.name == name)
    return stage(example.path.read_bytes(), example.file)


def _uploader() -> None:
    turn = st.session_state.setdefault(_TURN, 0)
    files = st.file_uploader(
        "A table (CSV, Excel, JSON, Parquet, CoNLL …) or an archive of images",
        key=f"upload {turn}",
        max_upload_size=get_settings().max_upload_mb,
        accept_multiple_files=True,
        help="Exports of Label Studio, Prodigy, doccano and Rasa are read too, and archives as zip, tar or tar.gz.",
    )
    st.caption(
        "It stays on this machine. Format, encoding, delimiter and header are recognised, and you are told what "
        "was repaired. In an archive, the folder of an image is its label. Files called train, validation and test "
        "may come together."
    )
    if not files:
        return
    # A new key makes Streamlit drop the bytes of this upload at once.
    st.session_state[_TURN] = turn + 1
    try:
        with st.spinner("Reading the file"):
            token = stage_files([(file.getvalue(), file.name) for file in files])
        hands.put_away(data=hands.in_hand().data)
        st.query_params["upload"] = token
    except UserError as error:
        hold_back(error.problems)
    st.rerun()


def _other_ways() -> None:
    """What does not come through the browser: a path of this machine, a data set of the Hub."""
    asked = bool(st.query_params.get("hub"))
    with st.expander(
        "Or a data set of the Hugging Face Hub", expanded=asked, icon=":material/cloud_download:"
    ):
        show_bring_hub()
    if may_read_paths():
        with st.expander("Or a path on this machine, for large data", icon=":material/folder_open:"):
            show_bring_path()


def _examples() -> None:
    """One card for each example: what it is, what can be learned from it, and the button that brings it in."""
    order = [task.slug for task in TASKS]
    examples = sorted(EXAMPLES, key=lambda example: order.index(example.task))
    for start in range(0, len(examples), _CARDS):
        for place, example in zip(st.columns(_CARDS), examples[start : start + _CARDS], strict=False):
            with place, st.container(border=True, height="stretch"):
                st.button(
                    escape_markdown(example.title),
                    icon=":material/science:",
                    type="tertiary",
                    key=f"example {example.name}",
                    on_click=_bring_example,
                    args=(example.name,),
                )
                st.caption(
                    f"**{escape_markdown(find_task(example.task).title)}.** {escape_markdown(example.summary)}"
                )


@guarded_callback
def _bring_example(name: str) -> None:
    hands.put_away(data=hands.in_hand().data)
    st.query_params["upload"] = stage_example(name)
