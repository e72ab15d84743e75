"""Reading a text and writing another: prefixes, cutting, losses, generation settings and what the folder carries."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.tasks.seq2seq import (
    Seq2SeqOptions,
    as_frame,
    encode_sources,
    generation_settings,
    reference_losses,
    write,
)
from lib.tasks.summarization import Summarization
from lib.tasks.text2text_generation import Text2TextGeneration
from lib.tasks.translation import Translation
from tests.tasks.writing import SENTENCES, pairs, run_usage, settled

torch = pytest.importorskip("torch")
TASK = Summarization()
ALL = ["T5", "Flan-T5", "mT5", "BART", "Marian"]


@pytest.mark.parametrize(
    ("architecture", "given", "prefix"),
    [
        ("T5", "auto", "summarize: "),
        ("Flan-T5", "auto", "summarize: "),
        ("mT5", "auto", ""),
        ("BART", "auto", ""),
        ("BART", "tl;dr", "tl;dr "),
        ("T5", "", ""),
        ("T5", "  title: ", "title: "),
    ],
)
def test_models_that_are_told_by_prefix_get_one(
    tmp_path: Path, architecture: str, given: str, prefix: str
) -> None:
    _, processor, brief = settled(TASK, tmp_path, architecture, prefix=given)
    assert brief.options["prefix"] == prefix
    ids = encode_sources(processor, ["the tea was late"], brief)["input_ids"][0]
    assert ids == processor(prefix + "the tea was late")["input_ids"]


def test_a_model_that_was_taught_with_a_prefix_of_its_own_keeps_it(tmp_path: Path) -> None:
    model, processor, _ = settled(TASK, tmp_path / "one", prefix="tl;dr:")
    model.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")
    assert settled(TASK, tmp_path / "saved")[2].options["prefix"] == "tl;dr: "


@pytest.mark.parametrize(
    ("architecture", "options", "prefix"),
    [
        ("T5", {"source_language": "English", "target_language": "French"}, "translate English to French: "),
        ("T5", {"source_language": "English"}, ""),
        ("T5", {}, ""),
        ("T5", {"source_language": "English", "target_language": "French", "prefix": "fr:"}, "fr: "),
        ("Marian", {"source_language": "English", "target_language": "French"}, ""),
    ],
)
def test_t5_is_told_the_languages(
    tmp_path: Path, architecture: str, options: dict[str, str], prefix: str
) -> None:
    assert settled(Translation(), tmp_path, architecture, **options)[2].options["prefix"] == prefix


def test_text_to_text_has_no_prefix_of_its_own(tmp_path: Path) -> None:
    assert settled(Text2TextGeneration(), tmp_path)[2].options["prefix"] == ""


def test_cutting_is_reported_on_both_sides(tmp_path: Path) -> None:
    _, processor, brief = settled(TASK, tmp_path, max_length=16, max_target_length=5, prefix="")
    long, short = "the tea was wonderful " * 9, "tea"
    features = TASK.encode_training(processor, {"text": [long, short], "summary": [short, long]}, brief)
    assert features["truncated"] == [True, False]
    assert features["target_truncated"] == [False, True]
    assert features["length"][0] == len(features["input_ids"][0]) == 16
    assert len(features["labels"][1]) == 5
    assert [ids[-1] for ids in features["labels"]] == [processor.eos_token_id] * 2


def test_a_text_of_exactly_the_longest_length_is_not_called_cut(tmp_path: Path) -> None:
    _, processor, brief = settled(TASK, tmp_path, prefix="")
    exact = len(processor(SENTENCES[0])["input_ids"])
    brief = brief.changed(max_length=exact, options={**brief.options, "max_target_length": exact})
    features = TASK.encode_training(processor, {"text": [SENTENCES[0]], "summary": [SENTENCES[0]]}, brief)
    assert (features["truncated"], features["target_truncated"]) == ([False], [False])


def test_a_batch_is_padded_to_eights_and_its_references_with_minus_100(tmp_path: Path) -> None:
    _, processor, brief = settled(TASK, tmp_path)
    features = TASK.encode_training(processor, {"text": SENTENCES, "summary": SENTENCES}, brief)
    rows = [
        {name: features[name][at] for name in ("input_ids", "attention_mask", "labels")} for at in range(5)
    ]
    batch = TASK.collator(processor, brief, training=True)(rows)
    assert batch["input_ids"].shape[1] % 8 == 0 and batch["labels"].shape[1] % 8 == 0
    for row, feature in zip(batch["labels"].tolist(), rows, strict=True):
        assert row == feature["labels"] + [-100] * (len(row) - len(feature["labels"]))


@pytest.mark.parametrize("architecture", ALL)
def test_the_loss_is_that_of_the_reference_alone_in_a_loop_of_its_own(
    tmp_path: Path, architecture: str
) -> None:
    model, processor, brief = settled(TASK, tmp_path, architecture, max_target_length=10)
    references = list(reversed(SENTENCES))
    found = reference_losses(model, processor, SENTENCES, references, brief, batch=3)
    for source, reference, loss in zip(SENTENCES, references, found, strict=True):
        read = processor(brief.options["prefix"] + source, return_tensors="pt")
        labels = processor(reference, return_tensors="pt", truncation=True, max_length=10)["input_ids"]
        with torch.inference_mode():
            alone = model(input_ids=read["input_ids"], attention_mask=read["attention_mask"], labels=labels)
        logs = torch.log_softmax(alone.logits, dim=-1)[0]
        expected = -np.mean([float(logs[at, number]) for at, number in enumerate(labels[0].tolist())])
        assert loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_label_smoothing_mixes_in_all_other_tokens(tmp_path: Path, smoothing: float) -> None:
    model, processor, brief = settled(TASK, tmp_path, label_smoothing=smoothing)
    features = TASK.encode_training(processor, {"text": SENTENCES, "summary": SENTENCES}, brief)
    rows = [
        {name: features[name][at] for name in ("input_ids", "attention_mask", "labels")} for at in range(5)
    ]
    batch = dict(TASK.collator(processor, brief, training=True)(rows))
    found = TASK.loss(model, batch, brief)
    if not smoothing:
        assert found is None
        return
    logs = torch.log_softmax(model(**batch).logits, dim=-1)
    kept = batch["labels"] != -100
    truth = logs.gather(-1, batch["labels"].clamp(min=0)[..., None])[..., 0][kept].mean()
    expected = -(1 - smoothing) * truth - smoothing * logs[kept].mean()
    assert found[0].item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("architecture", ALL)
def test_the_saved_folder_writes_the_same_in_plain_transformers(tmp_path: Path, architecture: str) -> None:
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model, processor, brief = settled(
        TASK,
        tmp_path / "tiny",
        architecture,
        num_beams=3,
        no_repeat_ngram_size=2,
        length_penalty=1.5,
        min_new_tokens=4,
    )
    rows = pairs(TASK, list(SENTENCES), list(SENTENCES))
    written = TASK.evaluate(model, processor, rows, brief)["predicted"].tolist()
    model.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "saved")
    alone = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "saved")
    prefix = alone.config.task_specific_params["summarization"]["prefix"]
    for text, expected in zip(SENTENCES, written, strict=True):
        read = tokenizer(prefix + text, return_tensors="pt")
        ids = alone.generate(read["input_ids"], attention_mask=read["attention_mask"])[0]
        assert tokenizer.decode(ids, skip_special_tokens=True).strip() == expected


def test_weights_that_are_not_tied_come_back_as_they_were(tmp_path: Path) -> None:
    model, processor, _ = settled(TASK, tmp_path / "tiny", "Flan-T5")
    model.lm_head.weight = torch.nn.Parameter(torch.randn_like(model.shared.weight))
    for name, folder in (("first", tmp_path / "first"), ("again", tmp_path / "again")):
        model.save_pretrained(folder)
        processor.save_pretrained(folder)
        read = TASK.load_model(folder, None)
        assert not torch.equal(read.lm_head.weight, read.shared.weight), name
        for part, weights in model.state_dict().items():
            assert torch.equal(weights, read.state_dict()[part]), (name, part)
        model = read


def test_a_half_precision_checkpoint_is_learned_from_in_single_precision(tmp_path: Path) -> None:
    model, processor, _ = settled(TASK, tmp_path / "tiny")
    model.half().save_pretrained(tmp_path / "half")
    processor.save_pretrained(tmp_path / "half")
    assert {weights.dtype for weights in TASK.load_model(tmp_path / "half", None).parameters()} == {
        torch.float32
    }


def test_what_the_options_say_is_what_is_written(tmp_path: Path) -> None:
    model, processor, _ = settled(
        TASK, tmp_path, min_new_tokens=9, max_target_length=9, no_repeat_ngram_size=1
    )
    read = processor([SENTENCES[0]], return_tensors="pt")
    ids = model.generate(read["input_ids"], attention_mask=read["attention_mask"])[0].tolist()[1:]
    assert len(ids) == 9 and len(set(ids)) == 9


@pytest.mark.parametrize("beams", [1, 4])
def test_settings_of_an_earlier_life_are_overruled_and_tokens_kept(tmp_path: Path, beams: int) -> None:
    from tests.models.tiny import tiny_checkpoint

    folder = tiny_checkpoint("BART", tmp_path / "tiny")
    settings = folder / "generation_config.json"
    before = json.loads(settings.read_text()) | {
        "max_length": 142, "min_length": 56, "num_beams": 4, "length_penalty": 2.0, "early_stopping": True,
        "forced_bos_token_id": 0, "do_sample": True, "temperature": 0.7,
    }  # fmt: skip
    settings.write_text(json.dumps(before))
    model, _, _ = settled(TASK, folder, num_beams=beams, length_penalty=0.5)
    model.save_pretrained(tmp_path / "saved")
    after = json.loads((tmp_path / "saved" / "generation_config.json").read_text())
    assert (after["max_new_tokens"], after["num_beams"], after["forced_bos_token_id"]) == (12, beams, 0)
    assert after.get("length_penalty") == (0.5 if beams > 1 else None)
    assert not {"max_length", "min_length", "temperature"} & set(after)
    assert after["do_sample"] is False


def test_every_setting_of_one_beam_can_be_saved(tmp_path: Path) -> None:
    from transformers import GenerationConfig

    settings = generation_settings(Seq2SeqOptions(length_penalty=3.0))
    GenerationConfig(**settings).save_pretrained(tmp_path)


def test_tokens_are_counted_without_start_end_and_padding(tmp_path: Path) -> None:
    _, processor, _ = settled(TASK, tmp_path)

    class Written:
        """Answers as a model would, with two texts of unlike length."""

        def generate(self, **read: object) -> "torch.Tensor":
            texts = [processor("tea was late")["input_ids"], processor("tea")["input_ids"]]
            longest = max(map(len, texts))
            return torch.tensor([[0, *ids] + [0] * (longest - len(ids)) for ids in texts])

    said = as_frame(write(Written(), {"input_ids": None, "attention_mask": None}, processor))
    assert said["predicted"].tolist() == ["tea was late", "tea"]
    assert said["gen_len"].tolist() == [
        len(processor(text, add_special_tokens=False)["input_ids"]) for text in ("tea was late", "tea")
    ]


def test_the_usage_snippet_prints_what_the_model_writes(tmp_path: Path) -> None:
    model, processor, brief = settled(TASK, tmp_path / "tiny")
    rows = pairs(TASK, [SENTENCES[1]], ["x"])
    written = TASK.evaluate(model, processor, rows, brief)["predicted"][0]
    model.save_pretrained(tmp_path / "saved")
    processor.save_pretrained(tmp_path / "saved")
    assert run_usage(TASK.usage(str(tmp_path / "saved"), brief), SENTENCES[1]) == written


def test_samples_are_what_is_written_for_the_rows(tmp_path: Path) -> None:
    model, processor, brief = settled(TASK, tmp_path)
    rows = pairs(TASK, SENTENCES[:3], ["a", "b", "c"])
    said = TASK.samples(model, processor, rows, brief)
    judged = TASK.evaluate(model, processor, rows, brief)
    assert said == [
        {"input": text, "expected": expected, "written": written}
        for text, expected, written in zip(SENTENCES, "abc", judged["predicted"], strict=False)
    ]
    assert list(judged.index) == list(rows.index)


@pytest.fixture(scope="module")
def mbart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny mBART-50 with its language codes."""
    from transformers import MBart50Tokenizer, MBartConfig, MBartForConditionalGeneration

    folder = tmp_path_factory.mktemp("mbart")
    words = sorted({f"▁{word}" for text in SENTENCES for word in text.split()})
    tokenizer = MBart50Tokenizer(
        vocab=[(word, -float(at)) for at, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", "▁", *words])],
        src_lang="en_XX",
        tgt_lang="ro_RO",
    )
    tokenizer.save_pretrained(folder)
    config = MBartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=64,
        decoder_start_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    MBartForConditionalGeneration(config).save_pretrained(folder)
    return folder


def test_models_with_language_codes_are_told_both_languages(mbart: Path, tmp_path: Path) -> None:
    task = Translation()
    model, processor, brief = settled(task, mbart, source_language="fr_XX", target_language="de_DE")
    first, german = (processor.convert_tokens_to_ids(code) for code in ("fr_XX", "de_DE"))
    features = task.encode_training(processor, {"source": ["our train"], "target": ["late"]}, brief)
    assert features["input_ids"][0][0] == first
    assert features["labels"][0][0] == german
    model.save_pretrained(tmp_path)
    processor.save_pretrained(tmp_path)
    assert task.load_model(tmp_path, None).generation_config.forced_bos_token_id == german
    assert (
        task.encode(task.load_processor(tmp_path), {"source": ["our train"]}, brief)["input_ids"][0][0]
        == first
    )


def test_a_language_without_a_code_is_refused_with_those_there_are(mbart: Path) -> None:
    with pytest.raises(UserError, match=r"Klingon.*ar_AR"):
        settled(Translation(), mbart, source_language="Klingon", target_language="de_DE")


def test_a_frame_of_nothing_written_has_its_columns() -> None:
    assert as_frame([]).dtypes.astype(str).to_dict() == {"predicted": "str", "gen_len": "int64"}
    assert isinstance(as_frame([]), pd.DataFrame)
