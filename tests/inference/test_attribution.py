"""Methods of attribution on tiny real models, each against an independent way to get the same numbers."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.analysis.faithfulness import faithfulness
from lib.errors import UserError
from lib.inference.attribution.work import explain_row
from lib.inference.models import HeldModel
from lib.tasks import find_task
from lib.tasks.brief import Brief
from lib.tasks.predict import predict_rows
from tests.models.tiny import tiny_checkpoint

METHODS = ("occlusion", "gradient", "chefer", "integrated")
LABELS = {"labels": ["cross", "happy", "late"], "counts": {"cross": 1, "happy": 1, "late": 1}}
TEXT = "The tea was wonderful, and our bicycle was rude on a café morning"
Held = Callable[..., HeldModel]


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Held:
    """Makes an untrained model of an architecture with a loud head for a task, as the host would hold it."""
    folder = tmp_path_factory.mktemp("attribution")

    def make(
        architecture: str, task: str = "text-classification", target: Any = None, **columns: str
    ) -> HeldModel:
        import torch

        made = find_task(task)
        path = folder / f"{task} {architecture}"
        if not path.exists():
            tiny_checkpoint(architecture, path)
        torch.manual_seed(3)
        model = made.load_model(path, target or LABELS).eval()
        for name, weights in model.named_parameters():
            if name.endswith(("classifier.weight", "out_proj.weight")):
                torch.nn.init.normal_(weights, std=0.5)  # or every answer would be 1/3
        processor = made.load_processor(path)
        brief = made.settled(model, processor, Brief(columns or {"text": "text"}, target or LABELS, 64))
        return HeldModel(made, brief, processor, model, "stamp")

    return make


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    from PIL import Image

    path = tmp_path_factory.mktemp("picture") / "noise.png"
    values = np.random.default_rng(0).random((40, 48, 3)) * 255
    Image.fromarray(values.astype(np.uint8)).save(path)
    return str(path)


def ask(held: HeldModel, cells: dict[str, str], method: str, **more: Any) -> dict[str, Any]:
    return explain_row(held, {"cells": cells, "method": method, **more}, on_rows=lambda done: None)


def scores_of(answer: dict[str, Any]) -> np.ndarray:
    return np.array(answer["patches"] if "patches" in answer else [word["score"] for word in answer["words"]])


def words_of(answer: dict[str, Any]) -> list[str]:
    texts = [field["text"] for field in answer["fields"]]
    return [texts[word["field"]][word["start"] : word["end"]] for word in answer["words"]]


def plain_chefer(model: Any, inputs: dict[str, Any], label: int) -> np.ndarray:
    """The row of [CLS], written from the paper with retained gradients, on a copy of the model that is eager."""
    import torch

    outputs = model(**inputs, output_attentions=True)
    for attention in outputs.attentions:
        attention.retain_grad()
    outputs.logits[0, label].backward()
    size = outputs.attentions[0].shape[-1]
    relevance = torch.eye(size, dtype=torch.float64)
    for attention in outputs.attentions:
        weighed = torch.relu(attention.grad[0] * attention[0].detach()).sum(0).double() / attention.shape[1]
        relevance = relevance + torch.einsum("ij,jk->ik", weighed, relevance)
    return (relevance - torch.eye(size))[0].numpy()


def eager_copy(model: Any) -> Any:
    made = type(model)._from_config(copy.deepcopy(model.config), attn_implementation="eager")
    made.load_state_dict(model.state_dict())
    return made.eval()


def test_chefer_of_a_text_equals_an_independent_reference(held: Held) -> None:
    one = held("BERT")
    assert one.model.config._attn_implementation == "sdpa"
    answer = ask(one, {"text": TEXT}, "chefer", target="late")
    encoded = one.processor(TEXT, return_tensors="pt")
    row = plain_chefer(eager_copy(one.model), dict(encoded), 2)
    by_token = dict(zip(encoded.tokens(), row, strict=True))
    assert answer["specials"][0] == {"token": "[CLS]", "score": pytest.approx(by_token["[CLS]"], rel=1e-4)}
    assert sum(scores_of(answer)) == pytest.approx(row[1:-1].sum(), rel=1e-4)
    first = words_of(answer).index("tea")
    pieces = encoded.char_to_token(TEXT.index("tea")), encoded.char_to_token(TEXT.index("tea") + 2)
    assert scores_of(answer)[first] == pytest.approx(row[pieces[0] : pieces[1] + 1].sum(), rel=1e-4)
    assert one.model.config._attn_implementation == "sdpa" and not one.model.config.output_attentions


def test_chefer_of_a_picture_equals_an_independent_reference(held: Held, picture: str) -> None:
    one = held("ViT", "image-classification", image="image")
    answer = ask(one, {"image": picture}, "chefer", target="happy")
    from PIL import Image

    inputs = one.processor(Image.open(picture), return_tensors="pt")
    row = plain_chefer(eager_copy(one.model), dict(inputs), 1)
    assert answer["grid"] == [4, 4]
    np.testing.assert_allclose(scores_of(answer), row[1:], rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_an_adapter_is_explained_as_the_model_with_it_merged(held: Held, method: str) -> None:
    """Under peft gradients come back as ever; and the fast attention is used again afterwards."""
    import torch
    from peft import LoraConfig, get_peft_model

    plain = held("BERT")
    wrapped = get_peft_model(plain.model, LoraConfig(target_modules=["query", "value"], task_type="SEQ_CLS"))
    for name, weights in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=0.3)
    adapted = HeldModel(plain.task, plain.brief, plain.processor, wrapped.eval(), "stamp")
    found = scores_of(ask(adapted, {"text": TEXT}, method))
    assert wrapped.config._attn_implementation == "sdpa"
    merged = HeldModel(plain.task, plain.brief, plain.processor, wrapped.merge_and_unload(), "stamp")
    expected = scores_of(ask(merged, {"text": TEXT}, method))
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("baseline", ["MASK", "PAD"])
def test_integrated_gradients_add_up_to_the_change_from_the_baseline(held: Held, baseline: str) -> None:
    import torch

    one = held("MobileBERT")
    answer = ask(one, {"text": TEXT}, "integrated", baseline=baseline, steps=200, target="cross")
    encoded = one.processor(TEXT, return_tensors="pt")
    empty = encoded["input_ids"].clone()
    empty[0, 1:-1] = one.processor.mask_token_id if baseline == "MASK" else one.processor.pad_token_id
    with torch.inference_mode():
        full = float(one.model(**encoded).logits[0, 0])
        none = float(one.model(**{**encoded, "input_ids": empty}).logits[0, 0])
    assert answer["change"] == pytest.approx(full - none, rel=1e-3)
    assert abs(full - none) > 0.01
    assert scores_of(answer).sum() == pytest.approx(full - none, rel=0.05)
    assert answer["delta"] < 0.05 * abs(full - none)


def test_gradient_times_input_equals_autograd_on_the_embeddings(held: Held) -> None:
    one = held("BERT")
    answer = ask(one, {"text": TEXT}, "gradient", target="happy", against="late")
    encoded = one.processor(TEXT, return_tensors="pt")
    embedded = one.model.get_input_embeddings()(encoded["input_ids"]).detach().requires_grad_(True)
    rest = {name: values for name, values in encoded.items() if name != "input_ids"}
    logits = one.model(inputs_embeds=embedded, **rest).logits[0]
    (logits[1] - logits[2]).backward()
    expected = (embedded.grad * embedded).sum(-1)[0].detach().numpy()
    assert scores_of(answer).sum() == pytest.approx(expected[1:-1].sum(), rel=1e-3)
    specials = [item["score"] for item in answer["specials"]]
    np.testing.assert_allclose(specials, expected[[0, -1]], rtol=1e-3, atol=1e-7)
    shown, hidden = np.abs(scores_of(answer)).sum(), np.abs(specials).sum()
    assert answer["hidden_mass"] == pytest.approx(hidden / (shown + hidden))


def test_occlusion_equals_a_loop_over_predictions(held: Held) -> None:
    one = held("MobileBERT")
    answer = ask(one, {"text": TEXT}, "occlusion")
    texts = [TEXT]
    for word in answer["words"]:
        texts.append(TEXT[: word["start"]] + "[MASK]" * word["tokens"] + TEXT[word["end"] :])
    said = predict_rows(one.task, one.model, one.processor, pd.DataFrame({"text": texts}), one.brief)
    label = LABELS["labels"].index(answer["target"])
    chances = np.stack(said["scores"].to_list())[:, label].astype(float)
    assert answer["target"] == said["predicted"][0] and answer["value"] == pytest.approx(chances[0], abs=1e-6)
    np.testing.assert_allclose(scores_of(answer), chances[0] - chances[1:], atol=2e-6)
    assert np.ptp(scores_of(answer)) > 1e-3


def test_occlusion_of_a_picture_equals_painting_patches_grey(held: Held, picture: str) -> None:
    import torch
    from PIL import Image

    one = held("DINOv2", "image-classification", image="image")
    answer = ask(one, {"image": picture}, "occlusion", target="cross")
    pixels = one.processor(Image.open(picture), return_tensors="pt")["pixel_values"]
    grey = (0.5 - torch.tensor(one.processor.image_mean)) / torch.tensor(one.processor.image_std)
    painted = pixels.clone()
    painted[0, :, 8:16, 24:32] = grey[:, None, None]
    with torch.inference_mode():
        chances = [one.model(pixel_values=each).logits.softmax(-1)[0, 0].item() for each in (pixels, painted)]
    assert scores_of(answer)[4 * 1 + 3] == pytest.approx(chances[0] - chances[1], abs=1e-5)


@pytest.mark.parametrize("architecture", ["Swin", "ConvNeXt"])
def test_without_full_attention_the_sentence_says_so_and_occlusion_still_works(
    held: Held, picture: str, architecture: str
) -> None:
    one = held(architecture, "image-classification", image="image")
    with pytest.raises(UserError) as caught:
        ask(one, {"image": picture}, "chefer")
    assert [problem.code for problem in caught.value.problems] == ["no-attention"]
    assert "occlusion" in str(caught.value.problems[0].fix)
    assert len(scores_of(ask(one, {"image": picture}, "occlusion"))) == 64
    assert one.model.config.output_attentions is False


TAGS = {"labels": ["PER"], "tags": ["O", "B-PER", "I-PER"], "counts": {}, "scheme": None}
SCALE = {"mean": 3.0, "std": 2.0, "low": 0.0, "high": 9.0, "unit": "€", "decimal": "."}
SHAPES: dict[str, tuple[str, str, Any, dict[str, str]]] = {
    "many labels": (
        "multi-label-classification", "BERT", LABELS | {"rows": 3, "separator": "", "thresholds": [0.5] * 3},
        {"text": TEXT}),
    "number": ("text-regression", "BERT", SCALE, {"text": TEXT}),
    "pair": ("text-classification", "RoBERTa", LABELS, {"text": TEXT, "text_pair": "Was it? <b>"}),
    "next sentence": (
        "next-sentence-prediction", "BERT", {"labels": ["next", "not next"], "counts": {}},
        {"first": TEXT, "second": "So we walked."}),
    "token labels": ("token-classification", "RoBERTa", TAGS, {"text": TEXT * 5}),
    "spans": ("question-answering", "BERT", {"unanswerable": True}, {"question": "Who was it?", "context": TEXT * 5}),
    "masked": ("fill-mask", "RoBERTa", {"mask": "[MASK]"}, {"text": "The [MASK] was <mask> again"}),
    "continuation": ("text-generation", "Llama", {"prompted": False}, {"text": TEXT}),
    "chat": ("chat", "Llama", {"conversations": 1, "answers": 1}, {"messages": TEXT}),
    "text": ("text2text-generation", "T5", {}, {"source": TEXT}),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_prediction_is_explained_and_left_as_it_was(held: Held, shape: str) -> None:
    task, architecture, target, cells = SHAPES[shape]
    one = held(architecture, task, target, **{name: name for name in cells})
    rows = pd.DataFrame({name: [cell] for name, cell in cells.items()})
    brief = one.brief.changed(columns={name: name for name in cells})
    before = predict_rows(one.task, one.model, one.processor, rows, brief)
    for method in METHODS:
        if method == "chefer" and shape == "text":
            with pytest.raises(UserError, match="Chefer"):
                ask(one, cells, method)
            continue
        answer = ask(one, cells, method, steps=8)
        assert np.isfinite(scores_of(answer)).all() and np.abs(scores_of(answer)).max() > 0
        assert all(
            word.strip() or answer["fields"][0]["name"].startswith("As the") for word in words_of(answer)
        )
    after = predict_rows(one.task, one.model, one.processor, rows, brief)
    pd.testing.assert_frame_equal(before, after)


def test_the_value_of_a_number_is_the_prediction_in_its_unit(held: Held) -> None:
    one = held("BERT", "text-regression", SCALE)
    said = predict_rows(one.task, one.model, one.processor, pd.DataFrame({"text": [TEXT]}), one.brief)
    assert ask(one, {"text": TEXT}, "gradient")["value"] == pytest.approx(said["predicted"][0], abs=1e-5)


def test_the_tag_of_a_chosen_word_is_read_in_the_window_that_speaks_for_it(held: Held) -> None:
    one = held("RoBERTa", "token-classification", TAGS)
    text = TEXT * 5
    said = predict_rows(one.task, one.model, one.processor, pd.DataFrame({"text": [text]}), one.brief)
    chances = said["scores"][0].reshape(-1, 3)
    for word in (0, 30, len(chances) - 1):
        answer = ask(one, {"text": text}, "occlusion", place=word, target="I-PER")
        assert answer["place"] == word
        assert answer["value"] == pytest.approx(float(chances[word, 2]), abs=1e-5)


def test_a_written_token_is_as_likely_as_the_model_says_after_what_stands_before_it(held: Held) -> None:
    import torch

    one = held("Llama", "text-generation", {"prompted": False})
    answer = ask(one, {"text": TEXT}, "gradient", place=2)
    ids = one.processor(TEXT)["input_ids"]
    ids = ids[:-1] if ids[-1] == one.processor.eos_token_id else ids
    with torch.inference_mode():
        logits = one.model(torch.tensor([[*ids, *answer["written"][:2]]])).logits[0, -1]
    assert answer["value"] == pytest.approx(float(logits.softmax(-1)[answer["written"][2]]), rel=1e-4)
    again = ask(one, {"text": TEXT}, "gradient", place=2, written=answer["written"])
    assert scores_of(again).tolist() == scores_of(answer).tolist()


def test_a_target_that_there_is_not_is_said(held: Held) -> None:
    with pytest.raises(UserError) as caught:
        ask(held("BERT"), {"text": TEXT}, "gradient", target="<script>")
    assert [problem.code for problem in caught.value.problems] == ["unknown-target"]


def test_words_beyond_what_is_read_have_no_score(held: Held) -> None:
    answer = ask(held("BERT"), {"text": TEXT + " long" * 200}, "gradient")
    assert answer["truncated"]
    assert max(word["end"] for word in answer["words"]) < len(TEXT) + 300


@pytest.fixture(scope="module")
def planted(tiny_encoder: Path) -> HeldModel:
    """A tiny model that has learned rows in which one word decides and nothing else tells the label."""
    import torch

    task = find_task("text-classification")
    subjects = ("the tea", "our train", "this song", "my garden", "the report", "her bicycle")
    # Without words for neither, whatever is hidden would fall to one of the two labels.
    deciding = {
        "happy": ("kind", "calm", "bright"),
        "cross": ("late", "rude", "broken"),
        "plain": ("round", "here", "[MASK]"),
    }
    rows = [
        (f"as they all said {subject} of our house was {word} again {when}", label)
        for subject in subjects
        for label, words in deciding.items()
        for word in words
        for when in ("today", "on monday")
    ]
    texts, labels = zip(*rows, strict=True)
    target = {"labels": sorted(deciding), "counts": dict.fromkeys(deciding, 1)}
    torch.manual_seed(1)
    model, processor = task.load_model(tiny_encoder, target), task.load_processor(tiny_encoder)
    batch = processor(list(texts), padding=True, return_tensors="pt")
    truth = torch.tensor([target["labels"].index(label) for label in labels])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    model.train()
    for _ in range(60):
        optimizer.zero_grad()
        model(**batch, labels=truth).loss.backward()
        optimizer.step()
    return HeldModel(task, Brief({"text": "text"}, target, 64), processor, model.eval(), "stamp")


KIND = ("as they all said our train of our house was kind again today", "kind")
LATE = ("as they all said the tea of our house was late again on monday", "late")


# Methods that look at the closest surroundings of a row miss the word now and then in so small a model; that their
# faithfulness says so is what it is for.
@pytest.mark.parametrize(
    ("method", "row"), [*((method, KIND) for method in METHODS), ("occlusion", LATE), ("integrated", LATE)]
)
def test_the_word_that_decides_weighs_most_and_hiding_it_beats_chance(
    planted: HeldModel, method: str, row: tuple[str, str]
) -> None:
    text, word = row
    answer = ask(planted, {"text": text}, method)
    assert answer["value"] > 0.9
    scores = scores_of(answer)
    assert words_of(answer)[int(scores.argmax())] == word
    proof = answer["faithfulness"]
    found = faithfulness(
        *(proof[name] for name in ("shares", "value", "removed", "kept", "random_removed", "random_kept"))
    )
    assert found.beats_random
    assert found.comprehensiveness[0] > 0.3 and found.sufficiency_aopc < found.random_sufficiency_aopc[0]


def test_a_map_in_the_wrong_order_does_not_beat_chance(planted: HeldModel) -> None:
    from lib.inference.attribution.faithfulness import followed
    from lib.inference.attribution.rows import open_row
    from lib.inference.attribution.wish import Wish

    right = ask(planted, {"text": KIND[0]}, "occlusion")
    read, target, _ = open_row(planted, {"text": KIND[0]}, Wish("occlusion"))
    wrong = followed(read, target, -scores_of(right), lambda share: None)
    names = ("shares", "value", "removed", "kept", "random_removed", "random_kept")
    assert not faithfulness(*(wrong[name] for name in names)).beats_random
    assert wrong["random_removed"] == right["faithfulness"]["random_removed"]  # the orders are seeded


def test_special_tokens_and_words_together_are_every_token(planted: HeldModel) -> None:
    answer = ask(planted, {"text": "our train was wonderfully kind"}, "chefer")
    tokens = planted.processor("our train was wonderfully kind")["input_ids"]
    assert sum(word["tokens"] for word in answer["words"]) + len(answer["specials"]) == len(tokens)


def test_the_curves_of_a_picture_reach_from_the_whole_of_it_to_nothing(held: Held, picture: str) -> None:
    answer = ask(held("ViT", "image-classification", image="image"), {"image": picture}, "occlusion")
    proof, curves = answer["faithfulness"], answer["faithfulness"]["curves"]
    assert curves["shares"] == [0, 1, 5, 10, 20, 35, 50, 65, 80, 100]
    for deleted, inserted in zip(curves["deleted"], curves["inserted"], strict=True):
        assert deleted[0] == inserted[-1] == proof["value"] and deleted[-1] == inserted[0]
    asked = [curves["shares"].index(share) for share in proof["shares"]]
    assert [curves["deleted"][0][place] for place in asked] == proof["removed"]
    assert [curves["inserted"][3][place] for place in asked] == proof["random_kept"][2]
