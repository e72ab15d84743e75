"""Cutting a document into its sentences, by simple rules that are said here in full."""

import re

from lib.data.cells import as_list

# A full stop after one of these, or after a single capital letter, ends no sentence.
ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "mr mrs ms dr prof st jr sr vs etc e.g i.e cf no vol fig approx dept est inc ltd co corp jan feb mar apr jun "
        "jul aug sep sept oct nov dec bzw z.b d.h usw ca nr str m mme mlle",
    )
)
# An end mark with the quotes or brackets that close after it, then space. Chinese and Japanese marks need no space.
_END = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？]+[”’」』）]*)")
_LAST_WORD = re.compile(r"(\S+)$")
# What a sentence may begin with: anything but a small letter or a closing mark.
_GOES_ON = re.compile(r"\s+[a-zà-öø-ÿ,;:)\]]")


def split_sentences(document: str) -> list[str]:
    """The sentences of a document in their order, without the space around them.

    A JSON list of texts is taken as it is. Otherwise each line break ends a sentence, and so does . ! ? or … before
    white space, unless a small letter follows or the mark is a full stop after an abbreviation or an initial.
    """
    if (listed := as_list(document)) is not None and all(isinstance(item, str) for item in listed):
        return [text for item in listed if (text := item.strip())]
    return [sentence for line in document.splitlines() for sentence in _of_line(line)]


def _of_line(line: str) -> list[str]:
    found, start = [], 0
    for match in _END.finditer(line):
        if match[0][0] in "。！？" or _ends(line, match):
            found.append(line[start : match.end()].strip())
            start = match.end()
    found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


def _ends(line: str, match: re.Match[str]) -> bool:
    if _GOES_ON.match(line, match.end()):
        return False
    before = _LAST_WORD.search(line[: match.start()])
    if match[0] != "." or before is None:
        return True
    word = before[1].lstrip("(\"'“‘«[")
    return word.casefold() not in ABBREVIATIONS and not (len(word) == 1 and word.isupper())
