"""The report: one file, nothing to load, nothing to run, and the run's own figures in it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lib.export import find_export
from lib.export.page_parts import lines_chart, page, paragraph, table
from lib.export.report import ReportOptions
from lib.export.source import open_source
from lib.runs.folder import RunFolder
from lib.settings import get_settings
from tests.export.conftest import Finished
from tests.pages.fake_finished_runs import HOSTILE
from tests.pages.fake_finished_runs import finished_run as written_run

HOSTILE_LABELS = ("<script>alert(1)</script>", "joy & <b>", "🙂")


class Tags(HTMLParser):
    """Every tag with its attributes, and whether they close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def written(run: RunFolder, to: Path, examples: int = 10) -> str:
    find_export("report").write(open_source(run), to, ReportOptions(examples), lambda words, share: None)
    return to.read_text(encoding="utf-8")


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path / "home"))
    get_settings.cache_clear()
    return written_run(labels=HOSTILE_LABELS, texts=HOSTILE, rows=400, name="<img src=x onerror=alert(1)>")


def test_it_loads_nothing_runs_nothing_and_escapes_what_users_wrote(
    hostile: RunFolder, tmp_path: Path
) -> None:
    text = written(hostile, tmp_path / "r.html")
    found = Tags(text)
    assert found.open == []
    tags = {tag for tag, _ in found.tags}
    assert not tags & {"script", "iframe", "link", "object", "b"}
    for _, given in found.tags:
        assert not any(name.startswith("on") or name == "href" for name in given)
        assert str(given.get("src") or "data:").startswith("data:")
    assert "url(" not in text and "@import" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_its_scores_are_those_of_the_result(hostile: RunFolder, tmp_path: Path) -> None:
    text = written(hostile, tmp_path / "r.html")
    result = hostile.result() or {}
    value = result["scores"]["test"]["macro_f1"]
    low, high = result["intervals"]["test"]["macro_f1"]
    assert f"{value:.3f} ({low:.3f} to {high:.3f})" in text
    for title in (
        "Data",
        "Label by label",
        "Calibration",
        "Slices",
        "Examples of mistakes",
        "Cost",
        "Repeat it",
    ):
        assert f"<h2>{title}</h2>" in text


def test_no_row_leaves_when_no_example_is_wanted(hostile: RunFolder, tmp_path: Path) -> None:
    assert "HYPERLINK" in written(hostile, tmp_path / "with.html")
    assert "HYPERLINK" not in written(hostile, tmp_path / "without.html", examples=0)


@pytest.mark.parametrize(
    "task",
    [
        "text-classification",
        "image-classification",
        pytest.param("token-classification", marks=pytest.mark.slow),
        pytest.param("summarization", marks=pytest.mark.slow),
        pytest.param("chat", marks=pytest.mark.slow),
    ],
)
def test_every_shape_of_output_has_a_report(finished: Finished, tmp_path: Path, task: str) -> None:
    run = finished(task, "lora") if task == "chat" else finished(task)
    text = written(run, tmp_path / "r.html")
    assert Tags(text).open == []
    assert len(text) < 1_000_000
    assert ("data:image/jpeg" in text) == (task == "image-classification")


def test_pieces_escape_what_they_are_given() -> None:
    text = page("<x>", [paragraph("<y>"), table(["<a>"], [["<b>"]], caption="<c>")])
    text += lines_chart([("<n>", [(0, 1), (1, 2)])], title="<t>", across="<s>", alt='"<q>')
    assert not re.findall(r"<(x|y|a|b|c|n|t|s|q)>", text)
