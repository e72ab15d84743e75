"""Multi-label classification: how labels are read, what is checked, tuned, decoded, judged and scored."""

import contextlib
import io
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, log_loss

from lib.analysis.judged import score_intervals
from lib.data.label_cells import as_choice, columns_named, labels_in, separator_of
from lib.models.sources import find_model
from lib.plan.columns import choose_columns
from lib.plan.planner import plan_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks.brief import Brief
from lib.tasks.label_sets import membership, positive_weights, sigmoid
from lib.tasks.multi_label_classification import MultiLabelClassification

TASK = MultiLabelClassification()
COLUMNS = {"text": "text", "labels": "labels"}
LEARNED = {"majority": 0.25}
QUICK_OPTIONS = {"epochs": 5, "learning_rate": 3e-4}


def frame(labels: Sequence[str | None], texts: Sequence[str | None] | None = None) -> pd.DataFrame:
    said = texts or [f"a text with words {number}" for number in range(len(labels))]
    return pd.DataFrame(
        {"text": pd.Series(list(said), dtype="str"), "labels": pd.Series(list(labels), dtype="str")}
    )


def brief(labels: list[str], **target: object) -> Brief:
    counts = dict.fromkeys(labels, 1)
    return Brief(COLUMNS, {"labels": labels, "counts": counts, "rows": 10, "separator": ";"} | target, 64)


CELLS = [
    ("semicolons", ["a; b", "c", None], ";", [["a", "b"], ["c"], []]),
    ("bars", ["a|b, c", "d"], "|", [["a", "b, c"], ["d"]]),
    ("line breaks", ["a\nb", "b"], "\n", [["a", "b"], ["b"]]),
    ("commas", ["a, b", "b, c", "c", "a"], ",", [["a", "b"], ["b", "c"], ["c"], ["a"]]),
    ("slashes", ["a/b", "b/c", "c", "a"], "/", [["a", "b"], ["b", "c"], ["c"], ["a"]]),
    ("a comma inside of labels", ["London, UK", "Paris, FR"], "", [["London, UK"], ["Paris, FR"]]),
    ("a list as JSON", ['["a, b", "c"]', "[]"], "list", [["a, b", "c"], []]),
    ("a list as Python writes it", ["['a; b', 'c']", "['c']"], "list", [["a; b", "c"], ["c"]]),
    ("a list of numbers", ["[1, 2]", "[2]"], "list", [["1", "2"], ["2"]]),
    ("twice the same", ["a; a;;", "b"], ";", [["a"], ["b"]]),
    ("one label a cell", ["a", "b", "a"], "", [["a"], ["b"], ["a"]]),
]


@pytest.mark.parametrize(("cells", "separator", "sets"), [c[1:] for c in CELLS], ids=[c[0] for c in CELLS])
def test_the_way_several_labels_are_written_is_recognised_over_the_column(
    cells: list[str | None], separator: str, sets: list[list[str]]
) -> None:
    assert separator_of(cells) == separator
    assert [labels_in(cell, separator) for cell in cells] == sets


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a, x", "b"]])
def test_a_choice_of_several_columns_survives_being_written_down(names: list[str]) -> None:
    assert columns_named(as_choice(names), ["a", "b", "a, x"]) == names


def test_a_choice_with_a_column_that_is_not_there_names_none() -> None:
    assert columns_named("a, z", ["a", "b"]) == []
    assert columns_named("a, b", ["a, b", "a", "b"]) == ["a, b"]


BAD_ROWS = [
    ("no label at all", frame([None] * 50), "labels-all-missing", "error"),
    ("no text at all", frame(["a; b"] * 50, [None] * 50), "texts-all-missing", "error"),
    ("always the same", frame(["a"] * 50), "one-label", "error"),
    ("some rows without labels", frame(["a; b", "b", None, "a"] * 25), "rows-without-labels", "warning"),
    ("a rare label", frame(["a; b", "b", "a"] * 20 + ["a; c"] * 3), "labels-rare", "warning"),
    ("a label of one row", frame(["a; b", "b", "a"] * 20 + ["a; c"]), "label-single", "warning"),
    ("labels that differ in case", frame(["a; b", "A", "b"] * 20), "labels-case", "warning"),
    ("free text", frame([f"word{n} and more; {n}" for n in range(100)]), "too-many-labels", "error"),
    ("few rows", frame(["a; b", "b"] * 8), "few-rows", "warning"),
]


