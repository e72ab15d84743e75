"""Text that was encoded twice is put right; text that only looks odd stays as it is."""

import pytest

from lib.data.double_encoding import mended
from lib.data.read import ReadAs, read_table

MEANT = [
    "it’s a café", "naïve “quotes” – and €5", "😂 so funny", "Ärger über Öl", "ça coûte très cher à l’été",
    "очень хорошо", "日本語のテキスト", "São Paulo", "λόγος καλός", "łódź żółć", "Ünïcödé ™ ©", "señor — ¿qué?",
]  # fmt: skip


def garbled(text: str, times: int = 1) -> str:
    """The text written as UTF-8 and read as cp1252, as a careless program does it."""
    for _ in range(times):
        text = "".join(
            chr(byte) if byte in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else bytes([byte]).decode("cp1252")
            for byte in text.encode()
        )
    return text


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("text", MEANT)
def test_text_that_was_encoded_twice_or_thrice_comes_back(text: str, times: int) -> None:
    assert mended(garbled(text, times)) == text


@pytest.mark.parametrize("text", MEANT)
def test_text_that_is_right_stays(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    "text",
    ["café…”", "« CAFÉ »", "“AMANHÔ", "AMANHû", "på»", "Ä… bitte", "é…»", "MANHû", "naïve’s", "Â", "Ã", "10 Â",
     "sur l’Île…", "côté»", "château»", "“Où ça?”", "Årets»", "SÃO “PAULO”", "É…", "på £5", "‰ Ûber", "Ã‰", "Ñ…"],
)  # fmt: skip
def test_odd_but_possible_text_stays(text: str) -> None:
    assert mended(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("‰Û÷Cause I‰Ûªm here‰Û\x9d", "‘Cause I’m here”"),
        ("win å£100 or Ì©clair", "win £100 or éclair"),
        ("itâ€™s cafÃ© and a lost â€ here", "it’s café and a lost â€ here"),
        ("a dash â€” kept ß", "a dash — kept ß"),
    ],
)
def test_single_sequences_are_put_right_within_other_text(before: str, after: str) -> None:
    assert mended(before) == after


def test_the_original_cells_are_kept_and_counted() -> None:
    table = read_table("text,label\nitâ€™s cafÃ©,x\nplain,y\n".encode(), "rows.csv")
    assert table.frame["text"].tolist() == ["it’s café", "plain"]
    assert table.originals is not None
    assert table.originals.to_dict("records") == [
        {"row": 1, "column": "text", "before": "itâ€™s cafÃ©", "after": "it’s café"}
    ]
    assert any("put right in 1 cell" in sentence for sentence in table.repairs)
    assert table.problems == ()


def test_a_person_may_forbid_it() -> None:
    table = read_table("text,label\nitâ€™s cafÃ©,x\nplain,y\n".encode(), "rows.csv", ReadAs(repair=False))
    assert table.frame["text"][0] == "itâ€™s cafÃ©"
    assert (table.originals, [problem.code for problem in table.problems]) == (None, ["garbled-text"])


def test_text_whose_characters_others_count_is_left_alone() -> None:
    raw = '{"text": "le cafÃ© Bleu", "label": [[9, 13, "NAME"]], "start": 9}\n'.encode() * 3
    table = read_table(raw, "rows.jsonl")
    assert table.frame["text"][0] == "le cafÃ© Bleu"
    assert "count their characters" in table.problems[0].what
