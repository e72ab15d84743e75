"""Guesses which code page wrote bytes that are neither UTF-8 nor Western European, by the letters that come out."""

from itertools import pairwise

_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ"
_HAN = "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生好最看很会没能"
_HAN_OLD = "的一是不了人我在有他這為之大來以個中上們到說國和地也子時道出而要於就下得可你年生好最看很會沒能"
_KANA = (
    "のにはをたがでてとしれさいるもなかすあこりうよらまきけくんつめせどそっちやおほみアイウエオ"
    "カキクスタテトナニマラリルレロンーッ、。"
)
_HANGUL = (
    "이다는을의에가고하지은한도를로사기그있어나인아리정해자시서대여게보만일수들오요주"
    "부스라없전제것좋점최은식했네습니영화정말"
)
_THAI = "านรอกเงมยลวดทสตะปบคหแจพชขใไ่้ี์ัิุ็ูซผโธถณ"
# Codec, how it is called, its language's usual letters (the most frequent first), and the least score.
_PAGES = (
    ("cp1251", "Cyrillic", _CYRILLIC, 0.45),
    ("koi8-r", "Cyrillic, KOI8", _CYRILLIC, 0.45),
    ("cp866", "Cyrillic, DOS", _CYRILLIC, 0.45),
    ("iso8859-5", "Cyrillic, ISO", _CYRILLIC, 0.45),
    ("mac-cyrillic", "Cyrillic, Mac", _CYRILLIC, 0.45),
    ("cp1253", "Greek", "αοιετσνηυρπκμλωςάγίέδόχήθφύβώξζψ", 0.45),
    ("cp1255", "Hebrew", "יוהלאתשמרבנכדעקחפםטגצסןזךףץ", 0.45),
    ("cp1256", "Arabic", "ايلمنوترباةعسفقدكحجهشصخطأزضغىءثذئإآظؤ،", 0.45),
    ("cp874", "Thai", _THAI, 0.45),
    ("cp932", "Japanese, Shift JIS", _KANA, 0.3),
    ("euc_jp", "Japanese, EUC", _KANA, 0.3),
    ("gb18030", "Chinese, simplified", _HAN, 0.12),
    ("big5", "Chinese, traditional", _HAN_OLD, 0.12),
    ("cp949", "Korean", _HANGUL, 0.25),
)  # fmt: skip
PAGE_NAMES = {codec: called for codec, called, _, _ in _PAGES} | {
    "cp1250": "Central European",
    "cp1254": "Turkish",
}


def guess_page(lines: list[bytes]) -> str | None:
    """The code page that best explains lines with bytes outside ASCII; None when none does."""
    probe = b"".join(lines)
    if _is_hebrew(probe):  # whose letters have the places of small Cyrillic ones, but for the last five
        return "cp1255"
    found: list[tuple[float, int, str]] = []
    for codec, _, usual, least in _PAGES:
        try:
            text = probe.decode(codec)
        except UnicodeDecodeError:
            continue
        strange = [char for char in text if char > "\x7f"]
        if not strange:
            continue
        # Where letters are few, their order says more than that they occur; scripts of many signs have no such order.
        alphabet = least > 0.4
        weights = {
            char: 1 - 0.8 * place / len(usual) if alphabet else 1.0 for place, char in enumerate(usual)
        }
        score = sum(weights.get(char.lower(), 0.0) for char in strange) / len(strange)
        # A wrong page turns lower case into upper case within words.
        flips = sum(one.islower() and two.isupper() and two > "\x7f" for one, two in pairwise(text))
        score -= flips / len(strange)
        if score >= least:
            found.append((score / least, -len(found), codec))
    # Of pages that explain the letters equally well the usual one counts: it comes first.
    return max(found)[2] if found else None


def _is_hebrew(probe: bytes) -> bool:
    """Whether all that is not ASCII are Hebrew letters when read as such."""
    try:
        strange = [char for char in probe.decode("cp1255") if char > "\x7f"]
    except UnicodeDecodeError:
        return False
    return len(strange) >= 10 and sum("א" <= char <= "ת" for char in strange) >= 0.98 * len(strange)


def guess_latin(western: str) -> str | None:
    """cp1250 or cp1254 when text that was decoded as cp1252 shows what only Polish, Czech … or Turkish would leave."""
    strange = [char for char in western if char > "\x7f"]
    if len(strange) < 5:
        return None

    def share(chars: str) -> float:
        return sum(char in chars for char in strange) / len(strange)

    polish = share("³¹¿æê") >= 0.5 and share("³¹¿") >= 0.3
    czech = share("šž") >= 0.05 and share("ìøèùò") >= 0.15
    if polish or czech:
        return "cp1250"
    turkish = share("ýþð") >= 0.25 and share("áíæúó") < 0.05
    return "cp1254" if turkish else None
