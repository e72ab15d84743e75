"""Chat: templates with and without tags, what is learned of a conversation, prompts, perplexity."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from lib.errors import UserError
from lib.models.scratch import build_scratch
from lib.plan.columns import choose_columns
from lib.tasks.brief import Brief
from lib.tasks.causal import WritingOptions, set_writing
from lib.tasks.chat import Chat
from lib.tasks.chat_template import CHATML, ChatFormat
from lib.tasks.conversations import asked_of

TASK = Chat()
QUICK_MODEL = "scratch:llama-tiny"
QUICK_OPTIONS = {"learning_rate": 3e-3, "epochs": 4, "batch_size": 8, "max_length": 256, "max_new_tokens": 12}
LEARNED = {"untuned": 100.0}
COLUMNS = {"messages": "messages"}
TEXTS = [
    f"the {noun} was {how} on day {day}"
    for day in range(9)
    for noun in ("tea", "train")
    for how in ("late", "fine")
]

# As models in the world write turns. None of the last three tags its answers.
SMOLLM = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are helpful<|im_end|>\n' }}{% endif %}"
    "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA2 = (
    "{% for m in messages %}{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + m['content'] | trim + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] | trim + ' ' + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
NO_MARK = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
TAGS_WITHOUT_END = CHATML.replace(
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}",
    "{% generation %}{{ message['content'] }}{% endgeneration %}{{ '<|im_end|>' }}",
)
TALK = [
    {"role": "user", "content": "the tea"},
    {"role": "assistant", "content": "was late"},
    {"role": "user", "content": "the train?"},
    {"role": "assistant", "content": "was fine"},
]


def plain(model: str, rows: list[dict[str, str]]) -> list[str]:
    import json

    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model).eval()
    found = []
    for row in rows:
        messages = json.loads(row["messages"])
        while messages[-1]["role"] == "assistant":
            messages.pop()
        prompt = tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
        )
        with torch.inference_mode():
            written = network.generate(**prompt)[0, prompt["input_ids"].shape[1] :]
        found.append(tokenizer.decode(written, skip_special_tokens=True).strip())
    return found


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_scratch("llama-tiny", TEXTS, tmp_path_factory.mktemp("scratch") / "llama", vocabulary=400)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base GPT-2 that knows no turns: no template, and none of its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("scratch") / "base"
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    learner.train_from_iterator(
        TEXTS,
        trainers.BpeTrainer(vocab_size=300, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet),
    )
    PreTrainedTokenizerFast(tokenizer_object=learner, eos_token="<|endoftext|>").save_pretrained(folder)
    config = GPT2Config(vocab_size=len(learner.get_vocab()), n_embd=32, n_layer=2, n_head=2, n_positions=128)
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def brief(max_length: int = 128, **options: Any) -> Brief:
    return Brief(COLUMNS, {}, max_length, vars(WritingOptions(**options)))


def with_template(folder: Path, template: str) -> Any:
    tokenizer = TASK.load_processor(folder)
    tokenizer.chat_template = template
    return tokenizer


def learned(tokenizer: Any, messages: list[dict[str, str]], max_length: int = 128) -> list[str]:
    shown = TASK.shown(tokenizer, {"messages": [json.dumps(messages)]}, brief(max_length))
    return [part["text"] for part in shown if part["trained"]]


def cells(*chats: Any) -> pd.DataFrame:
    texts = [chat if chat is None or isinstance(chat, str) else json.dumps(chat) for chat in chats]
    return pd.DataFrame({"messages": pd.Series(texts, dtype="str")})


@pytest.mark.parametrize(
    ("template", "answers"),
    [
        (CHATML, ["was late<|im_end|>", "was fine<|im_end|>"]),
        (TAGS_WITHOUT_END, ["was late<|im_end|>", "was fine<|im_end|>"]),
        (SMOLLM, ["was late<|im_end|>", "was fine<|im_end|>"]),
        (LLAMA2, ["was late <|im_end|>", "was fine <|im_end|>"]),
    ],
    ids=["tagged", "tagged without the end", "SmolLM2", "Llama 2"],
)
def test_every_turn_of_the_assistant_and_its_end_are_learned_and_nothing_else(
    llama: Path, template: str, answers: list[str]
) -> None:
    found = [text.lstrip() for text in learned(with_template(llama, template), TALK)]
    assert found == answers


def test_without_tags_the_mask_equals_that_of_the_same_template_with_tags(llama: Path) -> None:
    tagged, bare = with_template(llama, CHATML), with_template(llama, CHATML)
    bare.chat_template = CHATML.replace("{% generation %}", "").replace("{% endgeneration %}", "")
    for length in range(1, len(TALK) + 1):
        talk = [{"role": "system", "content": "be kind"}, *TALK[:length]]
        assert ChatFormat.of(bare).encode(talk) == ChatFormat.of(tagged).encode(talk)


def test_an_answer_repeated_elsewhere_in_the_conversation_is_learned_only_in_its_place(llama: Path) -> None:
    talk = [{"role": "user", "content": "was late"}, {"role": "assistant", "content": "was late"}]
    ids, mask = ChatFormat.of(with_template(llama, SMOLLM)).encode(talk)
    places = np.flatnonzero(mask)
    assert places.min() > len(ids) / 2
    assert list(places) == list(range(places.min(), places.max() + 1))


def test_a_template_without_an_end_mark_gets_the_tokenizers_own(llama: Path) -> None:
    tokenizer = with_template(llama, NO_MARK)
    ids, mask = ChatFormat.of(tokenizer).encode(TALK)
    assert (ids[-1], mask[-1]) == (tokenizer.eos_token_id, True)
    assert [text.strip() for text in learned(tokenizer, TALK)] == ["was late", "was fine<|im_end|>"]


def test_answers_that_cannot_be_found_are_refused_rather_than_everything_learned(llama: Path) -> None:
    upper = SMOLLM.replace("message['content'] +", "message['content'] | upper +")
    with pytest.raises(UserError, match="where an answer begins"):
        learned(with_template(llama, upper), TALK)
    # Tags that hold nothing.
    empty = CHATML.replace("{{ message['content'] + '<|im_end|>' }}{% endgeneration %}",
                           "{% endgeneration %}{{ message['content'] + '<|im_end|>' }}")  # fmt: skip
    with pytest.raises(UserError, match="where an answer begins"):
        learned(with_template(llama, empty), TALK)


def test_a_conversation_that_the_template_refuses_is_said_in_its_own_words(llama: Path) -> None:
    talk = [{"role": "system", "content": "be kind"}, *TALK]
    with pytest.raises(UserError, match="Only user and assistant roles are supported"):
        learned(with_template(llama, LLAMA2), talk)


def test_a_base_model_gets_chatml_with_rows_for_its_tokens_and_the_folder_works_alone(
    base: Path, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, model = TASK.load_processor(base), TASK.load_model(base, None)
    assert (tokenizer.chat_template, tokenizer.eos_token) == (CHATML, "<|im_end|>")
    assert (
        model.get_input_embeddings().num_embeddings
        == len(tokenizer)
        == len(AutoTokenizer.from_pretrained(base)) + 2
    )
    assert learned(tokenizer, TALK) == ["was late<|im_end|>", "was fine<|im_end|>"]
    set_writing(model, tokenizer, brief())
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    again, alone = TASK.load_processor(tmp_path), AutoModelForCausalLM.from_pretrained(tmp_path)
    assert len(again) == len(tokenizer)
    # Tied tables stay tied: one tensor is saved and both ends of the model use it.
    assert alone.get_output_embeddings().weight is alone.get_input_embeddings().weight
    ids = torch.tensor([ChatFormat.of(again).encode(TALK)[0]])
    assert torch.equal(alone.eval()(ids).logits, model.eval()(ids).logits)


def test_a_long_conversation_keeps_its_first_turns_and_one_without_any_answer_is_dropped(
    llama: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = TASK.load_processor(llama)
    late = [{"role": "user", "content": " ".join(TEXTS)}, {"role": "assistant", "content": "was fine"}]
    features = TASK.encode_training(
        tokenizer, {"messages": [json.dumps(TALK * 9), json.dumps(late)]}, brief(64)
    )
    assert (features["truncated"], features["length"]) == ([True], [64])
    whole = ChatFormat.of(tokenizer).encode(TALK * 9)[0]
    assert features["input_ids"][0] == whole[:64]
    assert "1 conversations are left out" in caplog.text


ALPACA = [
    (("Say hi", None, "hi"), "Say hi"),
    (("Say hi", " ", "hi"), "Say hi"),
    (("Shorten", "a long text", "short"), "Shorten\n\na long text"),
]


@pytest.mark.parametrize(("row", "said"), ALPACA, ids=["no input", "blank input", "with input"])
def test_instructions_become_conversations(row: tuple[str, str | None, str], said: str) -> None:
    frame = pd.DataFrame([row], columns=["instruction", "input", "output"], index=[7], dtype="str")
    columns = {"instruction": "instruction", "input": "input", "output": "output"}
    examples, named = TASK.as_examples(frame, columns, seed=0)
    assert named == COLUMNS and list(examples.index) == [7]
    assert json.loads(examples["messages"][7]) == [
        {"role": "user", "content": said},
        {"role": "assistant", "content": row[2]},
    ]


def test_sharegpt_is_read_and_written_as_messages() -> None:
    chat = [{"from": "human", "value": "hello"}, {"from": "gpt", "value": "hi"}]
    examples, _ = TASK.as_examples(cells(chat), COLUMNS, seed=0)
    assert json.loads(examples["messages"][0]) == [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hi"},
    ]


def test_alpaca_columns_are_recognised() -> None:
    frame = pd.DataFrame(
        [(f"ask {n} of the many things", f"text {n} that is given" if n % 3 else None, f"answer {n} with words")
         for n in range(60)],
        columns=["instruction", "input", "output"], dtype="str",
    )  # fmt: skip
    columns, missing = choose_columns(TASK, frame)
    assert (columns, missing) == ({name: name for name in ("instruction", "input", "output")}, [])


BAD_CELLS = [
    ("no conversation at all", cells("hello", None), "messages-all-missing", "error"),
    ("some cells are none", cells(*[TALK] * 50, "hello"), "messages-unread", "warning"),
    ("nobody answers", cells(*[TALK[:1]] * 50), "no-answers", "error"),
    ("some are not answered", cells(*[TALK] * 50, TALK[:1]), "answers-missing", "warning"),
    (
        "a strange speaker",
        cells(*[[*TALK, {"role": "narrator", "content": "x"}]] * 50),
        "roles-unknown",
        "warning",
    ),
    ("few rows", cells(*[TALK] * 5), "few-rows", "warning"),
]


@pytest.mark.parametrize(
    ("frame", "code", "severity"), [row[1:] for row in BAD_CELLS], ids=[row[0] for row in BAD_CELLS]
)
def test_rows_that_would_spoil_a_run_are_named(frame: pd.DataFrame, code: str, severity: str) -> None:
    found = {problem.code: problem for problem in TASK.check(frame, COLUMNS)}
    assert found[code].severity == severity and found[code].fix


def test_the_rows_that_are_named_are_left_out() -> None:
    frame = cells(TALK, None, "hello", TALK[:1], [{"role": "assistant", "content": "hi"}], TALK[:2])
    assert TASK.usable_rows(frame, COLUMNS).tolist() == [True, False, False, False, False, True]


def test_a_conversation_is_asked_up_to_the_last_thing_the_user_says() -> None:
    assert asked_of(TALK) == TALK[:3]
    assert asked_of(TALK[:1]) == TALK[:1]


def test_what_a_person_types_is_one_turn_of_the_user(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    typed = TASK.encode(tokenizer, {"messages": ["the tea"]}, brief())
    written = tokenizer.apply_chat_template(TALK[:1], add_generation_prompt=True)["input_ids"]
    assert typed["input_ids"] == [written]


def test_a_prompt_that_is_too_long_loses_its_oldest_turns_and_keeps_the_systems_words(llama: Path) -> None:
    tokenizer = TASK.load_processor(llama)
    talk = [{"role": "system", "content": "be kind"}, *TALK * 9, TALK[0]]
    features = TASK.encode(tokenizer, {"messages": [json.dumps(talk)]}, brief(128, max_new_tokens=16))
    text = tokenizer.decode(features["input_ids"][0])
    assert features["length"][0] <= 112
    assert text.startswith("<|im_start|>system\nbe kind<|im_end|>\n<|im_start|>user\n")
    assert text.endswith("<|im_start|>user\nthe tea<|im_end|>\n<|im_start|>assistant\n")


def test_the_loss_looks_at_the_answers_alone(llama: Path) -> None:
    """Against the model's own loss with labels made from transformers' assistant mask."""
    import torch

    tokenizer, model = TASK.load_processor(llama), TASK.load_model(llama, None)
    found = tokenizer.apply_chat_template(TALK, return_dict=True, return_assistant_tokens_mask=True)
    ids, mask = torch.tensor([found["input_ids"]]), torch.tensor([found["assistant_masks"]]).bool()
    with torch.inference_mode():
        loss = float(model.eval()(ids, labels=ids.masked_fill(~mask, -100)).loss)
    judged = TASK.evaluate(model, tokenizer, cells(TALK), brief(), on_rows=lambda done: None)
    assert judged["loss"][0] == pytest.approx(loss, rel=1e-5)
    assert judged["tokens_judged"][0] == int(mask.sum())
    assert judged["gold"][0] == "was fine" and isinstance(judged["predicted"][0], str)


def test_the_usage_snippet_runs_in_plain_transformers(llama: Path, tmp_path: Path) -> None:
    tokenizer, model = TASK.load_processor(llama), TASK.load_model(llama, None)
    plan = brief(max_new_tokens=5)
    set_writing(model, tokenizer, plan)
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    code = "import sys; sys.modules['lib'] = None\n" + TASK.usage(str(tmp_path), plan)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    asked = json.dumps([{"role": "user", "content": "A question of yours"}])
    assert done.stdout.strip() == plain(str(tmp_path), [{"messages": asked}])[0]
