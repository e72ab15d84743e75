"""A check of labels, with real parts: every row is judged once, by a model that did not learn from it."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.plan.audit import audit_of, unseen_model
from lib.plan.planner import plan_run
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec, read_spec
from lib.runs.state import State
from lib.training.audit import audit_run
from lib.training.progress import Progress
from tests.conftest import example_rows


def planted(folder: Path, *, rows: int = 120, wrong: tuple[int, ...] = (6, 21, 40, 77)) -> Path:
    """Example rows, each text twice but for case, some of them with the other label."""
    lines = []
    for number, (text, label) in enumerate(example_rows(rows)):
        given = {"happy": "cross", "cross": "happy"}[label] if number in wrong else label
        lines += [f"{text},{given}", f"{text.upper()},{given}"]
    path = folder / "moods.csv"
    path.write_text("text,label\n" + "\n".join(lines) + "\n")
    return path


def wish(path: Path, model: Path, **parts: Any) -> Spec:
    options = {"epochs": 6, "batch_size": 8, "learning_rate": 2e-3, "seed": 1}
    return Spec("text-classification", DataSpec(file=str(path)), f"folder:{model}", name="moods", options=options,
                **parts)  # fmt: skip


def begun(spec: Spec) -> RunFolder:
    run = create_run(plan_run(spec).spec)
    run.write_state(State(state="running", queued=1.0, started=time.time(), process_started=time.time()))
    return run


def checked(spec: Spec) -> tuple[RunFolder, pd.DataFrame]:
    run = begun(spec)
    audit_run(run, Progress(run, device="cpu"))
    assert json.loads((run.path / "state.json").read_text())["state"] == "succeeded"
    return run, pd.read_parquet(run.path / "audit.parquet")


@pytest.mark.parametrize("how", ["quick", "thorough"])
def test_every_row_is_judged_once_and_planted_errors_are_found(
    how: str, home: Path, tmp_path: Path, tiny_encoder: Path
) -> None:
    run, table = checked(wish(planted(tmp_path), tiny_encoder, audit={"how": how, "folds": 3}))
    assert table["row"].tolist() == list(range(240))
    assert sorted(table["fold"].unique()) == [0, 1, 2]
    # The same text, in whatever case, is never in two folds.
    assert table.groupby(table["input: text"].str.casefold())["fold"].nunique().max() == 1
    assert np.stack(table["scores"].to_list()).sum(axis=1) == pytest.approx(np.ones(240), abs=1e-4)
    result = run.result() or {}
    assert result["audit"]["rows"] == 240 and result["scores"] == {}
    assert result["rows"] == {
        part: int((table["split"] == part).sum()) for part in ("train", "validation", "test")
    }
    wrong = [place for number in (6, 21, 40, 77) for place in (2 * number, 2 * number + 1)]
    assert table.loc[wrong, "correct"].mean() < 0.5 < table.drop(index=wrong)["correct"].mean()
    assert not (run.path / "audit").exists() and not run.checkpoints_path.exists()


@pytest.mark.parametrize("how", ["quick", "thorough"])
def test_no_model_learns_from_its_own_fold_or_from_test_rows(
    how: str, home: Path, tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []
    if how == "quick":
        from sklearn.linear_model import LogisticRegression

        fit: Any = LogisticRegression.fit
        rows: list[int] = []

        def listening(self: Any, features: Any, given: Any) -> Any:
            rows.append(len(given))
            return fit(self, features, given)

        monkeypatch.setattr(LogisticRegression, "fit", listening)
    else:
        from lib.training import session

        encode: Any = session.encode_rows

        def noting(frame: pd.DataFrame, *more: Any, **how: Any) -> Any:
            seen.append(set(frame["text"].str.casefold()))
            return encode(frame, *more, **how)

        monkeypatch.setattr(session, "encode_rows", noting)
    _, table = checked(wish(planted(tmp_path), tiny_encoder, audit={"how": how, "folds": 3}))
    for number in range(3):
        if how == "quick":
            learned = ((table["fold"] != number) & (table["split"] != "test")).sum()
            assert rows[number] == learned
        else:
            held = set(table.loc[table["fold"] == number, "input: text"].str.casefold())
            tested = set(table.loc[table["split"] == "test", "input: text"].str.casefold())
            assert not seen[number] & (held | tested)


def test_a_stopped_check_keeps_its_folds_and_goes_on_with_the_others(
    home: Path, tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lib.training import audit

    run = begun(wish(planted(tmp_path), tiny_encoder, audit={"how": "thorough", "folds": 3}))
    one: Callable[..., Any] = audit._one_fold
    trained: list[int] = []

    def counted(run: RunFolder, progress: Progress, fold: Any, number: int, count: int) -> Any:
        found = one(run, progress, fold, number, count)
        trained.append(number)
        if number == 1 and len(trained) == 2:
            run.stop_path.touch()
        return found

    monkeypatch.setattr(audit, "_one_fold", counted)
    audit_run(run, Progress(run, device="cpu"))
    assert run.state().state == "stopped" and trained == [0, 1]
    kept = {path.name: path.read_bytes() for path in (run.path / "audit").iterdir()}
    assert sorted(kept) == ["fold-0.npy", "fold-1.npy"]
    run.request_resume()
    audit_run(run, Progress(run, device="cpu"))
    assert run.state().state == "succeeded" and trained == [0, 1, 2]
    table = pd.read_parquet(run.path / "audit.parquet")
    assert len(table) == 240


def test_a_stop_while_rows_are_read_ends_it_at_once(home: Path, tmp_path: Path, tiny_encoder: Path) -> None:
    run = begun(wish(planted(tmp_path), tiny_encoder, audit={"how": "quick", "folds": 3}))
    run.stop_path.touch()
    audit_run(run, Progress(run, device="cpu"))
    assert run.state().state == "stopped" and run.result() is None
    assert threading.active_count() < 50


def test_a_check_begins_with_the_model_before_it_learned(
    home: Path, tmp_path: Path, tiny_encoder: Path
) -> None:
    first = create_run(plan_run(wish(planted(tmp_path), tiny_encoder)).spec)
    second = create_run(first.spec.changed(model=f"run:{first.id}", name="further"))
    for run in (first, second):
        run.write_state(State(state="stopped", queued=1.0))
    assert unseen_model(f"run:{second.id}") == first.spec.model
    planned = plan_run(audit_of(second, how="quick")).spec
    assert planned.model == first.spec.model and planned.parent == second.id
    assert planned.audit == {"how": "quick", "folds": 4, "reader": first.spec.model}
    assert unseen_model("scratch:tiny-encoder") is None


@pytest.mark.parametrize(
    "audit, code",
    [
        ({"how": "slow"}, "audit-how"),
        ({"folds": 1}, "audit-folds"),
        ({"folds": True}, "audit-folds"),
        ({"fold": 4}, "unknown-key"),
    ],
)
def test_a_wrong_wish_is_refused_before_any_row_is_read(
    home: Path, tmp_path: Path, tiny_encoder: Path, audit: dict[str, Any], code: str
) -> None:
    with pytest.raises(UserError) as caught:
        plan_run(wish(planted(tmp_path, rows=30), tiny_encoder, audit=audit))
    assert code in {problem.code for problem in caught.value.problems}


def test_a_task_without_one_label_a_row_has_nothing_to_check(
    home: Path, csv_file: Path, tiny_encoder: Path
) -> None:
    spec = Spec("fill-mask", DataSpec(file=str(csv_file)), f"folder:{tiny_encoder}", audit={})
    with pytest.raises(UserError, match="no labels to check"):
        plan_run(spec.changed(audit={"how": "quick"}))


def test_a_spec_says_in_yaml_what_it_checks(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        "task: text-classification\ndata: {dataset: moods}\nmodel: starter:minilm-l6\naudit: {folds: 5}\n"
    )
    spec = read_spec(path)
    assert spec.audit == {"folds": 5} and "folds: 5" in spec.to_yaml()
    path.write_text(path.read_text().replace("{folds: 5}", "5"))
    with pytest.raises(UserError, match="`audit` must be a mapping"):
        read_spec(path)
