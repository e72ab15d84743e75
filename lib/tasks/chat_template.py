"""Conversations in a model's own chat template, and which of their tokens are the assistant's."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError

Messages = list[dict[str, str]]

# ChatML, for base models that know no turns: given to the tokenizer and saved with the model.
CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}{{ '\\n' }}"
    "{% else %}{{ message['content'] + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_TAG = re.compile(r"\{%-?\s*generation\s*-?%\}")
_MARK = "@@the-answer-stands-here@@"
_ASKED = {"role": "user", "content": "Hello"}


@dataclass(frozen=True)
class ChatFormat:
    """How a tokenizer writes conversations.

    `tagged`: its template says itself which part is the assistant's. `end_mark`: the special token that ends an
    answer, with the white space before it; empty when the template writes none, and then `end_id`, the tokenizer's
    end mark, is put behind the last answer.
    """

    tokenizer: Any
    tagged: bool
    end_mark: str
    end_id: int

    @staticmethod
    def of(tokenizer: Any) -> "ChatFormat":
        """Learned from the template by writing one answer with it. Raises UserError when it writes none."""
        after = _around(tokenizer, [_ASKED, {"role": "assistant", "content": "Hi"}], 1)[1]
        special = sorted(_special_tokens(tokenizer), key=len, reverse=True)
        found = re.match(rf"\s*({'|'.join(map(re.escape, special))})", after) if special else None
        if found is None:
            return ChatFormat(tokenizer, _is_tagged(tokenizer), "", tokenizer.eos_token_id)
        end_id = tokenizer.convert_tokens_to_ids(found[1])
        return ChatFormat(tokenizer, _is_tagged(tokenizer), found[0], end_id)

    def encode(self, messages: Messages) -> tuple[list[int], list[bool]]:
        """Token ids of a conversation, and for each whether it belongs to an answer or ends one.

        Raises UserError when the template refuses the conversation, or when the answers cannot be told apart: a
        model is never taught what the user said by accident.
        """
        ids, mask = self._by_tags(messages) if self.tagged else self._by_place(messages)
        if not any(mask) and any(m["role"] == "assistant" and m["content"].strip() for m in messages):
            raise _no_mask()
        if self.end_mark or messages[-1]["role"] != "assistant":
            return ids, mask
        last = max((at for at, mark in enumerate(mask) if mark), default=len(ids) - 1)
        return [*ids[: last + 1], self.end_id], [*mask[: last + 1], True]

    def prompt(self, messages: Messages) -> list[int]:
        """Token ids of a conversation up to where the assistant is to speak."""
        text = _render(self.tokenizer, messages, add_generation_prompt=True)
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _by_tags(self, messages: Messages) -> tuple[list[int], list[bool]]:
        with _refusals():
            found = self.tokenizer.apply_chat_template(
                messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True
            )
        ids, mask = list(found["input_ids"]), [bool(mark) for mark in found["assistant_masks"]]
        # Some templates leave the end of the turn out of the tags; a model must learn to stop too.
        for at in range(1, len(ids)):
            if mask[at - 1] and not mask[at] and ids[at] == self.end_id and self.end_mark:
                mask[at] = True
        return ids, mask

    def _by_place(self, messages: Messages) -> tuple[list[int], list[bool]]:
        """Without tags: where each answer begins and ends in the written conversation, letter by letter."""
        text = _render(self.tokenizer, messages)
        spans = []
        for number, message in enumerate(messages):
            if message["role"] != "assistant":
                continue
            before, after = _around(self.tokenizer, messages, number)
            if not (text.startswith(before) and text.endswith(after)) or len(before) + len(after) > len(text):
                raise _no_mask()
            start, end = len(before), len(text) - len(after)
            # White space between where the template stops to ask and the answer is for the model to write.
            asked = _render(self.tokenizer, messages[:number], add_generation_prompt=True) if number else ""
            gap = before.removeprefix(asked)
            start -= len(gap) - len(gap.rstrip(" \n" if gap.isspace() else " "))
            if self.end_mark and text.startswith(self.end_mark, end):
                end += len(self.end_mark)
            spans.append((start, end))
        if not self.tokenizer.is_fast:
            raise _no_mask()
        encoded = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        # A token that begins before the answer belongs to the prompt: it is there when the model begins to write.
        mask = [
            any(first <= start and start < stop <= last for first, last in spans)
            for start, stop in encoded["offset_mapping"]
        ]
        return list(encoded["input_ids"]), mask


def give_chat_template(tokenizer: Any) -> None:
    """Give a tokenizer that knows no turns ChatML with its two tokens; one that has a template keeps it.

    `<|im_end|>` becomes its end mark, so that writing ends with the turn.
    """
    if tokenizer.chat_template:
        return
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"], "eos_token": "<|im_end|>"})
    tokenizer.chat_template = CHATML


def shortened(chat: ChatFormat, messages: Messages, room: int) -> list[int]:
    """The prompt of a conversation without its oldest turns if it would not fit; the system's words stay."""
    return fitted(chat, messages, room)[0]


def fitted(chat: ChatFormat, messages: Messages, room: int) -> tuple[list[int], int]:
    """The prompt as `shortened` gives it, and how many turns were left out; one turn alone may still be too long."""
    system = [message for message in messages[:1] if message["role"] == "system"]
    turns = messages[len(system) :]
    whole = len(turns)
    ids = chat.prompt([*system, *turns])
    while len(ids) > room and len(turns) > 2:
        # Two at a time, so that the user still speaks first.
        turns = turns[2:]
        ids = chat.prompt([*system, *turns])
    return ids, whole - len(turns)


def _special_tokens(tokenizer: Any) -> list[str]:
    added = [str(token) for token in tokenizer.added_tokens_decoder.values() if token.special]
    return list(dict.fromkeys([*tokenizer.all_special_tokens, *added]))


def _is_tagged(tokenizer: Any) -> bool:
    return bool(_TAG.search(tokenizer.get_chat_template()))


def _render(
    tokenizer: Any, messages: Sequence[dict[str, str]], *, add_generation_prompt: bool = False
) -> str:
    with _refusals():
        return tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=add_generation_prompt
        )


def _around(tokenizer: Any, messages: Messages, number: int) -> tuple[str, str]:
    """What is written before and after the content of one message."""
    marked = [
        {**message, "content": _MARK} if at == number else message for at, message in enumerate(messages)
    ]
    parts = _render(tokenizer, marked).split(_MARK)
    if len(parts) != 2:
        raise _no_mask()
    return parts[0], parts[1]


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """What a template says against a conversation, as a sentence."""
    from jinja2 import TemplateError

    try:
        yield
    except TemplateError as error:
        raise UserError(
            Problem(
                f"The model's chat template refuses a conversation: {str(error).rstrip('.')}.",
                where="model",
                fix="Begin with the user, let user and assistant alternate, or leave the system's words out.",
                code="chat-template-refuses",
            )
        ) from error


def _no_mask() -> UserError:
    return UserError(
        Problem(
            "The model's chat template does not tell where an answer begins and ends.",
            where="model",
            fix="Add {% generation %} and {% endgeneration %} around the assistant's turn in chat_template.jinja.",
            code="no-answer-mask",
        )
    )
