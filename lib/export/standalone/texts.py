"""Writes texts, token by token: `python predict.py "A text to go on from or to rewrite"`.

In --file each line is a text as JSON; of a chat model also a list of {"role", "content"}.
"""

import json
import sys
from pathlib import Path
from typing import Any

from lib.export.standalone.session import answer, read_settings
from lib.export.standalone.writer import Writer


class Predictor:
    """The model of a folder; call it with texts."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.settings = read_settings(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self.writer = Writer(folder, padding=self.settings["padding"])
        self.how = json.loads((folder / "generation_config.json").read_text(encoding="utf-8"))

    def __call__(self, inputs: list[Any]) -> list[dict[str, Any]]:
        """What the model writes for each input."""
        read = [self.ids(given) for given in inputs]
        return [
            {"text": str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()}
            for ids in self.writer.write(read, self.how)
        ]

    def ids(self, given: Any) -> list[int]:
        """The tokens to read: of a text that is too long its beginning, of a prompt or a conversation its end."""
        longest = self.settings["max_length"]
        if self.settings["chat"]:
            turns = given if isinstance(given, list) else [{"role": "user", "content": given}]
            return self.conversation(turns, longest)[-longest:]
        if self.writer.is_seq2seq:
            text = self.settings["prefix"] + given
            return list(self.tokenizer(text, truncation=True, max_length=longest)["input_ids"])
        # A prompt was taught with a line break behind it, so that it is plain where the completion begins.
        is_open = self.settings["prompted"] and not given[-1:].isspace()
        ids = list(self.tokenizer(f"{given}\n" if is_open else given)["input_ids"])
        ended = len(ids) > 1 and ids[-1] == self.tokenizer.eos_token_id
        return ids[:-1][-longest:] if ended else ids[-longest:]

    def conversation(self, turns: list[dict[str, str]], longest: int) -> list[int]:
        """The tokens of a conversation up to where the assistant speaks; its oldest turns go if it does not fit."""
        system = [turn for turn in turns[:1] if turn["role"] == "system"]
        turns = turns[len(system) :]
        while True:
            text = self.tokenizer.apply_chat_template(
                [*system, *turns], tokenize=False, add_generation_prompt=True
            )
            ids = list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
            if len(ids) <= longest or len(turns) <= 2:
                return ids
            turns = turns[2:]  # two at a time, so that the user still speaks first


if __name__ == "__main__":
    sys.exit(answer(Predictor(Path(__file__).resolve().parent), sys.argv[1:]))
