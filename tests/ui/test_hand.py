"""What is in hand lives in the address, in the tab and in the next visit."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lib.settings import get_settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))
    get_settings.cache_clear()
    return tmp_path


def tab(**params: str) -> AppTest:
    def script() -> None:
        import streamlit as st

        from lib.ui.hand import find_hand, put_away, take

        find_hand()
        if "take_data" in st.session_state:
            take(data=st.session_state.pop("take_data"))
        if "put_away_data" in st.session_state:
            put_away(data=st.session_state.pop("put_away_data"))
        st.write("ran")

    app = AppTest.from_function(script)
    for name, value in params.items():
        app.query_params[name] = value
    return app.run()


def address(app: AppTest) -> dict[str, object]:
    return {name: app.query_params[name] for name in app.query_params}


def values(app: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else str(value) for name, value in address(app).items()}


def test_nothing_is_in_hand_on_the_first_visit() -> None:
    assert values(tab()) == {}


def test_the_address_decides() -> None:
    assert values(tab(data="a@1", run="r1")) == {"data": "a@1", "run": "r1"}


def test_the_next_visit_starts_with_what_was_in_hand() -> None:
    tab(data="a@1", run="r1")
    assert values(tab()) == {"data": "a@1", "run": "r1"}


def test_two_tabs_do_not_disturb_each_other() -> None:
    first, second = tab(data="a@1"), tab(data="b@1")
    first.run()
    assert values(first) == {"data": "a@1"}
    assert values(second) == {"data": "b@1"}


def test_another_data_set_puts_the_run_away() -> None:
    app = tab(data="a@1", run="r1")
    app.session_state["take_data"] = "b@1"
    app.run()
    assert values(app) == {"data": "b@1"}


def test_the_same_data_set_keeps_the_run() -> None:
    app = tab(data="a@1", run="r1")
    app.session_state["take_data"] = "a@1"
    app.run()
    assert values(app) == {"data": "a@1", "run": "r1"}


def test_what_was_deleted_is_put_away_and_only_that() -> None:
    app = tab(data="a@1", run="r1")
    app.session_state["put_away_data"] = "b@1"
    app.run()
    assert values(app) == {"data": "a@1", "run": "r1"}
    app.session_state["put_away_data"] = "a@1"
    app.run()
    assert values(app) == {"run": "r1"}
