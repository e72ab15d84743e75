"""The code that asks a model the same in plain transformers: a task's snippet with what was given and changed."""

from collections.abc import Mapping
from typing import Any

from lib.inference.askable import Askable
from lib.models.adapter_usage import usage_of
from lib.tasks.masking import MASK, with_marks

# What the tasks' snippets say in the place of an input, and the roles that stand there.
_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ('{"text": "First text", "text_pair": "Second text"}', ("text", "text_pair")),
    ('"First text", "Second text"', ("text", "text_pair")),
    ('"We missed the bus.", "So we walked home."', ("first", "second")),
    ('"Who wrote it?", "The letter was written by Ada in 1843."', ("question", "context")),
    ('"A text with names in it"', ("text",)),
    ('"A question of yours"', ("messages",)),
    ('"picture.jpg"', ("image",)),
    ("'A prompt of yours\\n'", ("prompt",)),
    ("'A prompt of yours'", ("text",)),
    ('"A text"', ("text",)),
    ('"A text"', ("source",)),
)
_MASKED = 'f"The weather is {fill.tokenizer.mask_token} today."'
_SEVERAL = (
    "for guesses in fill({text}, top_k=5):\n"
    '    print([(guess["token_str"], round(guess["score"], 3)) for guess in guesses])\n'
)


def snippet_of(asked: Askable, cells: Mapping[str, str], options: Mapping[str, Any]) -> str:
    """Runnable Python that asks the model for these cells (by role) with these changes of its options.

    It needs nothing of Atelier. With no cells the snippet asks for an example of its own.
    """
    place = str(asked.folder)
    used = {role.name: role.name for role in asked.roles_in(cells)} if asked.slug else asked.brief.columns
    brief = asked.brief.changed(columns=used, options={**asked.brief.options, **options})
    code = usage_of(asked.folder, asked.task.usage(place, brief), place=place)
    return _with_settings(_with_cells(code, cells), _settings(asked, brief))


def _with_cells(code: str, cells: Mapping[str, str]) -> str:
    if _MASKED in code and cells.get("text"):
        text = with_marks(cells["text"], MASK)
        written = f"{text!r}.replace({MASK!r}, fill.tokenizer.mask_token)"
        if text.count(MASK) > 1:
            return code[: code.index("for guess in")] + _SEVERAL.format(text=written)
        return code.replace(_MASKED, written)
    for words, roles in _PLACES:
        if words in code and all(cells.get(role) for role in roles):
            given = [cells[role] for role in roles]
            return code.replace(words, _written(words, given))
    return code


def _written(words: str, given: list[str]) -> str:
    """The given cells as Python that stands where the words stood."""
    if words.startswith("{"):
        return f'{{"text": {given[0]!r}, "text_pair": {given[1]!r}}}'
    # The line break between a prompt and what is written for it is part of what was learned.
    if "\\n" in words and not given[0][-1:].isspace():
        given = [given[0] + "\n"]
    return ", ".join(map(repr, given))


def _settings(asked: Askable, brief: Any) -> dict[str, Any]:
    """The settings of the generation config that the model's folder does not hold."""
    wanted = asked.task.writing(brief)
    if asked.slug:  # its folder says what was read from it, and nothing of what Atelier adds
        return {name: value for name, value in wanted.items() if value is not None}
    held = asked.task.writing(asked.brief)
    return {name: value for name, value in wanted.items() if value != held[name]}


def _with_settings(code: str, settings: Mapping[str, Any]) -> str:
    """The code with a line below the model that sets how it writes."""
    if not settings:
        return code
    said = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    lines = code.splitlines(keepends=True)
    place = next((number for number, line in enumerate(lines) if line.startswith("model = ")), None)
    if place is None:
        return code
    return "".join([*lines[: place + 1], f"model.generation_config.update({said})\n", *lines[place + 1 :]])
