"""Token losses: equal to the judged row's own loss, in every layout, and to transformers' own probabilities."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.data.cells import to_cell
from lib.errors import UserError
from lib.inference.models import HeldModel
from lib.inference.token_features import scored_features
from lib.inference.token_losses import token_losses
from lib.inference.token_texts import token_name, token_texts
from lib.inference.token_work import score_tokens
from lib.methods import find_method
from lib.runs.files import write_json
from lib.tasks import find_task
from lib.tasks.brief import Brief
from tests.models.tiny import tiny_checkpoint

LONG = "the tea was wonderful on a bright morning and our train was late again 🙂 " * 8
TALK = [
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris is the capital of France."},
    {"role": "user", "content": "And the tea?"},
    {"role": "assistant", "content": "the tea was wonderful 🙂"},
]
CASES: dict[str, tuple[str, str, dict[str, str], dict[str, list[str]]]] = {
    "windows": ("text-generation", "Llama", {"text": "text"}, {"text": [LONG, "the tea", "a"]}),
    "completions": (
        "text-generation", "Llama", {"prompt": "title", "completion": "body"},
        {"title": ["the tea", LONG], "body": ["was late again", "this is cut away"]},
    ),
    "chat": ("chat", "Llama", {"messages": "messages"}, {"messages": [to_cell(TALK), to_cell(TALK[:2])]}),
    "absolute places": ("chat", "GPT-2", {"messages": "messages"}, {"messages": [to_cell(TALK)]}),
    "summaries": (
        "summarization", "T5", {"text": "text", "summary": "summary"},
        {"text": [LONG, "the report was rude"], "summary": ["the tea was late", "a rude report " * 20]},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def of(architecture: str) -> Path:
        if architecture not in made:
            made[architecture] = tiny_checkpoint(
                architecture, tmp_path_factory.mktemp("tiny") / architecture.lower()
            )
        return made[architecture]

    return of


def held_model(
    folder: Path, task: str, columns: dict[str, str], *, adapter: bool = False, **options: Any
) -> HeldModel:
    import torch

    task_of = find_task(task)
    processor = task_of.load_processor(folder)
    target = {"prompted": "prompt" in columns} if task == "text-generation" else {}
    if task == "summarization":
        target = task_of.describe_target(pd.DataFrame(CASES["summaries"][3], dtype="str"), columns)
    torch.manual_seed(3)
    model = task_of.load_model(folder, target)
    brief = task_of.settled(model, processor, Brief(columns, target, 32, options))
    if adapter:
        model = find_method("lora").prepare(model, {"rank": 2})
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.3)
    return HeldModel(task_of, brief, processor, model.eval(), "now")


def scored(
    held: HeldModel, rows: pd.DataFrame, folder: Path, **request: Any
) -> tuple[pd.DataFrame, dict[str, Any]]:
    source, sink = folder / "rows.parquet", folder / "tokens.parquet"
    rows.to_parquet(source, index=False)
    asked = {
        "rows": str(source),
        "out": str(sink),
        "columns": held.brief.columns,
        "of": "truth",
        "model": "folder:x",
    }
    answer = score_tokens(held, asked | request, on_rows=lambda done: None)
    return pd.read_parquet(sink), answer


@pytest.mark.parametrize("adapter", [False, True], ids=["whole", "lora"])
@pytest.mark.parametrize("case", CASES)
def test_the_mean_over_the_tokens_is_the_loss_of_the_judged_row(
    case: str, adapter: bool, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    task, architecture, columns, cells = CASES[case]
    held = held_model(checkpoint(architecture), task, columns, adapter=adapter)
    rows = pd.DataFrame(cells, dtype="str")
    judged = held.task.evaluate(held.model, held.processor, rows, held.brief)
    found, _ = scored(held, rows, tmp_path)
    means = found.groupby("row")["loss"].mean().reindex(range(len(rows)))
    if case == "completions":  # its answer begins after what the model reads
        assert math.isnan(means[1]) and pd.isna(judged["loss"][1])
    np.testing.assert_allclose(means, judged["loss"].astype(float), rtol=2e-6)
    if "tokens_judged" in judged:
        assert found.groupby("row")["loss"].count().tolist() == judged["tokens_judged"].tolist()


@pytest.mark.parametrize("case", ["windows", "chat", "summaries"])
def test_an_adapter_turned_off_is_the_model_it_lies_on(
    case: str, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    task, architecture, columns, cells = CASES[case]
    rows = pd.DataFrame(cells, dtype="str")
    plain, _ = scored(held_model(checkpoint(architecture), task, columns), rows, tmp_path)
    both, answer = scored(
        held_model(checkpoint(architecture), task, columns, adapter=True), rows, tmp_path, untuned=True
    )
    assert answer["untuned"]
    np.testing.assert_allclose(both["untuned_loss"], plain["loss"], rtol=1e-5)
    assert not np.allclose(both["loss"].dropna(), plain["loss"].dropna(), rtol=1e-3)


def test_grey_is_exactly_what_training_leaves_out(checkpoint: Callable[[str], Path], tmp_path: Path) -> None:
    task, architecture, columns, cells = CASES["chat"]
    held = held_model(checkpoint(architecture), task, columns)
    trained = held.task.encode_training(held.processor, cells, held.brief)
    found, _ = scored(held, pd.DataFrame(cells, dtype="str"), tmp_path)
    for row, (ids, labels) in enumerate(zip(trained["input_ids"], trained["labels"], strict=True)):
        part = found[found["row"] == row]
        assert part["id"].tolist() == ids
        assert part["loss"].notna().tolist() == [at > 0 and label != -100 for at, label in enumerate(labels)]


def test_alternatives_entropy_and_rank_equal_a_softmax_by_hand(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    import torch

    held = held_model(checkpoint("Llama"), "text-generation", {"text": "text"})
    found, _ = scored(held, pd.DataFrame({"text": ["the tea was late"]}), tmp_path)
    with torch.inference_mode():
        logits = held.model(torch.tensor([found["id"].tolist()])).logits[0].double()
    for place in range(1, len(found)):
        chances = torch.softmax(logits[place - 1], dim=-1)
        best = chances.topk(5)
        line = found.iloc[place]
        told = json.loads(line["others"])
        assert [name for name, _ in told] == [token_name(held.processor, int(one)) for one in best.indices]
        assert [chance for _, chance in told] == pytest.approx(best.values.tolist(), abs=2e-6)
        assert line["loss"] == pytest.approx(-math.log(chances[line["id"]]), rel=1e-4)
        assert line["entropy"] == pytest.approx(float(-(chances * chances.log()).sum()), rel=1e-4)
        assert line["rank"] == int((chances > chances[line["id"]]).sum()) + 1
    assert pd.isna(found["loss"][0]) and pd.isna(found["others"][0])


@pytest.mark.parametrize("architecture", ["T5", "BART"])
def test_what_a_seq2seq_model_writes_has_the_probabilities_it_was_written_with(
    architecture: str, checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    """Against transformers' compute_transition_scores, and against a forward pass over source and text."""
    import torch

    task, _, columns, cells = CASES["summaries"]
    held = held_model(checkpoint(architecture), task, columns, max_target_length=9)
    if architecture == "T5":  # untrained it writes nothing but padding
        torch.manual_seed(0)
        torch.nn.init.normal_(held.model.shared.weight).data[:2] = 0
    found, _ = scored(held, pd.DataFrame(cells, dtype="str").drop(columns="summary"), tmp_path, of="written")
    for row, text in enumerate(cells["text"]):
        read = held.task.encode(held.processor, {"text": [text]}, held.brief)
        inputs = {name: torch.tensor(read[name]) for name in ("input_ids", "attention_mask")}
        written = held.model.generate(**inputs, output_scores=True, return_dict_in_generate=True)
        scores = held.model.compute_transition_scores(
            written.sequences, written.scores, normalize_logits=True
        )[0].double()
        losses = found[found["row"] == row]["loss"].to_numpy()
        ids = found[found["row"] == row]["id"].tolist()
        assert ids == written.sequences[0, 1 : len(ids) + 1].tolist()
        forced = [
            at for at, score in enumerate(scores.tolist()) if score == 0
        ]  # an end mark where writing must stop
        free = [at for at in range(len(ids)) if at not in forced]
        np.testing.assert_allclose(losses[free], -scores.numpy()[free], rtol=1e-4, atol=1e-6)
        with torch.inference_mode():
            logits = held.model(**inputs, decoder_input_ids=written.sequences[:, :-1]).logits[0]
        logs = torch.log_softmax(logits.double(), dim=-1)
        by_hand = [-float(logs[at, token]) for at, token in enumerate(ids)]
        np.testing.assert_allclose(losses, by_hand, rtol=1e-4, atol=1e-6)


