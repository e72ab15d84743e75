"""Text generation: what is read, what is learned and what is not, blocks of texts, perplexity, writing."""

import json
import math
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.models.scratch import build_scratch
from lib.plan.columns import choose_columns
from lib.tasks.brief import Brief
from lib.tasks.causal import causal_collator, rooms, set_writing, write_for
from lib.tasks.likelihood import judge_features, perplexity_scores
from lib.tasks.text_generation import TextGeneration, TextOptions
from tests.conftest import SHARED

TASK = TextGeneration()
QUICK_MODEL = "scratch:llama-tiny"
QUICK_OPTIONS = {"learning_rate": 3e-3, "epochs": 3, "batch_size": 8, "max_length": 128, "max_new_tokens": 12}
LEARNED = {"untuned": 100.0}
TEXTS = [
    f"the {noun} was {how} on day {day}"
    for day in range(8)
    for noun in ("tea", "train")
    for how in ("late", "fine")
]
PAIRS, ALONE = {"prompt": "title", "completion": "description"}, {"text": "text"}


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model).eval()
    found = []
    for row in rows:
        prompt = tokenizer(row["title"] + "\n", return_tensors="pt")
        with torch.inference_mode():
            written = network.generate(**prompt)[0, prompt["input_ids"].shape[1] :]
        found.append(tokenizer.decode(written, skip_special_tokens=True).strip())
    return found


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_scratch("llama-tiny", TEXTS, tmp_path_factory.mktemp("scratch") / "llama", vocabulary=400)


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GPT-2 as it is found in the world: no padding token, no chat template, absolute positions."""
    from transformers import AutoTokenizer

    folder = build_scratch("gpt2-tiny", TEXTS, tmp_path_factory.mktemp("scratch") / "gpt2", vocabulary=400)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token, tokenizer.chat_template, tokenizer.eos_token = None, None, "<|endoftext|>"
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    tokenizer.save_pretrained(folder)
    return folder


def brief(columns: dict[str, str], max_length: int = 32, **options: Any) -> Brief:
    return Brief(columns, {"prompted": "prompt" in columns}, max_length, vars(TextOptions(**options)))


def rows(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["title", "description"], dtype="str")


GUESSES = [
    (["title", "description"], PAIRS),
    (["Prompt", "Completion"], {"prompt": "Prompt", "completion": "Completion"}),
    (["text"], ALONE),
    (["poem", "year"], {"text": "poem"}),
]


@pytest.mark.parametrize(("names", "columns"), GUESSES, ids=[" ".join(guess[0]) for guess in GUESSES])
def test_a_table_is_recognised_as_pairs_or_as_texts(names: list[str], columns: dict[str, str]) -> None:
    frame = pd.DataFrame(
        {
            name: [str(1900 + n) if name == "year" else f"{name} {n} of several words" for n in range(50)]
            for name in names
        },
        dtype="str",
    )
    assert choose_columns(TASK, frame) == (columns, [])


def test_of_a_pair_only_the_completion_and_the_end_mark_are_learned(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    shown = TASK.shown(tokenizer, {"title": ["the tea"], "description": ["was late"]}, brief(PAIRS))
    assert shown == [
        {"text": "the tea\n", "trained": False},
        {"text": "was late<|im_end|>", "trained": True},
    ]


def test_a_prompt_that_ends_in_white_space_gets_no_line_break(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    shown = TASK.shown(tokenizer, {"title": ["the tea "], "description": ["was late"]}, brief(PAIRS))
    assert [part["text"] for part in shown] == ["the tea ", "was late<|im_end|>"]


def test_what_is_learned_begins_where_the_prompt_ends_when_asked(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    plan = brief(PAIRS)
    asked = TASK.encode(tokenizer, {"title": ["the tea"]}, plan)["input_ids"][0]
    learned = TASK.encode_training(tokenizer, {"title": ["the tea"], "description": ["was late"]}, plan)
    assert learned["input_ids"][0][: len(asked)] == asked
    assert learned["labels"][0][: len(asked)] == [-100] * len(asked)
    assert learned["labels"][0][len(asked) :] == learned["input_ids"][0][len(asked) :]


def test_pairs_whose_completion_is_cut_away_are_dropped_and_the_log_says_how_many(
    llama: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = TASK.load_processor(llama)
    table = {"title": ["the tea", "the train " * 30], "description": ["was late", "was fine"]}
    features = TASK.encode_training(tokenizer, table, brief(PAIRS))
    assert len(features["input_ids"]) == 1
    assert "1 rows are left out" in caplog.text


def test_packing_loses_no_token_and_learns_nothing_across_the_border_of_two_texts(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    packed = TASK.encode_training(tokenizer, {"text": TEXTS}, brief(ALONE))
    alone = [[*tokenizer(text)["input_ids"], tokenizer.eos_token_id] for text in TEXTS]
    assert [token for block in packed["input_ids"] for token in block] == list(chain(*alone))
    assert {len(block) for block in packed["input_ids"][:-1]} == {32}
    ids, labels = list(chain(*packed["input_ids"])), list(chain(*packed["labels"]))
    firsts = set(np.cumsum([0, *map(len, alone)])[:-1].tolist())
    assert {place for place, label in enumerate(labels) if label == -100} == firsts
    assert all(label in (-100, token) for label, token in zip(labels, ids, strict=True))


def test_a_long_text_is_judged_in_windows_each_token_but_the_first_once(llama: Path) -> None:
    tokenizer, model = TASK.load_processor(llama), TASK.load_model(llama, None)
    text = " ".join(TEXTS)
    judged = TASK.evaluate(model, tokenizer, pd.DataFrame({"text": [text]}, dtype="str"), brief(ALONE))
    assert judged["tokens_judged"].tolist() == [len(tokenizer(text)["input_ids"])]
    [learned] = map(json.loads, judged["learned"])
    assert "".join(part["text"] for part in learned) == text + "<|im_end|>"


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_the_loss_and_the_perplexity_equal_a_computation_by_hand(
    family: str, request: pytest.FixtureRequest
) -> None:
    """−ln p of each completion token given all before it, one row at a time without padding."""
    import torch

    folder = request.getfixturevalue(family)
    tokenizer, model = TASK.load_processor(folder), TASK.load_model(folder, None)
    table = rows(
        ("the tea", "was late on day 1"), ("the train was", "fine"), ("a", "the tea was fine on day 7")
    )
    nll, count = [], []
    for title, description in table.itertuples(index=False):
        given = tokenizer(title + "\n")["input_ids"]
        ids = torch.tensor([[*tokenizer(f"{title}\n{description}")["input_ids"], tokenizer.eos_token_id]])
        logs = torch.log_softmax(model.eval()(ids).logits[0].detach().double(), dim=-1)
        places = range(len(given), ids.shape[1])
        nll.append(-sum(float(logs[at - 1, ids[0, at]]) for at in places))
        count.append(len(places))
    judged = TASK.evaluate(model, tokenizer, table, brief(PAIRS))
    assert judged["nll"].tolist() == pytest.approx(nll, rel=1e-4)
    assert judged["tokens_judged"].tolist() == count
    assert judged["loss"].tolist() == pytest.approx(
        [a / b for a, b in zip(nll, count, strict=True)], rel=1e-4
    )
    scores = TASK.score(judged, brief(PAIRS))
    assert scores["loss"] == pytest.approx(sum(nll) / sum(count), rel=1e-4)
    assert scores["perplexity"] == pytest.approx(math.exp(sum(nll) / sum(count)), rel=1e-4)


def test_the_training_loss_of_a_padded_batch_is_the_mean_over_the_labelled_tokens(gpt2: Path) -> None:
    """Padding is the end mark there: it must be masked, and the real end mark must not."""
    import torch

    tokenizer, model = TASK.load_processor(gpt2), TASK.load_model(gpt2, None).eval()
    table = {"title": ["the tea", "the train"], "description": ["was late", "was fine on day 3 and on day 4"]}
    features = TASK.encode_training(tokenizer, table, brief(PAIRS))
    kept = [{name: features[name][at] for name in ("input_ids", "labels")} for at in range(2)]
    batch = causal_collator(tokenizer, training=True)(kept)
    assert tokenizer.pad_token_id == tokenizer.eos_token_id
    real = batch["attention_mask"].bool()
    assert (batch["labels"][~real] == -100).all()
    assert ((batch["input_ids"] == tokenizer.eos_token_id) & (batch["labels"] != -100)).sum() == 2
    judged = judge_features(model, tokenizer, features | {"row": [0, 1]}, 2)
    with torch.inference_mode():
        loss = float(model(**batch).loss)
    assert loss == pytest.approx(judged["nll"].sum() / judged["tokens_judged"].sum(), rel=1e-4)


def test_an_end_mark_that_serves_as_padding_still_learns(gpt2: Path) -> None:
    assert TASK.load_model(gpt2, None).get_input_embeddings().padding_idx is None


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_batch_padded_on_the_left_is_written_on_as_each_row_alone(
    family: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(family)
    tokenizer, model = TASK.load_processor(folder), TASK.load_model(folder, None)
    set_writing(model, tokenizer, brief(ALONE, max_new_tokens=6))
    prompts = [tokenizer(text)["input_ids"] for text in ("the tea was late", "the", "a train on day")]
    assert write_for(model, tokenizer, prompts) == [
        text for prompt in prompts for text in write_for(model, tokenizer, [prompt])
    ]


def test_the_way_of_writing_is_saved_with_the_model_and_drawing_is_repeatable(
    llama: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import GenerationConfig

    tokenizer, model = TASK.load_processor(llama), TASK.load_model(llama, None)
    plan = brief(ALONE, max_new_tokens=6, temperature=0.8, top_p=0.9, repetition_penalty=1.2)
    set_writing(model, tokenizer, plan)
    prompts = [tokenizer("the tea")["input_ids"]]
    state = torch.get_rng_state()
    assert write_for(model, tokenizer, prompts) == write_for(model, tokenizer, prompts)
    assert torch.equal(torch.get_rng_state(), state)
    model.save_pretrained(tmp_path)
    kept = GenerationConfig.from_pretrained(tmp_path)
    assert (kept.do_sample, kept.temperature, kept.top_p, kept.repetition_penalty) == (True, 0.8, 0.9, 1.2)
    assert (kept.max_new_tokens, kept.eos_token_id) == (6, tokenizer.eos_token_id)
    set_writing(model, tokenizer, brief(ALONE))
    model.save_pretrained(tmp_path)  # refused by transformers if greedy writing kept a temperature


@pytest.mark.parametrize(
    ("max_length", "wanted", "read", "written"), [(512, 64, 448, 64), (64, 64, 32, 32), (8, 1, 7, 1)]
)
def test_what_is_read_and_what_is_written_fit_the_model_together(
    max_length: int, wanted: int, read: int, written: int
) -> None:
    assert rooms(brief(ALONE, max_length, max_new_tokens=wanted)) == (read, written)


def test_a_prompt_that_is_too_long_keeps_its_end_and_is_called_truncated(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    features = TASK.encode(
        tokenizer, {"text": [" ".join(TEXTS), "the tea"]}, brief(ALONE, 32, max_new_tokens=8)
    )
    assert features["truncated"] == [True, False]
    assert features["length"][0] == 24
    assert tokenizer.decode(features["input_ids"][0]).endswith("on day 7")


def test_samples_of_a_text_give_its_beginning_and_expect_the_rest(llama: Path) -> None:
    tokenizer, model = TASK.load_processor(llama), TASK.load_model(llama, None)
    [sample] = TASK.samples(model, tokenizer, pd.DataFrame({"text": [" ".join(TEXTS)]}), brief(ALONE, 64))
    assert " ".join(TEXTS).startswith(sample["input"])
    assert " ".join(TEXTS).endswith(sample["expected"])


def test_with_nothing_to_judge_the_reason_is_said() -> None:
    with pytest.raises(UserError, match="its first 32 tokens"):
        perplexity_scores(pd.DataFrame({"nll": [0.0], "tokens_judged": [0]}), brief(PAIRS))


def test_the_usage_snippet_runs_in_plain_transformers(llama: Path, tmp_path: Path) -> None:
    tokenizer, model = TASK.load_processor(llama), TASK.load_model(llama, None)
    plan = brief(PAIRS, max_new_tokens=5)
    set_writing(model, tokenizer, plan)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    code = "import sys; sys.modules['lib'] = None\n" + TASK.usage(str(tmp_path), plan)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    title = "A prompt of yours"
    assert done.stdout.strip() == plain(str(tmp_path), [{"title": title}])[0]


def test_a_real_llama_finds_its_own_stories_likelier_than_shuffled_words() -> None:
    folder = SHARED / "models" / "stories260K"
    if not folder.is_dir():
        pytest.skip(f"needs the model in {folder}")
    tokenizer, model = TASK.load_processor(folder), TASK.load_model(folder, None)
    story = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park."
    mixed = "park the in Lily outside She upon little Once play girl a to named time there loved was a."
    judged = TASK.evaluate(model, tokenizer, pd.DataFrame({"text": [story, mixed]}), brief(ALONE, 256))
    assert judged["loss"][0] < 1.5 < 3.5 < judged["loss"][1]
