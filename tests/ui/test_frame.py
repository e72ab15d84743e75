"""The boundary of a page: problems become sentences, faults go to the log, control flow passes through."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)
    get_settings.cache_clear()
    return tmp_path


def problem_page() -> None:
    from lib.errors import Problem, UserError
    from lib.ui.frame import page

    with page("Train", icon=":material/model_training:"):
        raise UserError(
            Problem("The share is **1.2**.", "split.test", "Give a <b>smaller</b> one."),
            Problem("Two labels have one row.", "column label", severity="warning"),
        )


def fault_page() -> None:
    from lib.ui.frame import page

    with page("Train", icon=":material/model_training:"):
        raise ZeroDivisionError("secret detail")


def stopping_page() -> None:
    import streamlit as st

    from lib.ui.frame import page

    with page("Train", icon=":material/model_training:"):
        st.write("before")
        st.stop()


def rerunning_page() -> None:
    import streamlit as st

    from lib.ui.frame import page

    with page("Train", icon=":material/model_training:"):
        st.session_state["runs"] = st.session_state.get("runs", 0) + 1
        if st.session_state["runs"] < 3:
            st.rerun()
        st.write("settled")


def callback_page() -> None:
    import streamlit as st

    from lib.errors import Problem, UserError
    from lib.ui.frame import guarded_callback, page

    @guarded_callback
    def refuse() -> None:
        raise UserError(Problem("That name is taken."))

    with page("Train", icon=":material/model_training:"):
        st.button("Save", on_click=refuse)


def test_every_problem_is_shown_at_once_and_escaped() -> None:
    app = AppTest.from_function(problem_page, default_timeout=30).run()
    assert not app.exception
    assert app.error[0].value == r"**Split:** The share is \*\*1\.2\*\*\. Give a \<b\>smaller\</b\> one\."
    assert "Two labels have one row" in app.warning[0].value


def test_a_fault_is_one_sentence_and_a_reference_into_the_log(home: Path) -> None:
    app = AppTest.from_function(fault_page, default_timeout=30).run()
    assert not app.exception
    (shown,) = app.error
    assert "fault of Atelier" in shown.value
    assert "secret detail" not in shown.value and "Traceback" not in shown.value
    log = (home / "app.log").read_text()
    assert "ZeroDivisionError: secret detail" in log
    reference = log.split()[2]
    assert reference in shown.value
    assert app.button[0].label == "Try again"


@pytest.mark.parametrize("script", [stopping_page, rerunning_page])
def test_control_flow_passes_through(script, home: Path) -> None:  # type: ignore[no-untyped-def]
    app = AppTest.from_function(script, default_timeout=30).run()
    assert not app.exception and not app.error
    assert not (home / "app.log").exists()
    assert app.markdown[-1].value in ("before", "settled")


def test_a_problem_in_a_callback_shows_on_the_page_that_follows() -> None:
    app = AppTest.from_function(callback_page, default_timeout=30).run()
    app.button[0].click().run()
    assert "That name is taken" in app.error[0].value
    app.run()
    assert not app.error


def test_a_log_that_cannot_be_written_does_not_hide_the_fault(home: Path) -> None:
    (home / "app.log").mkdir()
    app = AppTest.from_function(fault_page, default_timeout=30).run()
    assert "fault of Atelier" in app.error[0].value
