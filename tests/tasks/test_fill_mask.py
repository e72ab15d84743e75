"""Fill-mask: what it checks, learns from, scores and says of masked texts."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import AutoModelForMaskedLM, AutoTokenizer

from lib.analysis.judged import score_intervals
from lib.errors import UserError
from lib.option import values_as
from lib.tasks.brief import Brief
from lib.tasks.fill_mask import CANDIDATES, FillMask, MaskingOptions
from lib.tasks.masking import choose_hidden, fixed_generator
from lib.tasks.predict import predict_rows
from lib.tasks.text_classification import TextClassification
from tests.models.tiny import SENTENCES, tiny_checkpoint

TASK = FillMask()
COLUMNS = {"text": "text"}
BRIEF = Brief(COLUMNS, {"mask": "[MASK]"}, 64)
FAMILIES = ["BERT", "DistilBERT", "MobileBERT", "TinyBERT", "RoBERTa", "DeBERTa-v3", "ALBERT", "ELECTRA", "ModernBERT",
            "MiniLM"]  # fmt: skip

QUICK_MODEL = "scratch:bert-tiny"
QUICK_OPTIONS = {"epochs": 5, "learning_rate": 2e-3, "max_length": 48}
LEARNED = {"untuned": 100.0}
PLAIN_COLUMN = "loss"


def frame(texts: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"text": pd.Series(texts, dtype="str")})


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root, made = tmp_path_factory.mktemp("models"), {}

    def folder(name: str) -> Path:
        return made.setdefault(name, tiny_checkpoint(name, root / name) if name not in made else None)

    return folder


def loaded(folder: Path) -> tuple[Any, Any]:
    return TASK.load_model(folder, BRIEF.target), TASK.load_processor(folder)


@pytest.mark.parametrize(
    ("rows", "code", "severity"),
    [
        (frame([None] * 50), "texts-all-missing", "error"),
        (frame(["1", "2"] * 30), "text-is-numbers", "error"),
        (frame([None, *["a text"] * 60]), "texts-missing", "warning"),
        (frame(["a text"] * 10), "few-rows", "warning"),
    ],
)
def test_rows_that_would_spoil_a_run_are_named(rows: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(rows, COLUMNS)}
    assert found[code].severity == severity and found[code].fix


@pytest.mark.parametrize("name", FAMILIES)
def test_the_loss_is_the_cross_entropy_of_the_hidden_tokens_for_every_family(folders: Any, name: str) -> None:
    model, tokenizer = loaded(folders(name))
    features = TASK.encode_training(tokenizer, {"text": list(SENTENCES)}, BRIEF)
    names = [key for key in features if key not in ("row", "length", "truncated")]
    rows = [
        {key: features[key][row] for key in names} | {"draw": row} for row in range(len(features["length"]))
    ]
    batch = TASK.collator(tokenizer, BRIEF, training=True)(rows)
    model.eval()
    with torch.inference_mode():
        said = model(**batch)
        inputs = {key: values for key, values in batch.items() if key != "labels"}
        logits = AutoModelForMaskedLM.from_pretrained(folders(name)).eval()(**inputs).logits
    hidden = batch["labels"] != -100
    expected = torch.nn.functional.cross_entropy(logits[hidden], batch["labels"][hidden])
    assert float(said.loss) == pytest.approx(float(expected), rel=1e-4)
    assert hidden.any(dim=1).all()


@pytest.mark.parametrize("name", ["BERT", "RoBERTa", "DeBERTa-v3"])
def test_the_scores_are_those_of_a_plain_loop_over_the_same_hidden_tokens(folders: Any, name: str) -> None:
    model, tokenizer = loaded(folders(name))
    texts = [*SENTENCES, " ".join(SENTENCES)]
    judged = TASK.evaluate(model, tokenizer, frame(texts), BRIEF)
    losses, hits, counts, ranks = [], [], [], []
    for text in texts:
        found = tokenizer(text, truncation=True, max_length=64, return_overflowing_tokens=True)
        for block, ids in enumerate(found["input_ids"]):
            words = [-1 if word is None or token in tokenizer.all_special_ids else word
                     for word, token in zip(found.word_ids(block), ids, strict=True)]  # fmt: skip
            places = choose_hidden(words, share=0.15, whole_words=True, generator=fixed_generator(ids))
            masked = torch.tensor([ids])
            masked[0, places] = tokenizer.mask_token_id
            with torch.inference_mode():
                logits = model(input_ids=masked).logits[0, places]
            truth = torch.tensor(ids)[places]
            losses += torch.nn.functional.cross_entropy(logits, truth, reduction="none").tolist()
            hits += (logits.argmax(-1) == truth).tolist()
            ranks += (1 + (logits > logits.gather(1, truth[:, None])).sum(-1)).tolist()
        counts.append(len(losses))
    scores = TASK.score(judged, BRIEF)
    assert judged["tokens_judged"].cumsum().tolist() == counts
    assert scores["loss"] == pytest.approx(np.mean(losses), rel=1e-4)
    assert scores["perplexity"] == pytest.approx(math.exp(np.mean(losses)), rel=1e-3)
    assert scores["token_accuracy"] == pytest.approx(np.mean(hits))
    told = [item for cell in judged["hidden"] for item in json.loads(cell)]
    # An untrained model's scores are close, so that another batch's rounding may move a token by a place.
    assert np.abs(np.array([item["rank"] for item in told]) - ranks).max() <= 3
    assert all(item["top"][0][0] == item["guess"] and len(item["top"]) == 3 for item in told)
    low, high = score_intervals(TASK.output(BRIEF.target), judged)["perplexity"]
    assert low <= scores["perplexity"] <= high


def test_the_same_tokens_are_hidden_whatever_the_model_and_the_rows_beside(folders: Any) -> None:
    model, tokenizer = loaded(folders("BERT"))
    once = TASK.evaluate(model, tokenizer, frame(list(SENTENCES)), BRIEF)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.5)
    again = TASK.evaluate(model, tokenizer, frame([SENTENCES[3], SENTENCES[0]]), BRIEF)
    assert again["gold"].tolist() == [once["gold"][3], once["gold"][0]]
    assert again["nll"][0] != once["nll"][3]


@pytest.mark.parametrize("name", ["BERT", "RoBERTa", "DeBERTa-v3"])
def test_hidden_tokens_are_found_again_in_the_text(folders: Any, name: str) -> None:
    model, tokenizer = loaded(folders(name))
    judged = TASK.evaluate(model, tokenizer, frame(list(SENTENCES[:4])), BRIEF)
    for text, row in zip(SENTENCES, judged.itertuples(), strict=False):
        hidden = json.loads(row.hidden)
        assert len(hidden) == row.tokens_judged > 0
        for item in hidden:
            assert text[item["start"] : item["end"]].lower() == item["token"].removeprefix("##").lower()
        assert row.nll == pytest.approx(sum(item["loss"] for item in hidden), abs=1e-3)


@pytest.mark.parametrize("name", ["BERT", "RoBERTa", "DeBERTa-v3"])
@pytest.mark.parametrize("mask", ["[MASK]", "<mask>"])
def test_every_mask_gets_ranked_candidates_however_it_is_written(folders: Any, name: str, mask: str) -> None:
    model, tokenizer = loaded(folders(name))
    texts = [f"the tea was {mask} on a {mask} morning", "nothing is hidden here", f"{mask} again"]
    found = predict_rows(TASK, model, tokenizer, frame(texts), BRIEF)
    candidates = [json.loads(cell) for cell in found["candidates"]]
    assert [len(masks) for masks in candidates] == [2, 0, 1]
    for ranked in (*candidates[0], *candidates[2]):
        scores = [item["score"] for item in ranked]
        assert len(ranked) == CANDIDATES and scores == sorted(scores, reverse=True) and 0 < sum(scores) <= 1
    assert found["predicted"][1] == ""
    assert found["text"][0] == "the tea was [MASK] on a [MASK] morning"


def test_candidates_are_those_of_the_pipeline_of_transformers(folders: Any) -> None:
    from transformers import pipeline

    fill = pipeline("fill-mask", model=str(folders("BERT")), device="cpu")
    model, tokenizer = loaded(folders("BERT"))
    text = "the tea was [MASK] on a bright morning"
    [found] = predict_rows(TASK, model, tokenizer, frame([text]), BRIEF)["candidates"]
    expected = [
        (item["token_str"], pytest.approx(item["score"], abs=1e-5)) for item in fill(text, top_k=CANDIDATES)
    ]
    assert [(item["token"], item["score"]) for item in json.loads(found)[0]] == expected


def test_masks_in_every_block_of_a_long_text_are_filled(folders: Any) -> None:
    model, tokenizer = loaded(folders("BERT"))
    text = " ".join(f"{sentence} [MASK]." for sentence in SENTENCES)
    found = predict_rows(TASK, model, tokenizer, frame([text]), BRIEF.changed(max_length=32))
    assert len(json.loads(found["candidates"][0])) == len(SENTENCES)
    assert not found["truncated"][0]


def test_a_text_of_special_tokens_only_is_neither_learned_nor_judged(folders: Any) -> None:
    model, tokenizer = loaded(folders("BERT"))
    features = TASK.encode_training(tokenizer, {"text": ["\u200b", "the tea", "[MASK]"]}, BRIEF)
    assert features["row"] == [1]
    judged = TASK.evaluate(model, tokenizer, frame(["\u200b", "the tea"]), BRIEF)
    assert judged["tokens_judged"].tolist()[0] == 0 and math.isnan(judged["loss"][0])
    assert math.isfinite(TASK.score(judged, BRIEF)["perplexity"])


def test_a_tokenizer_without_a_mask_is_refused_in_a_sentence(folders: Any) -> None:
    with pytest.raises(UserError, match="no mask token"):
        TASK.load_processor(folders("GPT-2"))


def test_the_options_are_hidden_words_in_usual_amounts() -> None:
    options = values_as(MaskingOptions, {})
    assert (options.mask_share, options.whole_words) == (0.15, True)


def test_a_classifier_can_be_taught_from_it_with_a_fresh_head_on_the_same_body(
    folders: Any, tmp_path: Path
) -> None:
    model, tokenizer = loaded(folders("BERT"))
    with torch.no_grad():
        model.bert.encoder.layer[0].output.dense.weight.add_(0.25)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    classifier = TextClassification().load_model(tmp_path, {"labels": ["good", "bad"]})
    assert torch.equal(
        classifier.bert.encoder.layer[0].output.dense.weight, model.bert.encoder.layer[0].output.dense.weight
    )
    assert classifier.config.id2label == {0: "good", 1: "bad"}
    assert classifier.classifier.weight.shape == (2, model.config.hidden_size)


def test_a_body_without_a_head_gets_one_tied_to_its_word_embeddings(tiny_encoder: Path) -> None:
    model, _ = loaded(tiny_encoder)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


def test_the_usage_snippet_runs(folders: Any) -> None:
    code = TASK.usage(str(folders("RoBERTa")), BRIEF)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 5


def test_the_collator_for_predictions_changes_nothing(folders: Any) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folders("BERT"))
    batch = TASK.collator(tokenizer, BRIEF, training=False)([{"input_ids": [2, 9, 3]}])
    assert batch["input_ids"][0, :3].tolist() == [2, 9, 3]
    assert "labels" not in batch


def plain(model: str, rows: list[dict[str, str]]) -> list[float]:
    """The losses of the hidden tokens by transformers alone, hiding them by the rule that the task documents."""
    import hashlib
    import json
    from pathlib import Path

    import numpy as np
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    network, tokenizer = (
        AutoModelForMaskedLM.from_pretrained(model).eval(),
        AutoTokenizer.from_pretrained(model),
    )
    longest = json.loads(Path(model, "atelier.json").read_text())["max_length"]
    found = []
    for row in rows:
        losses = []
        blocks = tokenizer(
            row["document"], truncation=True, max_length=longest, return_overflowing_tokens=True
        )
        for block, ids in enumerate(blocks["input_ids"]):
            words: dict[int, list[int]] = {}
            for place, word in enumerate(blocks.word_ids(block)):
                if word is not None and ids[place] not in tokenizer.all_special_ids:
                    words.setdefault(word, []).append(place)
            key = hashlib.sha256(np.array(ids, dtype=np.int64).tobytes()).digest()[:16]
            drawn = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little"))).random(
                len(words)
            )
            wanted, hidden = max(1, round(0.15 * sum(map(len, words.values())))), []
            for number in np.argsort(drawn, kind="stable"):
                if len(hidden) < wanted:
                    hidden += list(words.values())[number]
            masked = torch.tensor([ids])
            masked[0, hidden] = tokenizer.mask_token_id
            with torch.inference_mode():
                logs = network(input_ids=masked).logits[0, hidden].log_softmax(dim=-1)
            losses += (-logs[range(len(hidden)), [ids[place] for place in hidden]]).tolist()
        found.append(float(np.mean(losses)))
    return found