@pytest.mark.parametrize(
    ("rows", "code", "severity"), [r[1:] for r in BAD_ROWS], ids=[r[0] for r in BAD_ROWS]
)
def test_rows_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(rows, COLUMNS)}
    assert found[code].severity == severity and found[code].fix


def test_a_row_without_labels_is_one_to_which_none_applies() -> None:
    rows = frame(["a; b", None, "b", ""], ["one", "two", None, "four"])
    assert TASK.usable_rows(rows, COLUMNS).tolist() == [True, True, False, True]
    [said] = [p.what for p in TASK.check(frame(["a; b", "b", None, "a"] * 25), COLUMNS)]
    assert said.startswith("25 of 100 rows have no label")


def test_a_written_out_empty_list_needs_no_warning() -> None:
    assert TASK.check(frame(['["a", "b"]', '["b"]', "[]", '["a"]'] * 25), COLUMNS) == []


FLAGS = pd.DataFrame(
    {
        "text": pd.Series([f"a text with words {n}" for n in range(60)], dtype="str"),
        "toxic": pd.Series(["1", "0", "1"] * 20, dtype="str"),
        "insult": pd.Series(["yes", None, "no"] * 20, dtype="str"),
    }
)


def test_a_column_for_each_label_is_understood_and_guessed() -> None:
    columns, missing = choose_columns(TASK, FLAGS)
    assert (columns, missing) == ({"text": "text", "labels": "toxic, insult"}, [])
    assert TASK.check(FLAGS, columns) == []
    target = TASK.describe_target(FLAGS, columns)
    assert target["labels"] == ["toxic", "insult"] and target["counts"] == {"toxic": 40, "insult": 20}
    rows = {str(name): FLAGS[name].tolist() for name in FLAGS}
    encoded = TASK.encode_target(None, {}, rows, Brief(columns, target))
    assert encoded["labels"][:3] == [[1.0, 1.0], [0.0, 0.0], [1.0, 0.0]]


def test_cells_of_a_label_column_that_say_neither_yes_nor_no_are_named() -> None:
    odd = FLAGS.assign(insult=["maybe", "1", "0"] * 20)
    [problem] = [
        p for p in TASK.check(odd, {"text": "text", "labels": "toxic, insult"}) if p.code == "not-flags"
    ]
    assert problem.where == 'column "insult"' and "20 of 60" in problem.what and '"maybe"' in problem.what


def test_a_run_on_several_label_columns_can_be_planned(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "toxic.csv"
    FLAGS.to_csv(path, index=False)
    data = DataSpec(file=str(path), columns={"text": "text", "labels": "toxic, insult"})
    plan = plan_run(Spec(task=TASK.slug, data=data, model="starter:minilm-l6"))
    assert plan.spec.data.columns["labels"] == "toxic, insult" and sum(plan.rows.values()) == 60


def test_labels_are_learned_from_the_training_rows_in_a_stable_order() -> None:
    target = TASK.describe_target(frame(["zebra; ant", "ant", None]), COLUMNS)
    assert target["labels"] == ["ant", "zebra"]
    assert (target["counts"], target["rows"], target["separator"]) == ({"ant": 2, "zebra": 1}, 3, ";")


def test_probabilities_are_those_of_the_logistic_function_even_for_enormous_logits() -> None:
    logits = np.array([-1e4, -2.0, 0.0, 2.0, 1e4])
    assert sigmoid(logits) == pytest.approx([0, 1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-2)), 1])


