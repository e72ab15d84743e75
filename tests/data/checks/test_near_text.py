"""Texts that are nearly the same are found, and those that only look alike are not."""

import numpy as np
import pandas as pd
import pytest

from lib.data import near_text
from lib.data.near_text import near_groups, shared_shingles

LONG = "we ordered the blue lamp two weeks ago and it has still not arrived at our house in the village"
FILLING = [
    "the garden behind the church opens at nine",
    "nobody told me that the bridge was closed",
    "her letter came with yesterday's newspaper",
    "coffee is two euros cheaper on Mondays here",
    "please send the invoice to our new address",
    "snow fell on the hills all through the night",
]
MARKED = LONG.replace("lamp", "lamp,").replace(" at our", " (at our").replace("still", "-- STILL --") + ")!"
CHINESE = "这家餐厅的菜非常好吃而且服务员很热情我们下次还会再来吃饭的时候"

ALIKE = [
    ("case", LONG, LONG.upper()),
    ("marks", LONG, MARKED),
    ("white space", LONG, LONG.replace(" ", " \n ")),
    ("a word changed", LONG, LONG.replace("blue", "green")),
    ("the first word changed", LONG, LONG.replace("we ", "they ", 1)),
    ("the last word changed", LONG, LONG.replace("village", "town")),
    ("a word more", LONG, LONG + " today"),
    ("a word fewer", LONG, LONG.replace("still ", "")),
    ("a word changed in a short one", "my order has not arrived yet", "my parcel has not arrived yet"),
    ("two words changed in a long one", LONG, LONG.replace("blue", "green").replace("village", "town")),
    ("a hashtag", "what a long day at work #tired", "What a long day at work."),
    ("Chinese", CHINESE, CHINESE.replace("而且", "，而且").replace("我们", "！我们") + "。"),
    ("Russian", "мы заказали синюю лампу две недели назад", "Мы заказали красную лампу две недели назад!"),
]
DIFFERENT = [
    ("a word changed in a very short one", "i love it", "i hate it"),
    ("other words", LONG, "the bus to the airport leaves every ten minutes from the stop behind the church"),
    (
        "the same beginning",
        LONG,
        "we ordered the blue lamp because our kitchen was dark and my father reads there",
    ),
    ("nothing and nothing", "", "!!!"),
    ("two emoji", "🔥🔥", "😂"),
    (
        "half the words",
        "one two three four five six seven eight",
        "one two three four nine ten eleven twelve",
    ),
]


def grouped(*texts: str | None) -> np.ndarray:
    return near_groups(pd.Series([*texts, *FILLING], dtype="str"))


@pytest.mark.parametrize(("one", "other"), [case[1:] for case in ALIKE], ids=[case[0] for case in ALIKE])
def test_texts_that_are_nearly_the_same_share_a_group(one: str, other: str) -> None:
    found = grouped(one, other)
    assert found[0] == found[1]
    assert found[0] not in found[2:]


@pytest.mark.parametrize(
    ("one", "other"), [case[1:] for case in DIFFERENT], ids=[case[0] for case in DIFFERENT]
)
def test_other_texts_do_not(one: str, other: str) -> None:
    found = grouped(one, other)
    assert found[0] != found[1]


def test_missing_texts_are_alone() -> None:
    found = grouped(None, None, "")
    assert len(set(found.tolist())) == 3 + len(FILLING)


def test_what_is_found_does_not_depend_on_how_rows_are_cut_into_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = pd.Series([text for case in ALIKE for text in case[1:]] * 3 + FILLING, dtype="str")
    whole = near_groups(texts)
    monkeypatch.setattr(near_text, "CHUNK", 7)
    assert (near_groups(texts) == whole).all()


def test_every_pair_that_a_plain_comparison_finds_is_found() -> None:
    """An independent count: all pairs by the share of their shingles, and all pairs by one word taken out."""
    random = np.random.default_rng(0)
    words = np.array([word for text in FILLING for word in text.split()][:16])
    texts = [" ".join(random.choice(words, random.integers(4, 14))) for _ in range(150)]
    for place in range(0, 150, 3):  # a copy with a word changed
        cut = texts[place].split()
        cut[random.integers(len(cut))] = "zebra"
        texts.append(" ".join(cut))
    found = near_groups(pd.Series(texts, dtype="str"))

    def without(text: str) -> set[str]:
        cut = text.split()
        if len(cut) < near_text.FEWEST_WORDS:
            return set()
        return {" ".join(cut[:at] + cut[at + 1 :]) for at in range(len(cut))}

    missed = wrong = 0
    for one in range(len(texts)):
        for other in range(one):
            near = bool(without(texts[one]) & without(texts[other]))
            if near:
                missed += int(found[one] != found[other])
            elif found[one] == found[other] and shared_shingles(texts[one], texts[other]) < 0.3:
                wrong += 1
    assert missed == 0
    assert wrong == 0


def test_the_end_can_be_asked_for_from_within() -> None:
    def end(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        near_groups(pd.Series(FILLING, dtype="str"), tell=end)