def test_a_model_that_writes_nothing_but_padding_has_no_tokens(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    task, _, columns, cells = CASES["summaries"]
    held = held_model(checkpoint("T5"), task, columns, max_target_length=9)
    found, answer = scored(held, pd.DataFrame(cells, dtype="str"), tmp_path, of="written", untuned=True)
    assert found.empty and "loss" in found and not answer["untuned"]


def test_what_a_chat_model_writes_is_scored_in_the_place_of_its_answer(
    checkpoint: Callable[[str], Path],
) -> None:
    held = held_model(checkpoint("Llama"), "chat", {"messages": "messages"}, max_new_tokens=5)
    rows = pd.DataFrame({"messages": ["What is the capital?"]})
    features = scored_features(held.task, held.model, held.processor, rows, held.brief, of="written")
    answered = held.task.samples(held.model, held.processor, rows, held.brief)[0]["written"]
    learned = [
        token
        for token, label in zip(features["input_ids"][0], features["labels"][0], strict=True)
        if label != -100
    ]
    assert held.processor.decode(learned, skip_special_tokens=True).strip() == answered


def test_a_plain_text_is_scored_without_template_or_end_mark(
    checkpoint: Callable[[str], Path], tmp_path: Path
) -> None:
    held = held_model(checkpoint("Llama"), "chat", {"messages": "messages"})
    found, _ = scored(held, pd.DataFrame({"text": [LONG]}), tmp_path, of="plain")
    assert "".join(found["text"]) == LONG
    assert found["loss"].notna().tolist() == [False] + [True] * (len(found) - 1)


@pytest.mark.parametrize("architecture", ["Llama", "T5", "BART"])
@pytest.mark.parametrize("text", ["the tea 🙂🙂 café", "a", "line\n\nbreaks  and blanks", "日本"])
def test_the_texts_of_the_tokens_join_to_what_the_tokenizer_decodes(
    architecture: str, text: str, checkpoint: Callable[[str], Path]
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint(architecture))
    ids = tokenizer(text)["input_ids"]
    found = token_texts(tokenizer, ids)
    assert len(found) == len(ids)
    assert "".join(found) == tokenizer.decode(ids, clean_up_tokenization_spaces=False)


def test_a_model_that_writes_nothing_is_refused_in_a_sentence(tiny_encoder: Path, tmp_path: Path) -> None:
    task = find_task("text-classification")
    held = HeldModel(task, Brief({"text": "text"}, {"labels": ["a"]}, 32), None, None, "now")
    with pytest.raises(UserError, match="token by token"):
        scored(held, pd.DataFrame({"text": ["a"]}), tmp_path)


def test_the_host_answers_with_the_same_numbers(
    checkpoint: Callable[[str], Path], home: Path, tmp_path: Path
) -> None:
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(checkpoint("Llama"), folder)
    about = {
        "task": "text-generation",
        "target": {"prompted": False},
        "columns": {"text": "text"},
        "max_length": 32,
    }
    write_json(folder / "atelier.json", about)
    rows = pd.DataFrame({"text": [LONG, "the tea was late"]}, index=[7, 3])
    seen: list[int] = []
    found = token_losses(
        f"folder:{folder}",
        rows,
        {"text": "text"},
        untuned=True,
        on_progress=lambda done, total: seen.append(total),
    )
    held = held_model(checkpoint("Llama"), "text-generation", {"text": "text"})
    expected, _ = scored(held, rows, tmp_path)
    np.testing.assert_allclose(found.frame["loss"], expected["loss"], rtol=1e-6)
    assert not found.has_untuned and "untuned_loss" not in found.frame
    assert set(seen) <= {2}
    with pytest.raises(UserError, match="no rows"):
        token_losses(f"folder:{folder}", rows.head(0), {"text": "text"})
