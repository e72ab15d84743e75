"""Writing token by token: the text of plain transformers, true draws, and stops that cut where they should."""

import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch

from lib.errors import UserError
from lib.inference.drawing import Drawing
from lib.inference.letters import Letters
from lib.inference.writing import Piece, Wish, write_together
from lib.tasks.causal import load_causal_model, load_causal_tokenizer
from lib.tasks.manner import Manner, manner_of
from tests.inference.chat_runs import tiny_llama

PROMPTS = ["the tea was", "our train on day 3 was late and the garden", "a"]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    llama: Path = tiny_llama(tmp_path_factory.mktemp("writing"))
    model = load_causal_model(llama, chat=False).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(1.5)
    return model, load_causal_tokenizer(llama, chat=False)


def ids_of(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text)["input_ids"])


def plainly(parts: tuple[Any, Any], prompt: str, **how: Any) -> list[int]:
    model, tokenizer = parts
    ids = torch.tensor([ids_of(tokenizer, prompt)])
    with torch.inference_mode():
        found = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=14, do_sample=False,
            pad_token_id=tokenizer.pad_token_id, **how,
        )  # fmt: skip
    return found[0, ids.shape[1] :].tolist()


@pytest.mark.parametrize("penalty", [1.0, 1.4])
def test_texts_written_together_are_those_that_transformers_writes_one_by_one(
    parts: tuple[Any, Any], penalty: float
) -> None:
    model, tokenizer = parts
    manner = Manner(max_new_tokens=14, repetition_penalty=penalty)
    found = write_together(model, tokenizer, [Wish(ids_of(tokenizer, text), manner, 50) for text in PROMPTS])
    for text, written in zip(PROMPTS, found, strict=True):
        expected = plainly(parts, text, repetition_penalty=penalty)
        expected = (
            expected[: expected.index(tokenizer.eos_token_id)]
            if tokenizer.eos_token_id in expected
            else expected
        )
        assert written.ids == expected
        assert written.text == tokenizer.decode(expected, skip_special_tokens=True).strip()


def test_each_token_comes_with_its_probability_rank_and_the_likeliest_others(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts
    pieces: list[Piece] = []
    ids = ids_of(tokenizer, PROMPTS[0])
    manner = Manner(max_new_tokens=8, temperature=1.0, seed=3, repetition_penalty=1.3)
    [written] = write_together(model, tokenizer, [Wish(ids, manner, 50, on_piece=pieces.append)])
    with torch.inference_mode():
        logits = model(input_ids=torch.tensor([[*ids, *written.ids]])).logits[0].float()
    logs = torch.log_softmax(logits, dim=-1)[len(ids) - 1 :]
    assert any(piece.rank > 1 for piece in pieces)
    for piece, number, row in zip(pieces, written.ids, logs, strict=False):
        assert piece.loss == pytest.approx(-float(row[number]), abs=1e-3)
        assert piece.rank == int((row > row[number]).sum()) + 1
        assert [chance for _, chance in piece.others] == pytest.approx(
            row.exp().topk(5).values.tolist(), abs=1e-4
        )
    assert "".join(piece.text for piece in pieces).strip() == written.text


def test_draws_follow_the_probabilities_and_top_p_leaves_out_what_transformers_leaves_out() -> None:
    from transformers import TopPLogitsWarper

    scores = torch.tensor([[2.0, 1.0, 0.0, -1.0, -3.0]])
    expected = torch.softmax(TopPLogitsWarper(0.9)(None, scores / 0.8)[0], dim=-1)
    rows = 4_000
    drawing = Drawing([Manner(temperature=0.8, top_p=0.9, seed=seed) for seed in range(rows)], [0] * rows)
    taken = Counter(
        drawing(torch.zeros(rows, 1, dtype=torch.long), scores.repeat(rows, 1)).argmax(-1).tolist()
    )
    for token, chance in enumerate(expected.tolist()):
        # Four standard errors of a share.
        assert abs(taken[token] / rows - chance) <= 4 * math.sqrt(chance * (1 - chance) / rows) + 1e-9


def test_a_seed_draws_the_same_whoever_is_written_for_beside_it(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts

    def drawn(prompts: list[str], seeds: list[int]) -> list[list[int]]:
        wishes = [
            Wish(ids_of(tokenizer, text), Manner(max_new_tokens=10, temperature=1.0, seed=seed), 50)
            for text, seed in zip(prompts, seeds, strict=True)
        ]
        return [written.ids for written in write_together(model, tokenizer, wishes)]

    [alone] = drawn([PROMPTS[0]], [7])
    together = drawn([PROMPTS[1], PROMPTS[0], PROMPTS[0]], [1, 7, 8])
    assert together[1] == alone
    assert together[2] != alone


def test_each_text_has_its_own_limit_and_is_stopped_by_itself(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts
    heard: list[Piece] = []
    ids = ids_of(tokenizer, "a")
    found = write_together(
        model,
        tokenizer,
        [
            Wish(ids, Manner(max_new_tokens=3), 50),
            Wish(ids, Manner(max_new_tokens=40), 9),
            Wish(ids, Manner(max_new_tokens=30), 50, on_piece=heard.append, is_wanted=lambda: len(heard) < 4),
        ],
    )
    assert [(one.tokens, one.finish) for one in found] == [(3, "length"), (9, "length"), (5, "stopped")]
    assert found[2].ids[:3] == found[0].ids


def test_a_stop_ends_the_text_before_it(parts: tuple[Any, Any]) -> None:
    model, tokenizer = parts
    ids = ids_of(tokenizer, PROMPTS[1])
    [whole] = write_together(model, tokenizer, [Wish(ids, Manner(max_new_tokens=30), 50)])
    stop = whole.text[6:9]
    pieces: list[Piece] = []
    wish = Wish(ids, Manner(max_new_tokens=30), 50, stops=(stop, "nowhere"), on_piece=pieces.append)
    [cut] = write_together(model, tokenizer, [wish])
    assert cut.finish == "stop"
    assert cut.text == whole.text[: whole.text.index(stop)].strip()
    assert "".join(piece.text for piece in pieces).strip() == cut.text


TEXT = "Das Café 🙂 kostet 3 €.\n\n<b>naïve</b> 👩‍👩‍👧 end"


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ((), TEXT),
        (("kostet",), "Das Café 🙂 "),
        (("3 €.\n", "🙂"), "Das Café "),
        (("endless",), TEXT),
        (("", "</b>"), "Das Café 🙂 kostet 3 €.\n\n<b>naïve"),
    ],
)
def test_letters_add_up_to_the_text_and_never_show_half_of_one(
    parts: tuple[Any, Any], stops: tuple[str, ...], expected: str
) -> None:
    tokenizer = parts[1]
    letters = Letters(tokenizer, stops)
    bits = [letters.add(number) for number in tokenizer(TEXT, add_special_tokens=False)["input_ids"]]
    assert "\ufffd" not in "".join(bits)
    assert "".join(bits) + letters.rest() == expected


def test_a_run_s_way_of_writing_is_changed_by_what_is_asked_and_nothing_else() -> None:
    found = manner_of({"temperature": 0.4, "max_new_tokens": 80, "packing": True}, {"seed": 3})
    assert found == Manner(temperature=0.4, max_new_tokens=80, seed=3)
    with pytest.raises(UserError) as caught:
        manner_of({}, {"temperature": 9, "seed": "x", "words": 1})
    assert {problem.code for problem in caught.value.problems} == {
        "option-range",
        "option-type",
        "unknown-option",
    }
