"""What a person says about a file comes before what would be recognised."""

# ruff: noqa: E501 – tables of cases read best with a case a line.

from typing import Any

import pytest

from lib.data.read import ReadAs, read_table
from lib.errors import UserError

# what is said, the bytes, how, the columns, the rows
SAID: list[tuple[str, bytes, dict[str, Any], list[str], list[list[str]]]] = [
    ("a colon", b"text:label\ngood day:joy\n", {"delimiter": ":"}, ["text", "label"], [["good day", "joy"]]),
    ("a space", b"word tag\nAnna PER\nRome LOC\n", {"delimiter": "space"}, ["word", "tag"], [["Anna", "PER"], ["Rome", "LOC"]]),
    ("tabs by name", b"text\tlabel\na, b\tx\n", {"delimiter": "tab"}, ["text", "label"], [["a, b", "x"]]),
    ("several characters", b'text<>label\n"a <> b"<>x\nc<>y\n', {"delimiter": "<>"}, ["text", "label"],
     [["a <> b", "x"], ["c", "y"]]),
    ("semicolons where commas would fit", b"a,b;c\nd,e;f\n", {"delimiter": ";", "header": 0}, ["column_1", "column_2"],
     [["a,b", "c"], ["d,e", "f"]]),
    ("no header", b"text,label\na b,x\n", {"header": 0}, ["column_1", "column_2"], [["text", "label"], ["a b", "x"]]),
    ("a header in line 1", b"12,3\n13,4\n", {"header": 1}, ["12", "3"], [["13", "4"]]),
    ("a header in line 3", b"made by me\n\ntext;label\na b;x\n", {"header": 3}, ["text", "label"], [["a b", "x"]]),
    ("cp1251", "текст,метка\nда,1\n".encode("cp1251"), {"encoding": "cp1251"}, ["текст", "метка"], [["да", "1"]]),
    ("Shift JIS", "文,札\nはい,1\n".encode("shift_jis"), {"encoding": "shift_jis"}, ["文", "札"], [["はい", "1"]]),
    ("UTF-16 in Chinese", "文本,标签\n好,是\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, ["文本", "标签"], [["好", "是"]]),
    ("Latin-1 for what is UTF-8 too", "text,label\né,x\n".encode(), {"encoding": "latin-1", "repair": False},
     ["text", "label"], [["Ã©", "x"]]),
    ("a delimiter for what looks like CoNLL", b"Anna B-PER\nis O\n\nRome B-LOC\nis O\nin O\n", {"delimiter": " ", "header": 0},
     ["column_1", "column_2"], [["Anna", "B-PER"], ["is", "O"], ["Rome", "B-LOC"], ["is", "O"], ["in", "O"]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "said", "columns", "rows"), [case[1:] for case in SAID], ids=[case[0] for case in SAID]
)
def test_what_was_said_is_done(
    raw: bytes, said: dict[str, Any], columns: list[str], rows: list[list[str]]
) -> None:
    frame = read_table(raw, "rows.txt", ReadAs(**said)).frame
    assert (list(frame.columns), frame.to_numpy().tolist()) == (columns, rows)


def test_lines_above_the_said_header_are_set_aside() -> None:
    table = read_table(b"made by me\ntext;label\na b;x\n", "rows.csv", ReadAs(header=2))
    assert [(line.line, line.text) for line in table.rejected] == [(1, "made by me")]


def test_lines_that_the_said_encoding_cannot_read_are_counted() -> None:
    table = read_table(
        "text,label\nétage,x\nplain,y\n".encode("cp1252"), "rows.csv", ReadAs(encoding="utf-8")
    )
    assert table.frame["text"].tolist() == ["\ufffdtage", "plain"]
    assert "1 line held bytes that could not be decoded; they are shown as �." in table.repairs


NONSENSE = [
    ({"encoding": "klingon"}, "bad-encoding"),
    ({"encoding": "rot13"}, "bad-encoding"),
    ({"encoding": "unicode_escape"}, "bad-encoding"),
    ({"delimiter": '"'}, "bad-delimiter"),
    ({"delimiter": "\n"}, "bad-delimiter"),
    ({"delimiter": "much too long"}, "bad-delimiter"),
    ({"header": -1}, "bad-header"),
    ({"header": 9}, "bad-header"),
    ({"header": 50_000}, "bad-header"),
]


@pytest.mark.parametrize(("said", "code"), NONSENSE, ids=str)
def test_what_means_nothing_is_refused(said: dict[str, Any], code: str) -> None:
    with pytest.raises(UserError) as refusal:
        read_table(b"text,label\na b,x\n", "rows.csv", ReadAs(**said))
    assert [problem.code for problem in refusal.value.problems] == [code]


def test_all_that_means_nothing_is_said_at_once() -> None:
    with pytest.raises(UserError) as refusal:
        ReadAs(delimiter="", encoding="x-none", header=-2).checked()
    assert len(refusal.value.problems) == 3


def test_what_was_said_survives_being_kept() -> None:
    said = ReadAs(delimiter=";", encoding="cp1252", header=0, sheet="A", repair=False)
    assert ReadAs.from_json(said.to_json()) == said
    assert ReadAs().to_json() == {}


# Nothing is said: rare delimiters and code pages are recognised.
RECOGNISED = [
    ("carets", b"text^label\na, b^x\nc; d^y\n", "^", "utf-8"),
    ("control characters", b"text\x01label\na, b\x01x\nc\x01y\n", "\x01", "utf-8"),
    ("double colons", b"1::good day::5\n2::bad day::1\n3::so so::3\n", "::", "utf-8"),
    ("double bars", b"text||label\na | b||x\nc||y\n".replace(b"a | b", b"a b"), "||", "utf-8"),
    ("Cyrillic", "текст;метка\nочень хорошо;да\nочень плохо;нет\n".encode("cp1251"), ";", "cp1251"),
    ("KOI8", "текст;метка\nэто было очень хорошо;да\nэто было плохо;нет\n".encode("koi8-r"), ";", "koi8-r"),
    ("Greek", "κείμενο;τιμή\nπολύ καλό έργο;ναι\nπολύ κακό έργο;όχι\n".encode("cp1253"), ";", "cp1253"),
    ("Hebrew", "טקסט;תווית\nסרט טוב מאוד;כן\nשירות רע מאוד;לא\n".encode("cp1255"), ";", "cp1255"),
    ("Arabic", "النص;التصنيف\nفيلم جيد جدا;نعم\nخدمة سيئة جدا;لا\n".encode("cp1256"), ";", "cp1256"),
    ("Polish", "tekst;etykieta\nbardzo żółty łąkę;tak\nźle się działo, że łzy;nie\n".encode("cp1250"), ";", "cp1250"),
    ("Turkish", "metin;etiket\nçok güzel bir şey, ışık;evet\nığdır kötü değil, şaşırdım;hayır\n".encode("cp1254"), ";", "cp1254"),
    ("Japanese", "テキスト;ラベル\nとても良い映画でした;良い\n最悪の店だった;悪い\n".encode("cp932"), ";", "cp932"),
    ("Chinese", "文本;标签\n这是一部很好看的电影;好\n他们的服务不好，我不会再来了;坏\n".encode("gb18030"), ";", "gb18030"),
    ("Korean", "텍스트;라벨\n정말 좋은 영화였다 그리고 최고;긍정\n이 가게는 최악이었다;부정\n".encode("cp949"), ";", "cp949"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "delimiter", "encoding"), [case[1:] for case in RECOGNISED], ids=[case[0] for case in RECOGNISED]
)
def test_rare_delimiters_and_code_pages_are_recognised(raw: bytes, delimiter: str, encoding: str) -> None:
    form = read_table(raw, "rows.txt").format
    assert (form["delimiter"], form["encoding"]) == (delimiter, encoding)


@pytest.mark.parametrize(
    "text", ["naïve café, très déjà vu", "Ærø blåbær på øen, søde", "¿Qué tal? ¡Señor!", "größer, süß, Äpfel"]
)
def test_western_text_stays_western(text: str) -> None:
    raw = f"text;label\n{text};x\n{text} 2;y\n".encode("cp1252")
    assert read_table(raw, "rows.csv").format["encoding"] == "cp1252"
