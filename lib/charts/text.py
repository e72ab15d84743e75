"""Text in figures: Plotly reads <b> and its like as markup, draws no line breaks of its own, clips nothing."""

import html
import textwrap


def escaped(text: object) -> str:
    """The text as Plotly will show it, letter by letter: no markup, no line break, no %{template}.

    Plotly decodes entities after looking for tags, so &lt;b&gt; is shown as <b>. A template placeholder
    is broken by an invisible word joiner after its percent sign.
    """
    flat = " ".join(str(text).split())
    return html.escape(flat, quote=False).replace("%{", "%\u2060{")


def shortened(text: object, length: int) -> str:
    """The text cut to so many characters, the last one an ellipsis if anything was cut; not escaped."""
    flat = " ".join(str(text).split())
    return flat if len(flat) <= length else flat[: max(length - 1, 1)].rstrip() + "…"


def wrapped(text: str, length: int) -> list[str]:
    """Lines of at most so many characters, escaped; longer words are broken."""
    return [escaped(line) for line in textwrap.wrap(" ".join(text.split()), length)] or [""]


def rows_on(rows: int, split: str | None = None) -> str:
    """How many rows a chart is about: "1,421 test rows"."""
    return f"{rows:,} {split + ' ' if split else ''}row{'' if rows == 1 else 's'}"


def percent(share: float) -> str:
    """A share in [0, 1] in per cent with one decimal, never rounded to none or all: "62.0 %", ">99.9 %"."""
    if 0 < share < 0.0005:
        return "<0.1 %"
    if 0.9995 < share < 1:
        return ">99.9 %"
    return f"{100 * share:.1f} %"


def compact(rows: int) -> str:
    """A count in at most four letters where space is short: "999", "1.2k", "18k", "3.4M"."""
    for unit, size in (("M", 1_000_000), ("k", 1_000)):
        if rows >= size:
            number = rows // (size // 10) / 10
            return f"{number:.1f}{unit}" if number < 10 else f"{number:.0f}{unit}"
    return str(rows)
