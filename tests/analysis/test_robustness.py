"""One model on the same rows, unchanged and changed: what is compared, and how sure it is."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from lib.analysis.robustness import rejudged, robustness, same_answers
from lib.charts.robustness import robustness_chart
from lib.tasks.outputs import LabelScores, ManyLabels, Number, TokenLabels

LABELS = LabelScores(("calm", "cross"))


def judged(gold: list[str], predicted: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame({"gold": gold, "predicted": predicted})
    return frame.assign(correct=frame["gold"] == frame["predicted"])


def many(rows: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(0)
    gold = random.choice(["calm", "cross"], size=rows)
    predicted = np.where(random.random(rows) < 0.9, gold, "calm")
    return judged(gold.tolist(), predicted.tolist())


def test_the_difference_is_that_of_the_two_scores() -> None:
    frame = many()
    other = ["calm"] * 40 + frame["predicted"].tolist()[40:]
    found = robustness("capitals", LABELS, "macro_f1", frame, other)
    assert found is not None and found.interval is not None
    before = f1_score(frame["gold"], frame["predicted"], average="macro")
    after = f1_score(frame["gold"], other, average="macro")
    assert (found.before, found.after) == pytest.approx((before, after))
    assert found.difference == pytest.approx(after - before)
    assert found.interval[0] < after - before < found.interval[1] < 0
    assert not found.is_noise
    assert found.same == np.mean(frame["predicted"].to_numpy() == np.array(other))


def test_answers_that_all_stay_are_no_proof_that_nothing_ever_changes() -> None:
    frame = many(40)
    found = robustness("typos", LABELS, "accuracy", frame, frame["predicted"].tolist())
    assert found is not None and found.interval is not None
    assert found.difference == 0 and found.same == 1
    assert found.interval[0] < 0 < found.interval[1] and found.same_interval[0] < 1


def test_where_the_truth_may_change_only_the_share_of_same_answers_is_told() -> None:
    frame = judged(["calm", "cross", "calm"], ["calm", "cross", "cross"])
    found = robustness(
        "negation", LABELS, "macro_f1", frame, ["cross", "cross", "cross"], keeps_meaning=False
    )
    assert found is not None
    assert (found.difference, found.interval, found.after) == (None, None, None)
    assert found.same == pytest.approx(2 / 3)


def test_no_rows_say_nothing() -> None:
    assert robustness("marks", LABELS, "macro_f1", judged([], []), []) is None


def spans(*places: tuple[int, int, str]) -> str:
    return json.dumps([{"start": a, "end": b, "label": label, "text": "x"} for a, b, label in places])


def test_entities_are_counted_anew_and_compared_by_place_and_label() -> None:
    output = TokenLabels(("PER", "LOC"))
    frame = pd.DataFrame(
        {
            "gold": [spans((0, 3, "PER"), (5, 8, "LOC")), spans()],
            "predicted": [spans((0, 3, "PER"), (5, 8, "LOC")), spans()],
            "tp": [2, 0], "fp": [0, 0], "fn": [0, 0], "words": [4, 3], "words_correct": [4, 3],
        }
    )  # fmt: skip
    other = [spans((0, 3, "LOC")), spans((1, 2, "PER"))]
    again = rejudged(output, frame, other)
    assert again[["tp", "fp", "fn"]].to_numpy().tolist() == [[0, 1, 2], [0, 1, 0]]
    assert same_answers(output, frame["predicted"], again["predicted"]).tolist() == [False, False]
    found = robustness("small", output, "entity_f1", frame, other)
    assert found is not None and (found.before, found.after) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("output", "before", "after", "same"),
    [
        (Number(spread=2.0), [1.0, 2.0], [1.15, 2.3], [True, False]),
        (ManyLabels(("a", "b")), ['["a"]', "[]"], ['["a"]', '["b"]'], [True, False]),
    ],
)
def test_the_same_answer_is_what_a_person_would_call_so(output, before, after, same) -> None:
    assert same_answers(output, pd.Series(before), pd.Series(after)).tolist() == same


def test_a_number_is_compared_in_its_unit() -> None:
    random = np.random.default_rng(1)
    gold = random.normal(50, 10, size=120)
    frame = pd.DataFrame({"gold": gold, "predicted": gold + random.normal(0, 2, size=120)})
    found = robustness("marks", Number(spread=10.0), "mae", frame, (frame["predicted"] + 6).tolist())
    assert found is not None and found.difference is not None
    after = (frame["predicted"] + 6 - gold).abs().mean()
    assert found.difference == pytest.approx(after - (frame["predicted"] - gold).abs().mean())


def test_the_chart_names_what_harms_most_and_greys_what_may_be_noise() -> None:
    frame = many()
    harmed = robustness(
        "capitals", LABELS, "macro_f1", frame, ["calm"] * 100 + frame["predicted"].tolist()[100:]
    )
    spared = robustness("typos", LABELS, "macro_f1", frame, frame["predicted"].tolist())
    assert harmed is not None and spared is not None
    titles = {"capitals": "ALL <b>CAPITALS", "typos": "Typing mistakes"}
    chart = robustness_chart([spared, harmed], titles, "macro_f1", rows=200, split="test")
    assert "What harms the model most: ALL &lt;b&gt;CAPITALS" in chart.figure.layout.title.text
    assert list(chart.data["change"]) == ["ALL <b>CAPITALS", "Typing mistakes"]
    (marks,) = chart.figure.data
    assert marks.marker.color[0] != marks.marker.color[1]
    assert "within noise" in chart.alt
    calm = robustness_chart([spared], titles, "macro_f1", rows=200, split="test")
    assert "beyond noise" in calm.figure.layout.title.text
