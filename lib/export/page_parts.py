"""Pieces of one HTML page that needs no network: tables, bars, lines, pictures. All text given is escaped here."""

import base64
import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

from PIL import Image, UnidentifiedImageError

THUMBNAIL = 120

STYLE = """
:root { color-scheme: light dark; --paper: light-dark(#faf7f0, #141a22); --ink: light-dark(#22262c, #e6e4df);
  --muted: light-dark(#5c626a, #a9b3be); --line: light-dark(#dcd4c5, #36424f); --blue: light-dark(#0072b2, #56b4e9);
  --orange: light-dark(#b35900, #f0a94b); }
* { box-sizing: border-box; }
body { background: var(--paper); color: var(--ink); font: 16px/1.6 "Source Sans 3", system-ui, sans-serif; margin: 0;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
main { max-width: 62rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1, h2 { font-family: "Source Serif 4", Georgia, serif; line-height: 1.25; }
h1 { font-size: 2rem; margin: 0 0 .3rem; } h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem;
  border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p, li { max-width: 75ch; } .muted, caption, figcaption { color: var(--muted); font-size: .9rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; margin: .5rem 0 1rem; width: max-content; }
caption { text-align: left; padding-bottom: .3rem; contain: inline-size; min-width: min(30rem, 85vw); }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } th:first-child, td:first-child, .text { text-align: left; }
th, td { overflow-wrap: normal; white-space: nowrap; } thead th { white-space: normal; vertical-align: bottom; }
thead th { max-width: 12rem; }
td.text { min-width: 9rem; max-width: min(28rem, 65vw); white-space: pre-wrap; overflow-wrap: anywhere; }
.matrix td { text-align: center; min-width: 2.6rem; border: 1px solid var(--paper); }
.matrix th { font-weight: 400; } .matrix thead th { max-width: 7rem; }
pre { background: light-dark(#f1ece2, #1e2630); padding: .8rem 1rem; overflow-x: auto; font-size: .85rem; }
figure { margin: 1rem 0; } svg { max-width: 100%; height: auto; } svg text { fill: var(--muted); font-size: 12px; }
.verdict { font-size: 1.15rem; } img { display: block; max-width: 120px; height: auto; }
@media print { h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""


def page(title: str, body: Sequence[str]) -> str:
    """A whole page that may load nothing and run nothing."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        'img-src data:">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in body if part)
        + "\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str, *, kind: str = "") -> str:
    """A paragraph; `kind` is a class of the style sheet."""
    return f"<p{f' class={kind}' if kind else ''}>{escape(text)}</p>"


def heading(text: str, *, level: int = 2) -> str:
    """A heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def table(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, caption: str, text: Sequence[int] = ()
) -> str:
    """A table; the columns whose places are in `text` hold running text. What is in `Raw` is put in as it is."""
    if not rows:
        return ""
    head = "".join(
        f'<th scope="col"{_class(place, text)}>{escape(name)}</th>' for place, name in enumerate(columns)
    )
    head = f"<thead><tr>{head}</tr></thead>" if any(columns) else ""
    lines = []
    for row in rows:
        cells = "".join(f"<td{_class(place, text)}>{_cell(value)}</td>" for place, value in enumerate(row))
        lines.append(f"<tr>{cells}</tr>")
    return (
        f'<div class="scroll"><table><caption>{escape(caption)}</caption>{head}'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


class Raw(str):
    """HTML that was made here, to be put in as it is."""


def _cell(value: object) -> str:
    return value if isinstance(value, Raw) else escape(str(value))


def _class(place: int, text: Sequence[int]) -> str:
    return ' class="text"' if place in text else ""


def matrix(labels: Sequence[str], counts: Sequence[Sequence[int]], *, caption: str) -> str:
    """A confusion matrix; the shade of a cell is its share of the true label's rows, the figure its rows."""
    head = "".join(f'<th scope="col">{escape(label)}</th>' for label in labels)
    lines = []
    for label, row in zip(labels, counts, strict=True):
        whole = max(1, sum(row))
        cells = "".join(
            f'<td style="background: color-mix(in srgb, var(--blue) {round(62 * count / whole)}%, var(--paper))">'
            f"{count or ''}</td>"
            for count in row
        )
        lines.append(f'<tr><th scope="row">{escape(label)}</th>{cells}<td>{sum(row):,}</td></tr>')
    return (
        f'<div class="scroll"><table class="matrix"><caption>{escape(caption)}</caption><thead><tr><th>true ↓, '
        f"predicted →</th>{head}<th>rows</th></tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def lines_chart(
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]], *, title: str, across: str, alt: str
) -> str:
    """One or two lines in one frame with their own names at their ends; `series` are (name, points)."""
    points = [point for _, line in series for point in line]
    if len(points) < 2:
        return ""
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    low, high = min(y for _, y in points), max(y for _, y in points)
    wide, tall, edge = 560.0, 200.0, 46.0
    span_x, span_y = (right - left) or 1.0, (high - low) or 1.0

    def at(x: float, y: float) -> str:
        return f"{edge + (x - left) / span_x * wide:.1f},{14 + (1 - (y - low) / span_y) * tall:.1f}"

    drawn = []
    for number, (name, line) in enumerate(series):
        colour = ("var(--blue)", "var(--orange)")[number % 2]
        path = " ".join(at(x, y) for x, y in line)
        last = at(*line[-1]).split(",")
        drawn.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{float(last[0]) + 6:.1f}" y="{last[1]}" style="fill:{colour}">{escape(name)}</text>'
        )
    frame = (
        f'<line x1="{edge}" y1="{tall + 14}" x2="{edge + wide}" y2="{tall + 14}" stroke="var(--line)"/>'
        f'<text x="{edge - 6}" y="20" text-anchor="end">{high:.3g}</text>'
        f'<text x="{edge - 6}" y="{tall + 14}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{edge}" y="{tall + 32}">{left:,.0f}</text>'
        f'<text x="{edge + wide}" y="{tall + 32}" text-anchor="end">{right:,.0f} {escape(across)}</text>'
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 740 {tall + 40:.0f}" role="img" '
        f'aria-label="{escape(alt)}">{frame}{"".join(drawn)}</svg></figure>'
    )


def picture(path: Path) -> Raw:
    """A small copy of a picture inside the page; its name where it cannot be read."""
    try:
        with Image.open(path) as opened:
            opened.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))
            small = opened.convert("RGB")
            small.thumbnail((THUMBNAIL, THUMBNAIL))
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return Raw(escape(path.name))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=80)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return Raw(f'<img src="data:image/jpeg;base64,{data}" alt="{escape(path.name)}">')
