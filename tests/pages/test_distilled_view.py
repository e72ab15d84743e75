"""A distilled run on the Evaluate and Runs pages: kept, cost, whether the teacher helped, and where the two part."""

from pathlib import Path

import pandas as pd
import pytest
from fake_distilled_runs import control_run, distilled_run
from fake_finished_runs import HOSTILE, finished_run
from sklearn.metrics import f1_score
from streamlit.testing.v1 import AppTest

from lib.runs.folder import RunFolder, list_runs
from lib.runs.state import State
from lib.ui.words import escape_markdown

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _no_queue(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lib.runs.queue.start_queue", lambda: None)


def opened(run: RunFolder, *, page: str = "4_Evaluate.py", **parameters: str) -> AppTest:
    # Links between pages are found only from the entrance.
    app = AppTest.from_file(str(ROOT / "Home.py"), default_timeout=60)
    app.switch_page(f"pages/{page}")
    for name, value in ({"run": run.id} | parameters).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert not (app.error and "fault of Atelier" in app.error[0].value), app.error
    return app


def words(app: AppTest) -> str:
    """All sentences of the page, as they read."""
    said = " ".join([*(item.value for item in app.markdown), *(item.value for item in app.caption)])
    return said.replace("\\", "")


def figures(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if "Teacher" in table.value and "" in table.value)


def parted(app: AppTest) -> pd.DataFrame:
    return next(table.value for table in app.dataframe if {"Teacher", "True"} <= set(table.value))


def test_the_page_says_what_is_kept_at_what_cost_and_that_the_control_is_as_good(home: Path) -> None:
    run = distilled_run(student=0.85)
    control_run(run, right=0.845)
    said = words(opened(run))
    assert "The student keeps" in said and "of the teacher's macro-F1" in said
    assert "is 2.0 times as fast at batch 32 and takes 77 % of the disk" in said
    assert "it is not better than the same student without a teacher" in said and "within noise" in said
    assert "not how lucky this seed was" in said


def test_what_is_kept_is_the_ratio_of_scikit_learns_scores(home: Path) -> None:
    run = distilled_run()
    student = pd.read_parquet(run.predictions_path).query("split == 'test'")
    teacher = pd.read_parquet(run.path / "baseline-teacher.parquet")
    kept = f1_score(student["gold"], student["predicted"], average="macro") / f1_score(
        teacher["gold"], teacher["predicted"], average="macro"
    )
    line = figures(opened(run)).set_index("").loc["Kept of the teacher's"]
    assert line["Teacher"] == "100 %" and line["Student"].startswith(f"{100 * kept:.0f} %")


def test_a_student_that_leads_its_control_clearly_beats_it(home: Path) -> None:
    run = distilled_run(student=0.9)
    control_run(run, right=0.6)
    assert "on these rows it beats the same student without a teacher" in words(opened(run))


def test_a_student_that_its_control_beats_is_called_worse(home: Path) -> None:
    run = distilled_run(student=0.6)
    control_run(run, right=0.9)
    assert "on these rows it is worse than the same student without a teacher" in words(opened(run))


def test_other_seeds_join_and_the_same_seed_counts_once(home: Path) -> None:
    runs = [distilled_run(seed=seed, student=0.84 + seed / 100) for seed in (1, 2, 3, 3)]
    for run in runs:
        control_run(run, right=0.83)
    assert "Over 3 seeds the student is ahead of its control" in words(opened(runs[0]))


def test_times_sizes_and_parameters_stand_side_by_side(home: Path) -> None:
    run = distilled_run()
    control_run(run)
    table = figures(opened(run)).set_index("")
    assert list(table) == ["Teacher", "Student", "Same student, no teacher"]
    assert table.loc["32 rows at once", "Teacher"] == "182 ms (240)"
    assert table.loc["One row at a time", "Student"] == "5.20 ms (8.00)"
    assert table.loc["On disk"].tolist() == ["90.9 MB", "69.6 MB", "69.6 MB"]
    assert table.loc["Parameters", "Student"] == "17.4 M"


def test_without_measured_speed_the_disk_still_stands_against_the_quality(home: Path) -> None:
    app = opened(distilled_run(speed=False))
    assert "32 rows at once" not in figures(app)[""].tolist()
    assert "times as fast" not in words(app)


def test_without_a_control_the_page_says_so_and_offers_it(home: Path) -> None:
    app = opened(distilled_run())
    assert "Whether the teacher helped is not known yet" in words(app)
    assert "without a teacher" not in words(app).split("Whether")[0]
    assert any(button.label == "Train the control" for button in app.button)


@pytest.mark.parametrize(
    ("state", "said", "button"),
    [
        ("queued", "it waits for its turn", "Watch it"),
        ("failed", "failed, so whether the teacher helped is not known", "Train the control"),
        ("stopped", "ended before it had any scores", "Train the control"),
    ],
)
def test_a_control_without_scores_is_told_by_its_state(
    home: Path, state: str, said: str, button: str
) -> None:
    run = distilled_run()
    control_run(run, state=state)
    app = opened(run)
    assert said in words(app)
    assert button in [item.label for item in app.button]


def test_the_control_itself_leads_to_the_comparison(home: Path) -> None:
    run = distilled_run(name="the student")
    app = opened(control_run(run))
    assert "This run is the control of **the student**" in words(app)
    assert any(button.label == "See the comparison" for button in app.button)


def test_a_control_judged_on_other_rows_is_left_out_and_that_is_said(home: Path) -> None:
    run = distilled_run()
    control = control_run(run)
    frame = pd.read_parquet(control.predictions_path)
    frame.assign(row=frame["row"] + 1).to_parquet(control.predictions_path)
    app = opened(run)
    assert "The control is left out: The control was judged on other rows" in words(app)
    assert "Same student, no teacher" not in figures(app)


def test_a_teacher_judged_on_other_rows_is_a_sentence_not_a_fault(home: Path) -> None:
    run = distilled_run()
    path = run.path / "baseline-teacher.parquet"
    pd.read_parquet(path).head(20).to_parquet(path)
    app = opened(run)
    assert any("The teacher was judged on other rows" in item.value for item in app.error)


@pytest.mark.parametrize("kind", ["teacher", "student", "both-wrong"])
def test_the_rows_of_each_kind_are_those_of_the_files(home: Path, kind: str) -> None:
    run = distilled_run()
    student = pd.read_parquet(run.predictions_path).query("split == 'test'").reset_index(drop=True)
    teacher = pd.read_parquet(run.path / "baseline-teacher.parquet")
    wanted = {
        "teacher": teacher["correct"] & ~student["correct"],
        "student": student["correct"] & ~teacher["correct"],
        "both-wrong": ~student["correct"]
        & ~teacher["correct"]
        & (student["predicted"] != teacher["predicted"]),
    }[kind]
    rows = parted(opened(run, parted=kind))
    assert sorted(rows["input: text"]) == sorted(student["input: text"][wanted])
    assert len(rows) == int(wanted.sum()) > 0


def test_an_unknown_kind_in_the_address_shows_the_first(home: Path) -> None:
    run = distilled_run()
    assert len(parted(opened(run, parted="nonsense"))) == len(parted(opened(run, parted="teacher")))


def test_what_people_wrote_is_never_markup(home: Path) -> None:
    run = distilled_run(labels=HOSTILE, texts=HOSTILE, name=HOSTILE[1])
    control_run(run)
    app = opened(run)
    # Raw only where the whole of it was escaped.
    said = " ".join(item.value for item in [*app.markdown, *app.caption])
    for text in HOSTILE:
        assert text not in said.replace(escape_markdown(text), "")
    assert "<b>moods</b>" not in said


def test_validation_rows_say_that_the_teacher_stands_on_the_test_rows(home: Path) -> None:
    said = words(opened(distilled_run(), split="validation"))
    assert "The teacher is compared on the test rows only." in said


def test_a_run_without_a_teacher_has_no_such_section(home: Path) -> None:
    app = opened(finished_run())
    assert "Beside its teacher" not in [item.value for item in app.subheader]


def test_the_runs_page_says_the_verdict_in_a_sentence(home: Path) -> None:
    run = distilled_run()
    control_run(run)
    said = words(opened(run, page="3_Runs.py"))
    assert "The student keeps" in said and "is 2.0 times as fast at batch 32" in said


def test_a_control_that_waits_is_not_trained_again(home: Path) -> None:
    run = distilled_run()
    control = control_run(run, state="stopped")
    app = opened(run)
    control.write_state(State(state="queued", queued=1.0))
    next(button for button in app.button if button.key == "train the control").click().run()
    assert len(list_runs()) == 2 and not app.exception


def test_a_control_that_cannot_be_planned_is_told_why_and_not_queued(home: Path) -> None:
    run = distilled_run()  # its data set is on no disk
    app = opened(run)
    next(button for button in app.button if button.key == "train the control").click().run()
    assert not app.exception and list_runs() == [run]
    assert any("moods@1" in item.value.replace("\\", "") for item in app.error)
