"""What `read_table` makes of CoNLL files, and what it does not take for one."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lib.data import conll
from lib.data.read import read_table
from lib.errors import UserError
from lib.settings import get_settings

Sentence = list[tuple[str, str]]


def sentences(raw: bytes, name: str) -> list[Sentence]:
    frame = read_table(raw, name).frame
    assert list(frame.columns) == ["tokens", "tags"]
    return [
        list(zip(json.loads(tokens), json.loads(tags), strict=True))
        for tokens, tags in frame.to_numpy().tolist()
    ]


TWO = [[("John", "B-PER"), ("runs", "O")], [("Hi", "O")]]

READABLE = [
    ("tabs", "a.conll", b"John\tB-PER\nruns\tO\n\nHi\tO\n", TWO),
    ("spaces", "a.bio", b"John B-PER\nruns  O\n\nHi O", TWO),
    ("four columns", "a.iob2", b"John NNP B-NP B-PER\nruns VB B-VP O\n\nHi UH O O\n", TWO),
    ("documents and comments", "a.iob", b"-DOCSTART- -X- O O\n\n# one\nJohn B-PER\nruns O\n\n\n# id = 2\nHi O\n", TWO),
    ("Windows line ends and a mark", "a.conll", b"\xef\xbb\xbfJohn\tB-PER\r\nruns\tO\r\n\r\nHi\tO\r\n", TWO),
    ("a tab on the empty line", "a.conll", b"John\tB-PER\nruns\tO\n\t\nHi\tO\n", TWO),
    ("UTF-16", "a.conll", "John\tB-PER\nruns\tO\n\nHi\tO\n".encode("utf-16"), TWO),
    ("by its shape alone", "notes.txt", b"John B-PER\nruns O\n\nHi O\n", TWO),
    ("hashtags are words", "a.conll", b"#love\tO\n#\tO\nJohn\tB-PER\n\nHi\tO\n",
     [[("#love", "O"), ("#", "O"), ("John", "B-PER")], [("Hi", "O")]]),
    ("a word with a space in it", "a.conll", b"New York\tB-LOC\n\nHi\tO\n", [[("New York", "B-LOC")], [("Hi", "O")]]),
    ("parts of speech", "a.conll", b"John\tNNP\nruns\tVB\n", [[("John", "NNP"), ("runs", "VB")]]),
    ("a space that is not one", "a.conll", "\u00a0\tO\n😀\tB-X\n".encode(), [[("\u00a0", "O"), ("😀", "B-X")]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "raw", "expected"), [case[1:] for case in READABLE], ids=[case[0] for case in READABLE]
)
def test_sentences_are_rows_of_tokens_and_tags(name: str, raw: bytes, expected: list[Sentence]) -> None:
    assert sentences(raw, name) == expected


OTHERS = [
    ("prose", "prose.txt", b"It was O\n\nand so on\n\nfor a while\n\nuntil the end\n"),
    ("a TSV of labels", "rows.tsv", b"text\tlabel\ngood day\tB\nbad day\tA\n"),
    ("a CSV with tags", "rows.csv", b"word,tag\nJohn,B-PER\nruns,O\n\nHi,O\n"),
    ("tagged rows without sentences", "rows.tsv", b"John\tB-PER\nruns\tO\nHi\tO\n"),
]


@pytest.mark.parametrize(("name", "raw"), [case[1:] for case in OTHERS], ids=[case[0] for case in OTHERS])
def test_other_files_are_not_taken_for_it(name: str, raw: bytes) -> None:
    assert read_table(raw, name).format["format"] == "delimited"


def test_a_line_that_does_not_fit_is_set_aside_with_a_reason() -> None:
    table = read_table(b"John\tB-PER\nlonely\n\tO\nruns\tO\n", "a.conll")
    assert [(line.line, line.text, line.reason) for line in table.rejected] == [
        (2, "lonely", "It has a word but no tag."),
        (3, "\tO", "It has a tag but no word."),
    ]
    assert [problem.code for problem in table.problems] == ["rejected-lines"]
    assert table.frame["tokens"].tolist() == ['["John", "runs"]']


def test_a_sentence_over_the_limit_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(get_settings(), max_cell_characters=100)
    monkeypatch.setattr(conll, "get_settings", lambda: small)
    table = read_table(b"short\tO\n\n" + b"word\tO\n" * 50, "a.conll")
    assert len(table.frame) == 1
    assert [(line.line, "50 words" in line.reason) for line in table.rejected] == [(3, True)]


@pytest.mark.parametrize("raw", [b"only\nwords\n", b"# nothing\n", b"-DOCSTART- O\n"])
def test_a_file_without_any_tagged_word_is_refused(raw: bytes) -> None:
    with pytest.raises(UserError, match="no tagged words"):
        read_table(raw, "a.conll")


def test_other_files_under_its_name_are_refused_for_what_they_are() -> None:
    with pytest.raises(UserError, match="PDF"):
        read_table(b"%PDF-1.7\n", "a.conll")


@pytest.mark.parametrize(("part", "count"), [("train", 3_394), ("validation", 1_009), ("test", 1_287)])
def test_real_files_are_read_in_full(shared_data: Path, part: str, count: int) -> None:
    table = read_table(shared_data / "ner" / f"wnut17_{part}.conll")
    assert (len(table.frame), table.rejected) == (count, ())


def test_real_sentences_are_those_of_the_same_data_in_json_lines(shared_data: Path) -> None:
    one = read_table(shared_data / "ner" / "wnut17_train.conll").frame
    other = read_table(shared_data / "ner" / "wnut17_train.jsonl").frame
    assert one["tokens"].tolist() == other["tokens"].tolist()
    assert one["tags"].tolist() == other["ner_tags"].tolist()


def test_the_words_and_parts_of_speech_of_conll_u() -> None:
    row = "{}\t{}\tlemma\t{}\tX\t_\t0\troot\t_\t_\n"
    lines = ["# text = Vámonos ya\n", row.format("1-2", "Vámonos", "_"), row.format(1, "Vamos", "VERB"),
             row.format(2, "nos", "PRON"), row.format("2.1", "ghost", "X"), row.format(3, "ya", "ADV"),
             "\n"]  # fmt: skip
    frame = read_table("".join(lines * 2).encode(), "es.conllu").frame
    assert json.loads(frame["tokens"][0]) == ["Vamos", "nos", "ya"]
    assert json.loads(frame["tags"][0]) == ["VERB", "PRON", "ADV"]
