"""What a person may change in a card before it is published."""

import re
from dataclasses import dataclass

from lib.cards.licences import LICENCES
from lib.errors import Problem

MOST_TITLE, MOST_DESCRIPTION = 120, 5_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*|multilingual|code")


@dataclass(frozen=True)
class CardWish:
    """Empty parts are left as the run gives them. `licence` is an identifier of the Hub, `languages` are ISO 639 codes.

    `datasets` are data sets on the Hub that the model learned from.
    """

    title: str = ""
    description: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()

    def problems(self) -> list[Problem]:
        """Everything wrong with it."""
        found = []
        if self.licence and self.licence not in LICENCES:
            what, fix = (
                f"{self.licence!r} is no licence that the Hub knows.",
                f"Choose one of: {', '.join(LICENCES)}.",
            )
            found.append(Problem(what, "licence", fix, code="card-licence"))
        for language in self.languages:
            if not _LANGUAGE.fullmatch(language):
                fix = "Write codes of two or three letters, such as en, de."
                found.append(
                    Problem(f"{language!r} is no code of a language.", "language", fix, code="card-language")
                )
        for name, text, most in (
            ("title", self.title, MOST_TITLE),
            ("description", self.description, MOST_DESCRIPTION),
        ):
            if len(text) > most:
                what, fix = f"The {name} has {len(text):,} characters.", f"Keep it below {most:,}."
                found.append(Problem(what, name, fix, code="card-length"))
        return found


def languages_in(text: str) -> tuple[str, ...]:
    """The codes in "en, de"."""
    return tuple(dict.fromkeys(re.findall(r"[^\s,;]+", text)))