def test_a_label_is_given_from_its_own_threshold_on() -> None:
    told = brief(["a", "b"], thresholds=[0.3, 0.9])
    logits = np.log([[0.4 / 0.6, 0.8 / 0.2], [0.2 / 0.8, 0.95 / 0.05]])
    found = TASK.decode(list(logits), {}, {}, told)
    assert found["predicted"].tolist() == ['["a"]', '["b"]']
    assert found["confidence"].tolist() == pytest.approx([0.4 * 0.2, 0.8 * 0.95])
    assert found["margin"].tolist() == pytest.approx([0.1, 0.05])


def test_judging_again_with_tuned_thresholds_decides_anew() -> None:
    rows = frame(["a", "a", "b", "a; b", "a", "a", "b"])
    told = brief(["a", "b"])
    probabilities = np.array(
        [[0.4, 0.1], [0.42, 0.2], [0.1, 0.9], [0.45, 0.8], [0.41, 0.1], [0.44, 0.3], [0.2, 0.6]]
    )
    judged = TASK.judge(
        TASK.decode(list(np.log(probabilities / (1 - probabilities))), {}, {}, told), rows, told
    )
    assert judged["correct"].sum() == 2
    tuned = told.changed(target=TASK.tuned_target(judged, told))
    again = TASK.judge(judged, rows, tuned)
    assert 0.2 < tuned.target["thresholds"][0] < 0.4
    assert again["correct"].all() and again["predicted"].tolist() == again["gold"].tolist()
    assert TASK.output(tuned.target).thresholds == tuple(tuned.target["thresholds"])
    assert again["loss"].tolist() == judged["loss"].tolist()


def random_judged() -> tuple[pd.DataFrame, np.ndarray, np.ndarray, Brief]:
    random = np.random.default_rng(3)
    labels = ["a", "b", "c"]
    truth, scores = random.random((200, 3)) < 0.4, random.random((200, 3))
    gold = ["; ".join(np.array(labels)[row]) or None for row in truth]
    judged = TASK.judge(
        TASK.decode(list(np.log(scores / (1 - scores))), {}, {}, brief(labels)), frame(gold), brief(labels)
    )
    return judged, truth, scores, brief(labels)


def test_loss_and_scores_agree_with_scikit_learn_and_lie_in_their_intervals() -> None:
    judged, truth, scores, told = random_judged()
    by_hand = np.mean([log_loss(truth[:, label], scores[:, label]) for label in range(3)])
    assert judged["loss"].mean() == pytest.approx(by_hand, rel=1e-5)
    found = TASK.score(judged, told)
    given = scores >= 0.5
    assert found["macro_f1"] == pytest.approx(f1_score(truth, given, average="macro"))
    assert found["micro_f1"] == pytest.approx(f1_score(truth, given, average="micro"))
    assert found["accuracy"] == pytest.approx((truth == given).all(axis=1).mean())
    intervals = score_intervals(TASK.output(told.target), judged)
    assert set(intervals) == set(found)
    assert all(low <= found[name] <= high for name, (low, high) in intervals.items())


def test_a_true_label_the_training_rows_never_had_makes_its_row_wrong() -> None:
    told = brief(["a"])
    judged = TASK.judge(TASK.decode([np.array([3.0])], {}, {}, told), frame(["new; a"]), told)
    assert judged["gold"].tolist() == ['["a", "new"]'] and not judged["correct"][0]
    assert TASK.score(judged, told)["recall"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"class_weights": "balanced"}, "weighted"),
        ({"focal_gamma": 2.0}, "focal"),
        ({"label_smoothing": 0.1}, "smoothed"),
    ],
)
def test_the_losses_agree_with_torch_and_with_the_formula(options: dict[str, object], expected: str) -> None:
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    logits, truths = torch.randn(8, 2, generator=torch.manual_seed(0)), torch.tensor([[1.0, 0.0]] * 8)

    class Said:
        def __call__(self, **inputs: object) -> object:
            assert "labels" not in inputs
            return type("Outputs", (), {"logits": logits})

    target = {"labels": ["a", "b"], "counts": {"a": 2, "b": 30}, "rows": 32, "separator": ";"}
    loss, _ = TASK.loss(Said(), {"labels": truths}, Brief(COLUMNS, target, 8, options))
    p = torch.sigmoid(logits)
    right = torch.where(truths == 1, p, 1 - p)
    by_hand = {
        "weighted": cross_entropy(logits, truths, pos_weight=torch.tensor([15.0, 2 / 30])),
        "focal": ((1 - right) ** 2 * -right.log()).mean(),
        "smoothed": cross_entropy(logits, truths * 0.9 + 0.05),
    }[expected]
    assert float(loss) == pytest.approx(float(by_hand), rel=1e-5)


