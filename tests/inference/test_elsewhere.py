"""Models that were never taught here: which tasks their heads can do, and that they answer as transformers does."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.inference.askable import askables, find_askable
from lib.inference.elsewhere import load_elsewhere
from lib.models.sources import find_model
from lib.tasks.elsewhere import Elsewhere
from lib.tasks.predict import predict_rows
from lib.tasks.tags import iob2_tags
from tests.models.tiny import tiny_checkpoint

TEXTS = ["the tea was wonderful on a bright morning", "our train was late again", "Paris is calm"]


@pytest.fixture(scope="module")
def headed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Makes a folder with a tiny model of an architecture and a head, with random but telling weights."""

    def make(architecture: str, head: str, **config: Any) -> Path:
        import torch
        import transformers

        folder = tmp_path_factory.mktemp("headed")
        tiny_checkpoint(architecture, folder / "body")
        torch.manual_seed(3)
        kind = getattr(transformers, head)
        # Old checkpoints carry it; transformers 5 takes it from a file alone.
        tasks = config.pop("task_specific_params", None)
        model = kind.from_pretrained(folder / "body", **config)
        for weights in model.parameters():
            torch.nn.init.normal_(weights, std=0.5)
        model.save_pretrained(folder / "model")
        body = folder / "body"
        for path in body.iterdir():
            if path.suffix in (".json", ".txt", ".model") and not (folder / "model" / path.name).exists():
                (folder / "model" / path.name).write_bytes(path.read_bytes())
        if tasks:
            path = folder / "model" / "config.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | {"task_specific_params": tasks}))
        return folder / "model"

    return make


def labels(*names: str) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: n for n, name in enumerate(names)}}


def predictions(folder: Path, slug: str, rows: pd.DataFrame) -> pd.DataFrame:
    """What Atelier says, in this process."""
    found = load_elsewhere(find_model(f"folder:{folder}"), slug, device="cpu")
    return predict_rows(found.task, found.model, found.processor, rows, found.brief)


CASES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("BERT", "BertForSequenceClassification", labels("bad", "good"), ["text-classification"]),
    (
        "BERT",
        "BertForSequenceClassification",
        labels("a", "b") | {"problem_type": "multi_label_classification"},
        ["multi-label-classification"],
    ),
    ("BERT", "BertForSequenceClassification", {"num_labels": 1}, ["text-regression"]),
    ("BERT", "BertForTokenClassification", labels("O", "B-X", "I-X"), ["token-classification"]),
    ("BERT", "BertForQuestionAnswering", {}, ["question-answering"]),
    ("BERT", "BertForMaskedLM", {}, ["fill-mask"]),
    ("BERT", "BertForNextSentencePrediction", {}, ["next-sentence-prediction"]),
    ("ELECTRA", "ElectraForPreTraining", {}, []),
    ("BERT", "BertModel", {}, []),
    ("ViT", "ViTForImageClassification", labels("dots", "lines"), ["image-classification"]),
    ("ViT", "ViTModel", {}, []),
    ("T5", "T5ForConditionalGeneration", {}, ["text2text-generation"]),
    (
        "T5",
        "T5ForConditionalGeneration",
        {"task_specific_params": {"summarization": {"prefix": "summarize: "}}},
        ["summarization", "text2text-generation"],
    ),
    ("Marian", "MarianMTModel", {}, ["translation", "text2text-generation"]),
    ("Llama", "LlamaForCausalLM", {}, ["text-generation"]),
]


@pytest.mark.parametrize(
    ("architecture", "head", "config", "slugs"), CASES, ids=lambda value: str(value)[:40]
)
def test_a_head_is_offered_the_tasks_it_can_do(
    architecture: str,
    head: str,
    config: dict[str, Any],
    slugs: list[str],
    headed: Callable[..., Path],
    home: Path,
) -> None:
    folder = headed(architecture, head, **dict(config))
    if not slugs:
        with pytest.raises(UserError) as caught:
            askables(f"folder:{folder}")
        assert caught.value.problems[0].code == "no-head"
        return
    found = askables(f"folder:{folder}")
    assert [one.task.slug for one in found] == slugs
    assert found[0].brief.max_length == find_model(f"folder:{folder}").max_length
    if config.get("id2label"):
        assert set(found[0].output.to_json()["labels"]) <= {"X", *config["id2label"].values()}


def test_a_classifier_answers_as_transformers_does(headed: Callable[..., Path], home: Path) -> None:
    from transformers import pipeline

    folder = headed("BERT", "BertForSequenceClassification", **labels("bad", "good", "so-so"))
    found = predictions(folder, "text-classification", pd.DataFrame({"text": TEXTS}))
    plain = pipeline("text-classification", model=str(folder), top_k=None, device="cpu")(TEXTS)
    wanted = [[{i["label"]: i["score"] for i in row}[n] for n in ("bad", "good", "so-so")] for row in plain]
    np.testing.assert_allclose(np.stack(found["scores"].to_list()), wanted, atol=1e-5)


