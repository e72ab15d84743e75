"""Titles of choices in a list, no two alike: Streamlit knows a choice by its title alone."""

from collections.abc import Callable, Iterable, Mapping


def told_apart(choices: Iterable[str], title: Callable[[str], str]) -> Mapping[str, str]:
    """The title of each choice; one that an earlier choice has already gets a number: "joy (2)"."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for choice in choices:
        plain = words = title(choice)
        number = 1
        while words in taken:
            number += 1
            words = f"{plain} ({number})"
        taken.add(words)
        found[choice] = words
    return found
