"""Which scripts texts are written in, told from the names that Unicode gives to their letters."""

import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

# Unicode names the letters of some scripts by more than one word, or a script by what its letters are.
_TITLES = {
    "CJK": "Chinese characters",
    "HIRAGANA": "Japanese kana",
    "KATAKANA": "Japanese kana",
    "HANGUL": "Korean Hangul",
    "FULLWIDTH": "Latin",
    "MODIFIER": "other",
    "MATHEMATICAL": "mathematical",
}


@lru_cache(maxsize=20_000)
def script_of(letter: str) -> str:
    """The script of a letter, such as "Latin" or "Cyrillic"; "" for what is no letter."""
    if not letter.isalpha():
        return ""
    first = unicodedata.name(letter, "OTHER").split()[0]
    return _TITLES.get(first, first.capitalize())


def script_mix(texts: Iterable[str]) -> dict[str, tuple[int, int]]:
    """For each script how many letters, and in how many texts it is the commonest; the script with most letters first.

    Digits, marks and emoji belong to no script. A script is not a language: English and French are both Latin.
    """
    letters: Counter[str] = Counter()
    main: Counter[str] = Counter()
    for text in texts:
        found: Counter[str] = Counter()
        for letter, number in Counter(text).items():
            if script := script_of(letter):
                found[script] += number
        if found:
            letters.update(found)
            main[found.most_common(1)[0][0]] += 1
    return {script: (number, main[script]) for script, number in letters.most_common()}