def test_tags_of_another_scheme_are_found_as_transformers_finds_them(
    headed: Callable[..., Path], home: Path
) -> None:
    from transformers import pipeline

    folder = headed("BERT", "BertForTokenClassification", **labels("O", "X", "Y"))
    found = predictions(folder, "token-classification", pd.DataFrame({"text": TEXTS}))
    plain = pipeline("token-classification", model=str(folder), aggregation_strategy="first", device="cpu")
    for text, cell in zip(TEXTS, found["predicted"], strict=True):
        expected = [(item["entity_group"], item["start"], item["end"]) for item in plain(text)]
        assert [(span["label"], span["start"], span["end"]) for span in json.loads(cell)] == expected


def test_several_masks_are_filled_as_transformers_fills_them(headed: Callable[..., Path], home: Path) -> None:
    from transformers import pipeline

    folder = headed("BERT", "BertForMaskedLM")
    found = predictions(folder, "fill-mask", pd.DataFrame({"text": ["the [MASK] was [MASK] again"]}))
    plain = pipeline("fill-mask", model=str(folder), top_k=3, device="cpu")("the [MASK] was [MASK] again")
    said = [[item["token"] for item in ranked[:3]] for ranked in json.loads(found["candidates"][0])]
    assert said == [[item["token_str"].strip() for item in ranked] for ranked in plain]


def test_a_writer_writes_by_its_own_configs(headed: Callable[..., Path], home: Path) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    params = {"summarization": {"prefix": "summarize: "}}
    folder = headed("T5", "T5ForConditionalGeneration", task_specific_params=params)
    writing = json.loads((folder / "generation_config.json").read_text())
    writing |= {"num_beams": 3, "max_length": 12, "no_repeat_ngram_size": 2}
    (folder / "generation_config.json").write_text(json.dumps(writing))
    asked = find_askable(f"folder:{folder}")
    assert (asked.task.slug, asked.brief.options["num_beams"]) == ("summarization", 3)
    found = predictions(folder, "summarization", pd.DataFrame({"text": TEXTS}))
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModelForSeq2SeqLM.from_pretrained(folder)
    for text, said in zip(TEXTS, found["predicted"], strict=True):
        read = tokenizer("summarize: " + text, return_tensors="pt")
        written = model.generate(
            **read, num_beams=3, max_new_tokens=12, no_repeat_ngram_size=2, early_stopping=True
        )
        assert said == tokenizer.decode(written[0], skip_special_tokens=True).strip()


def test_a_head_that_is_not_in_the_folder_is_refused(headed: Callable[..., Path], home: Path) -> None:
    folder = headed("BERT", "BertModel")
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["BertForSequenceClassification"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError) as caught:
        load_elsewhere(find_model(f"folder:{folder}"), "text-classification", device="cpu")
    assert caught.value.problems[0].code == "head-missing"


def test_asking_for_a_task_that_the_head_cannot_do_names_those_it_can(
    headed: Callable[..., Path], home: Path
) -> None:
    folder = headed("BERT", "BertForMaskedLM")
    with pytest.raises(UserError, match="fill-mask"):
        find_askable(f"folder:{folder}", "question-answering")


@pytest.mark.parametrize("name", ["splade-tiny-bert", "flan-t5-small-titler"])
def test_real_small_models_answer(name: str, home: Path) -> None:
    folder = Path.home() / ".cache" / "small-models" / name
    if not (folder / "model.safetensors").is_file():
        pytest.skip(f"needs the model in {folder}")
    asked = find_askable(f"folder:{folder}")
    text = "The capital of France is [MASK]." if asked.task.slug == "fill-mask" else "A storm hit the town."
    found = predictions(folder, asked.task.slug, pd.DataFrame({asked.inputs[0].name: [text]}))
    assert str(found["predicted"][0]).strip()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["O", "B-X", "I-X"], ["O", "B-X", "I-X"]),
        (["O", "B-X", "I-X", "E-X", "S-X"], ["O", "B-X", "I-X", "I-X", "B-X"]),
        (["NOUN", "VERB"], ["I-NOUN", "I-VERB"]),
    ],
)
def test_foreign_tags_are_read_as_iob2(tags: list[str], expected: list[str]) -> None:
    assert iob2_tags(tags) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"id2label": {"1": "b", "0": "a"}}, ["a", "b"]),
        ({"id2label": {"0": "x", "1": "x"}}, ["x", "x (1)"]),
        ({}, ["LABEL_0", "LABEL_1"]),
        ({"id2label": "nonsense"}, ["LABEL_0", "LABEL_1"]),
        ({"id2label": {"one": "a"}}, ["LABEL_0", "LABEL_1"]),
    ],
)
def test_labels_are_read_from_whatever_a_config_says(config: dict[str, Any], expected: list[str]) -> None:
    assert Elsewhere(config, {}, "encoder").labels == expected
