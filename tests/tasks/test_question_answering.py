"""Question answering: where answers stand, how contexts are windowed, how logits become answers, and what is scored."""

import contextlib
import io
import json
import re
import string
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.analysis.judged import score_intervals
from lib.data.split import SplitPlan
from lib.models.sources import find_model
from lib.plan.rows import split_rows
from lib.tasks.answer_places import find_answer, read_truth
from lib.tasks.best_spans import candidate_spans, choose_answers, null_scores
from lib.tasks.brief import Brief
from lib.tasks.predict import predict_rows
from lib.tasks.question_answering import QuestionAnswering, answer_tokens
from lib.tasks.question_windows import question_windows, usual_stride
from tests.models.tiny import tiny_checkpoint

TASK = QuestionAnswering()
COLUMNS = {"question": "question", "context": "context", "answers": "answers"}
STARTS = COLUMNS | {"answer_start": "answer_start"}
ANSWERABLE = {"unanswerable": False}
QUICK_OPTIONS = {"epochs": 3, "batch_size": 8, "learning_rate": 4e-4, "max_length": 128}
LEARNED = {"untuned": 0.2, "overlap": 0.1}
EXAMPLE_WARNINGS = ["few-questions"]


def frame(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    names = ("question", "context", "answers", "answer_start")[: len(rows[0])]
    return pd.DataFrame(
        {
            name: pd.Series(cells, dtype="str")
            for name, cells in zip(names, zip(*rows, strict=True), strict=True)
        }
    )


def many(*odd: tuple[str | None, ...], count: int = 60) -> pd.DataFrame:
    """Good rows about many contexts, and some odd ones."""
    good = [
        (f"Who lives in house {n}?", f"Ann{n} lives in house {n} of the row.", f"Ann{n}", "0")
        for n in range(count)
    ]
    return frame(*good, *odd)


@pytest.fixture(scope="module")
def tokenizer():
    return TASK.load_processor(find_model("starter:minilm-l6").folder)


# where an answer stands

TEXT = "  Ada met Bob.\nada met Eve in New\n York."
PLACES = [
    ("where it is said to be", "Bob", 10, (10, 13, False)),
    ("without a start: the first place", "met", None, (6, 9, False)),
    ("with a start: the nearest place", "met", 20, (19, 22, True)),
    ("a start before the white space", "Ada", 0, (2, 5, False)),
    ("a start behind the white space of the answer", " Bob", 10, (10, 13, False)),
    ("a start at the white space of the answer", " Bob ", 9, (10, 13, False)),
    ("one letter off", "Bob", 11, (10, 13, True)),
    ("beyond the end", "Eve", 900, (23, 26, True)),
    ("the same letters before other case", "ada", None, (15, 18, False)),
    ("another case when nothing else is there", "BOB", None, (10, 13, False)),
    ("other white space", "new york", None, (30, 39, False)),
    ("nowhere", "Carl", 3, None),
    ("signs are no pattern", "B.b", None, None),
]


@pytest.mark.parametrize(
    ("text", "start", "expected"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_an_answer_is_found_in_its_context(text: str, start: int | None, expected: object) -> None:
    assert find_answer(TEXT, text, start) == expected


CELLS = [
    ("plain text", "Bob", None, (("Bob",), (10, 13))),
    ("plain text with a start", "met", "19", (("met",), (19, 22))),
    ("SQuAD's object", '{"text": ["Bob", "Ada"], "answer_start": [10, 2]}', None, (("Bob", "Ada"), (10, 13))),
    ("a list of objects", '[{"text": "Eve", "start": 23}]', None, (("Eve",), (23, 26))),
    ("the first that is there", '[{"text": "Carl", "start": 1}, {"text": "Eve", "start": 23}]', None,
     (("Carl", "Eve"), (23, 26))),
    ("no answer as an empty list", "[]", None, ((), None)),
    ("no answer as an empty cell", None, None, ((), None)),
    ("none of them is there", "Carl", None, (("Carl",), None)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "start", "expected"), [row[1:] for row in CELLS], ids=[row[0] for row in CELLS]
)
def test_cells_hold_answers_in_many_forms(cell: str | None, start: str | None, expected: object) -> None:
    truth = read_truth(TEXT, cell, start)
    assert (truth.answers, truth.place) == expected


# checks and the split

BAD_ROWS = [
    ("no answer anywhere", frame(*[("Who?", f"Text {n}", None) for n in range(30)]), "no-answers", "error"),
    ("answers of other texts", frame(*[("Who?", f"Text {n}", "Eve") for n in range(30)]), "answers-all-lost", "error"),
    ("one answer that is not there", many(("Who?", "Only Ann is here.", "Bob", None)), "answers-lost", "warning"),
    ("a wrong start", many(("Who?", "Here is Ann.", "Ann", "2")), "answers-moved", "warning"),
    ("an empty cell", many(("Who?", "Nobody is here.", None, None)), "answers-missing", "warning"),
    ("a missing context", many(("Who?", None, "Ann", None)), "texts-missing", "warning"),
    ("few questions", many(), "few-questions", "warning"),
    ("few contexts", many(count=10), "few-contexts", "warning"),
    ("one context", frame(*[("Who?", "Ann is here.", "Ann")] * 30), "one-context", "error"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "code", "severity"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS]
)
def test_rows_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {
        problem.code: problem for problem in TASK.check(rows, STARTS if "answer_start" in rows else COLUMNS)
    }
    assert found[code].severity == severity and found[code].where.startswith("column") and found[code].fix


def test_five_thousand_good_questions_raise_no_problem() -> None:
    assert TASK.check(many(count=5_000), STARTS) == []


def test_starts_that_are_off_by_white_space_are_repaired_without_a_word() -> None:
    assert {p.code for p in TASK.check(many(("Who?", "Here  is Ann.", "Ann", "8")), STARTS)} == {
        "few-questions"
    }


def test_rows_whose_answer_is_not_in_the_context_are_left_out_and_those_without_an_answer_stay() -> None:
    rows = frame(("Who?", "Ann is here.", "Ann"), ("Who?", "Ann is here.", "Bob"), ("Who?", "Ann is here.", "[]"),
                 ("Who?", None, "[]"))  # fmt: skip
    assert TASK.usable_rows(rows, COLUMNS).tolist() == [True, False, True, False]


@pytest.mark.parametrize("plan", [SplitPlan(), SplitPlan(group="context")], ids=["by itself", "by group"])
def test_questions_about_one_context_never_cross_the_split(plan: SplitPlan) -> None:
    rows = pd.concat(
        [many().assign(question=[f"{ask} {n}" for ask in many()["question"]]) for n in range(3)],
        ignore_index=True,
    )
    parts = split_rows(rows, TASK, STARTS, plan)
    assert set(parts) == {"train", "validation", "test"}
    assert (parts.groupby(rows["context"]).nunique() == 1).all()


def test_whether_there_is_no_answer_is_learned_from_the_training_rows() -> None:
    assert TASK.describe_target(many(), STARTS) == {"unanswerable": False}
    assert TASK.describe_target(many(("Who?", "Nobody.", "[]", None)), STARTS) == {"unanswerable": True}


# windows

ENCODERS = ("BERT", "RoBERTa", "DeBERTa-v3", "ALBERT", "ELECTRA", "ModernBERT")
LONG = "the tea was wonderful on a bright morning and our train was late again, café naïve 🙂 " * 6


@pytest.fixture(scope="module", params=ENCODERS)
def checkpoint(request, tmp_path_factory) -> Path:
    return tiny_checkpoint(request.param, tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.parametrize("max_length", [48, 96, 128])
def test_windows_are_those_of_transformers_itself(checkpoint: Path, max_length: int) -> None:
    tokenizer = TASK.load_processor(checkpoint)
    questions, contexts = ["our train?", "what is calm"], [LONG, "this song is calm"]
    stride = usual_stride(128, max_length)
    ours = question_windows(tokenizer, questions, contexts, max_length=max_length, stride=stride)
    theirs = tokenizer(questions, contexts, truncation="only_second", max_length=max_length, stride=stride,
                       return_overflowing_tokens=True, return_offsets_mapping=True)  # fmt: skip
    assert ours["row"] == theirs["overflow_to_sample_mapping"]
    for name in tokenizer.model_input_names:
        if name in theirs:
            assert ours[name] == theirs[name]
    for number, offsets in enumerate(theirs["offset_mapping"]):
        places = [place for place, one in enumerate(theirs.sequence_ids(number)) if one == 1]
        first, count, begin = (ours[name][number] for name in ("_first", "_count", "_from"))
        assert places == list(range(first, first + count))
        characters = zip(ours["_starts"][number], ours["_ends"][number], strict=True)
        assert [offsets[place] for place in places] == list(characters)[begin : begin + count]


def test_every_answer_of_a_long_context_is_in_a_window_and_reads_the_same(checkpoint: Path) -> None:
    tokenizer = TASK.load_processor(checkpoint)
    words = [match.span() for match in re.finditer(r"\w+ \w+", LONG)]
    cells = [json.dumps([{"text": LONG[start:end], "start": start}]) for start, end in words]
    rows = {"question": ["which words?"] * len(words), "context": [LONG] * len(words), "answers": cells}
    features = TASK.encode_training(tokenizer, rows, Brief(COLUMNS, ANSWERABLE, 64))
    assert max(features["length"]) <= 64
    seen = set()
    for number, (row, start, end) in enumerate(
        zip(features["row"], features["start_positions"], features["end_positions"], strict=True)
    ):
        if start:
            shift = features["_from"][number] - features["_first"][number]
            first, last = features["_starts"][number][start + shift], features["_ends"][number][end + shift]
            assert LONG[first:last].strip() == LONG[slice(*words[row])]
            seen.add(row)
    assert seen == set(range(len(words)))


def test_a_window_without_the_answer_points_at_the_first_token(tokenizer) -> None:
    rows = {"question": ["Where?"], "context": ["far " * 100 + "in Rome"], "answers": ["Rome"]}
    features = TASK.encode_training(tokenizer, rows, Brief(COLUMNS, ANSWERABLE, 48))
    ends = list(zip(features["start_positions"], features["end_positions"], strict=True))
    assert len(ends) > 2 and set(ends[:-1]) == {(0, 0)} and ends[-1] != (0, 0)


def test_a_question_whose_answer_no_window_holds_whole_teaches_nothing(tokenizer) -> None:
    long = " ".join(f"word{n}" for n in range(60))
    rows = {"question": ["What?", "Who?"], "context": [long, "Ann is here."], "answers": [long[:300], "Ann"]}
    features = TASK.encode_training(tokenizer, rows, Brief(COLUMNS, ANSWERABLE, 32))
    assert set(features["row"]) == {1}


@pytest.mark.parametrize(("question", "cut"), [("Who? " * 60, True), ("Who?", False)])
def test_a_long_question_is_cut_to_half_a_window_and_counted(tokenizer, question: str, cut: bool) -> None:
    features = TASK.encode(
        tokenizer, {"question": [question], "context": ["a b c " * 40]}, Brief(COLUMNS, {}, 64)
    )
    assert set(features["truncated"]) == {cut} and max(features["length"]) <= 64
    assert min(features["_count"][:-1]) >= 30
    assert sum(features["_count"]) >= 120


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_never_moves_the_places(tokenizer, side: str) -> None:
    features = TASK.encode_training(
        tokenizer, {"question": ["Who?"] * 2, "context": ["Ann is here.", "Ann is " + "far " * 20],
                    "answers": ["Ann", "Ann"]}, Brief(COLUMNS, ANSWERABLE, 64)
    )  # fmt: skip
    names = ("input_ids", "attention_mask", "token_type_ids", "start_positions", "end_positions")
    before, tokenizer.padding_side = tokenizer.padding_side, side
    batch = TASK.collator(tokenizer, Brief(COLUMNS, {}), training=True)(
        [{name: features[name][row] for name in names} for row in range(2)]
    )
    tokenizer.padding_side = before
    assert batch["input_ids"].shape[1] % 8 == 0
    for row in range(2):
        place = int(batch["start_positions"][row])
        assert tokenizer.decode(batch["input_ids"][row, place : place + 1]) == "ann"


# from logits to answers

CONTEXT = "Ann met Bob in Rome"


def scored(spans: dict[tuple[int, int], float], *, null: float = 0.0, windows: int = 1) -> tuple[list, dict]:
    """Logits that give (first word, last word) its score, in as many equal windows; 2 tokens stand before."""
    starts, ends = np.array([m.span() for m in re.finditer(r"\w+", CONTEXT)]).T
    logits = np.full((2, 8), -50.0, dtype=np.float32)
    logits[:, 0] = null / 2
    for (first, last), score in spans.items():
        logits[0, first + 2], logits[1, last + 2] = score / 2, score / 2
    features = {"row": [0] * windows, "length": [8] * windows, "_first": [2] * windows, "_count": [5] * windows,
                "_from": [0] * windows, "_starts": [starts] * windows, "_ends": [ends] * windows}  # fmt: skip
    return [logits] * windows, features


def answered(
    raw: list, features: dict, *, null: bool = False, threshold: float = 0.0, most: int = 30
) -> pd.Series:
    spans = candidate_spans(raw, features, [CONTEXT], most_tokens=most)
    nulls = null_scores(raw, features, 1) if null else None
    return choose_answers(spans, nulls, [CONTEXT], threshold=threshold).iloc[0]


@pytest.mark.parametrize(
    ("spans", "most", "expected"),
    [
        ({(2, 2): 9.0}, 30, "Bob"),
        ({(2, 4): 9.0}, 30, "Bob in Rome"),
        # Longer than allowed: the best that is not.
        ({(0, 4): 9.0, (3, 3): 5.0}, 2, "in Rome"),
    ],
)
def test_the_best_span_is_the_answer(spans: dict, most: int, expected: str) -> None:
    row = answered(*scored(spans), most=most)
    assert row["predicted"] == expected == CONTEXT[row["start"] : row["end"]]


def test_an_answer_never_ends_before_it_starts() -> None:
    raw, features = scored({})
    raw[0][0, 2 + 3], raw[0][1, 2 + 1] = 30.0, 29.0
    row = answered(raw, features)
    assert row["start"] < row["end"]


@pytest.mark.parametrize(
    ("null", "threshold", "expected"),
    [(8.0, 0.0, "Bob"), (10.0, 0.0, ""), (10.0, 2.0, "Bob"), (8.0, -2.0, "")],
)
def test_no_answer_is_given_when_it_beats_the_best_span_by_the_threshold(null, threshold, expected) -> None:
    row = answered(*scored({(2, 2): 9.0}, null=null), null=True, threshold=threshold)
    assert row["predicted"] == expected
    if not expected:
        assert (row["start"], row["end"]) == (0, 0)


def test_no_answer_scores_as_in_the_window_where_it_fits_least() -> None:
    raw, features = scored({(2, 2): 9.0}, null=10.0, windows=2)
    raw = [raw[0], raw[1].copy()]
    raw[1][:, 0] = 4.0
    assert answered(raw, features, null=True)["predicted"] == "Bob"


def test_without_unanswerable_training_rows_there_is_always_an_answer() -> None:
    assert answered(*scored({(2, 2): 9.0}, null=99.0))["predicted"] == "Bob"


def test_equal_spans_of_overlapping_windows_count_once() -> None:
    one, two = answered(*scored({(2, 2): 9.0})), answered(*scored({(2, 2): 9.0}, windows=2))
    assert one["confidence"] == pytest.approx(two["confidence"])


def brute_force(
    raw: list, features: dict, contexts: list[str], most: int
) -> dict[int, list[tuple[float, int, int]]]:
    """Every allowed pair of tokens, one after the other."""
    found: dict[int, dict[tuple[int, int], float]] = {row: {} for row in range(len(contexts))}
    for number, row in enumerate(features["row"]):
        first, begin, count = (features[name][number] for name in ("_first", "_from", "_count"))
        for start in range(count):
            for end in range(start, min(start + most, count)):
                text = contexts[row][
                    features["_starts"][number][begin + start] : features["_ends"][number][begin + end]
                ]
                left = features["_starts"][number][begin + start] + len(text) - len(text.lstrip())
                right = left + len(text.strip())
                score = float(raw[number][0, first + start] + raw[number][1, first + end])
                if text.strip():
                    found[row][left, right] = max(score, found[row].get((left, right), -np.inf))
    return {row: sorted(((s, *p) for p, s in spans.items()), reverse=True) for row, spans in found.items()}


def test_spans_and_confidence_equal_trying_every_pair(checkpoint: Path) -> None:
    tokenizer = TASK.load_processor(checkpoint)
    contexts = [LONG, "this song is calm", LONG[40:300]]
    features = question_windows(tokenizer, ["what is it?"] * 3, contexts, max_length=48, stride=16)
    random = np.random.default_rng(3)
    raw = [random.normal(size=(2, length)).astype(np.float32) * 4 for length in features["length"]]
    expected = brute_force(raw, features, contexts, 7)
    nulls = null_scores(raw, features, 3)
    found = choose_answers(
        candidate_spans(raw, features, contexts, most_tokens=7), nulls, contexts, threshold=0.0
    )
    for row, best in expected.items():
        scores = np.array([score for score, _, _ in best[:20]] + [nulls[row]])
        shares = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()
        said = found.iloc[row]
        if nulls[row] > best[0][0]:
            assert (said["predicted"], said["start"], said["end"]) == ("", 0, 0)
            assert said["confidence"] == pytest.approx(shares[-1], rel=1e-5)
        else:
            assert (said["start"], said["end"]) == best[0][1:]
            assert said["predicted"] == contexts[row][best[0][1] : best[0][2]]
            assert said["confidence"] == pytest.approx(shares[0], rel=1e-5)


def test_a_thousand_contexts_are_decoded_in_seconds(tokenizer) -> None:
    contexts = [LONG * 5] * 1_000
    features = question_windows(tokenizer, ["What?"] * 10, contexts[:10], max_length=384, stride=128)
    each = len(features["row"]) // 10
    features = {name: values[:each] * 1_000 for name, values in features.items()}
    features["row"] = np.repeat(np.arange(1_000), each).tolist()
    random = np.random.default_rng(0)
    raw = [random.normal(size=(2, length)).astype(np.float32) for length in features["length"]]
    begun = time.process_time()
    TASK.decode(raw, features, {"context": contexts}, Brief(COLUMNS, ANSWERABLE, 384))
    assert time.process_time() - begun < 10


# loss and scores


def test_the_loss_is_the_mean_of_both_cross_entropies_in_the_windows_that_hold_the_answer(tokenizer) -> None:
    import torch

    contexts = ["far " * 60 + "in Rome", "Nobody is here."]
    rows = frame(("Where?", contexts[0], "Rome"), ("Who?", contexts[1], "[]"))
    features = TASK.encode(tokenizer, {name: rows[name].tolist() for name in rows}, Brief(COLUMNS, {}, 48))
    random = np.random.default_rng(1)
    raw = [random.normal(size=(2, length + 3)).astype(np.float32) for length in features["length"]]
    brief = Brief(COLUMNS, {"unanswerable": True}, 48)
    judged = TASK.judge(TASK.decode(raw, features, rows.to_dict("list"), brief), rows, brief)
    truths = [
        read_truth(context, cell) for context, cell in zip(rows["context"], rows["answers"], strict=True)
    ]
    places = answer_tokens(features, truths)
    for row in (0, 1):
        wanted = [
            (number, places[number] or (0, 0))
            for number, of in enumerate(features["row"])
            if of == row and (row == 1 or places[number])
        ]
        losses = [
            torch.nn.functional.cross_entropy(
                torch.tensor(raw[number][:, : features["length"][number]]), torch.tensor(ends)
            ).item()
            for number, ends in wanted
        ]
        assert judged["loss"][row] == pytest.approx(np.mean(losses), rel=1e-5)


def reference(prediction: str, golds: list[str]) -> tuple[float, float]:
    """Exact match and F1 as the evaluation script of SQuAD 2.0 computes them, written out."""

    def plain(text: str) -> str:
        text = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
        return " ".join(re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", text).split())

    def f1(gold: str) -> float:
        one, other = plain(gold).split(), plain(prediction).split()
        if not one or not other:
            return float(one == other)
        same = sum((Counter(one) & Counter(other)).values())
        if same == 0:
            return 0.0
        precision, recall = same / len(other), same / len(one)
        return 2 * precision * recall / (precision + recall)

    golds = [gold for gold in golds if plain(gold)] or [""]
    return max(float(plain(gold) == plain(prediction)) for gold in golds), max(map(f1, golds))


def test_scores_equal_the_reference_script_with_and_without_answers() -> None:
    context = "The Ann, a Bob and the end of 10 days in U.S.A. or the theatre"
    random = np.random.default_rng(5)
    words = [match.span() for match in re.finditer(r"\S+", context)]

    def piece() -> str:
        start, end = sorted(random.integers(0, len(words), 2))
        return context[words[start][0] : words[end][1]]

    golds = [[piece() for _ in range(random.integers(0, 3))] for _ in range(300)]
    said = ["" if random.random() < 0.2 else piece() for _ in golds]
    rows = frame(
        *[("Who?", context, json.dumps([{"text": text, "start": None} for text in gold])) for gold in golds]
    )
    predictions = pd.DataFrame({"predicted": said, "confidence": 0.5, "start": 0, "end": 0, "text": context})
    judged = TASK.judge(predictions, rows, Brief(COLUMNS, {"unanswerable": True}))
    expected = np.array([reference(*pair) for pair in zip(said, golds, strict=True)])
    assert judged[["exact_match", "answer_f1"]].to_numpy() == pytest.approx(expected)
    scores = TASK.score(judged, Brief(COLUMNS, {}))
    assert scores == pytest.approx({"exact_match": expected[:, 0].mean(), "answer_f1": expected[:, 1].mean()})
    assert 0.05 < scores["exact_match"] < scores["answer_f1"] < 0.95


def test_intervals_draw_contexts_with_all_their_questions() -> None:
    right = np.repeat([0.0, 1.0] * 5, 20)
    judged = pd.DataFrame(
        {"exact_match": right, "answer_f1": right, "text": np.repeat([f"c{n}" for n in range(10)], 20)}
    )
    low, high = score_intervals(TASK.output(ANSWERABLE), judged)["exact_match"]
    alone = score_intervals(TASK.output(ANSWERABLE), judged.assign(text=[str(n) for n in range(200)]))[
        "exact_match"
    ]
    assert low < 0.5 < high and high - low > 2 * (alone[1] - alone[0])


def test_the_baseline_takes_rare_words_of_the_sentence_that_shares_most_with_the_question() -> None:
    train = frame(*[(f"Who opened the shop on day {n}?", f"The shop on day {n} was opened by Ann Lee.", "Ann Lee")
                    for n in range(20)])  # fmt: skip
    test = frame(
        ("Who opened the mill?", "It was late. The mill was opened by Bob Ray. The shop was shut.", "Bob Ray")
    )
    brief = Brief(COLUMNS, {"unanswerable": True})
    found = TASK.baselines(train, test, brief)
    assert found["overlap"]["predicted"].tolist() == ["Bob Ray"] and found["overlap"]["correct"].all()
    assert found["unanswered"]["predicted"].tolist() == [""] and not found["unanswered"]["correct"].any()
    assert set(TASK.baselines(train, test, Brief(COLUMNS, ANSWERABLE))) == {"overlap"}


# the saved folder


@pytest.mark.parametrize("unanswerable", [False, True])
def test_the_snippet_gives_the_same_answer_as_atelier(
    tiny_encoder: Path, tmp_path: Path, unanswerable: bool
) -> None:
    import torch

    brief = Brief(COLUMNS, {"unanswerable": unanswerable}, 48)
    torch.manual_seed(4)
    model = TASK.load_model(tiny_encoder, brief.target)
    model.save_pretrained(tmp_path)
    tokenizer = TASK.load_processor(tiny_encoder)
    tokenizer.save_pretrained(tmp_path)
    known: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as said:
        exec(TASK.usage(str(tmp_path), brief), known)
    rows = frame(
        ("Who wrote it?", "The letter was written by Ada in 1843.", "Ada"), ("Where is it?", LONG, "calm")
    )
    ours = predict_rows(TASK, TASK.load_model(tmp_path, None), tokenizer, rows, brief)["predicted"].tolist()
    assert said.getvalue() == f"{ours[0]}\n"
    assert known["answer"]("Where is it?", LONG) == ours[1]


def test_only_questions_and_contexts_are_needed_to_predict(tiny_encoder: Path) -> None:
    brief = Brief({"question": "q", "context": "c"}, {"unanswerable": True}, 64)
    rows = pd.DataFrame({"q": ["Who?"], "c": ["Ann is here."]})
    found = predict_rows(
        TASK, TASK.load_model(tiny_encoder, brief.target), TASK.load_processor(tiny_encoder), rows, brief
    )
    assert "loss" not in found and found["text"].tolist() == ["Ann is here."]


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    """Predictions of a saved folder by transformers alone; test_every_method runs this in a process without Atelier."""
    import torch
    from transformers import AutoModelForQuestionAnswering, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForQuestionAnswering.from_pretrained(model).eval()
    answers = []
    for row in rows:
        windows = tokenizer(
            row["question"], row["context"], truncation="only_second", max_length=128, stride=42,
            return_overflowing_tokens=True, return_offsets_mapping=True, padding=True, return_tensors="pt",
        )  # fmt: skip
        offsets = windows.pop("offset_mapping").tolist()
        windows.pop("overflow_to_sample_mapping")
        with torch.inference_mode():
            said = network(**windows)
        best, text = (said.start_logits[:, 0] + said.end_logits[:, 0]).min().item(), ""
        for number, places in enumerate(offsets):
            inside = [place for place, sequence in enumerate(windows.sequence_ids(number)) if sequence == 1]
            for start in inside:
                for end in range(start, min(start + 30, inside[-1] + 1)):
                    score = (said.start_logits[number, start] + said.end_logits[number, end]).item()
                    if score >= best:
                        best, text = score, row["context"][places[start][0] : places[end][1]].strip()
        answers.append(text)
    return answers