def test_without_options_the_model_takes_its_own_loss() -> None:
    assert TASK.loss(None, {}, brief(["a"])) is None


def test_the_weight_of_a_rare_label_is_held_in_bounds() -> None:
    assert positive_weights(["a", "b", "c"], {"a": 1, "b": 500, "c": 999}, rows=1000) == [20.0, 1.0, 0.05]


def test_baselines_give_the_commonest_set_and_learn_from_words() -> None:
    train = frame(["sun; day"] * 12 + ["rain"] * 10, ["bright and warm"] * 12 + ["wet and grey"] * 10)
    test = frame(["rain", "sun; day"], ["a wet morning", "a warm morning"])
    told = Brief(COLUMNS, TASK.describe_target(train, COLUMNS))
    found = TASK.baselines(train, test, told)
    assert found["majority"]["predicted"].tolist() == ['["day", "sun"]'] * 2
    assert found["tfidf"]["predicted"].tolist() == ['["rain"]', '["day", "sun"]']


def test_texts_without_any_word_fall_back_to_the_shares() -> None:
    train, test = frame(["a", "a", "b"], ["🙂", "🙁", "🙂"]), frame(["a"], ["🙂"])
    told = Brief(COLUMNS, TASK.describe_target(train, COLUMNS))
    assert TASK.baselines(train, test, told)["tfidf"]["predicted"].tolist() == ['["a"]']


def test_labels_in_no_column_are_passed_over() -> None:
    assert membership([["a", "z"], []], ["a", "b"]).tolist() == [[True, False], [False, False]]


def test_thresholds_are_saved_with_the_model_and_the_snippet_uses_them(
    tiny_encoder: Path, tmp_path: Path
) -> None:
    told = brief(["a", "b"], thresholds=[0.0, 1.0])
    model = TASK.load_model(tiny_encoder, told.target)
    TASK.finish(model, told)
    model.save_pretrained(tmp_path)
    TASK.load_processor(tiny_encoder).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["atelier_thresholds"] == {"a": 0.0, "b": 1.0}
    assert config["problem_type"] == "multi_label_classification" and config["id2label"] == {
        "0": "a",
        "1": "b",
    }
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(TASK.usage(str(tmp_path), told), {})
    assert said.getvalue().strip() == "['a']"


def test_a_long_text_is_cut_and_said_to_be() -> None:
    tokenizer = TASK.load_processor(find_model("starter:minilm-l6").folder)
    encoded = TASK.encode(tokenizer, {"text": ["one two three four"]}, brief(["a"]).changed(max_length=5))
    assert (encoded["length"], encoded["truncated"]) == ([5], [True])


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Predictions of a saved folder by transformers alone; test_every_method runs this in a process without Atelier."""
    import json

    from transformers import AutoConfig, pipeline

    thresholds = AutoConfig.from_pretrained(model).atelier_thresholds
    classify = pipeline("text-classification", model=model, top_k=None, device="cpu")
    found = []
    for answers in classify([row["plot"] for row in rows]):
        scores = {answer["label"]: answer["score"] for answer in answers}
        found.append([label for label, threshold in thresholds.items() if scores[label] >= threshold])
    return [json.dumps(labels, ensure_ascii=False) for labels in found]
