"""A review to keep: a table of the mistakes with what people said of them, and one page that needs nothing else."""

import html
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pandas as pd

from lib.analysis.mistakes import wrong
from lib.data.reviews import Review
from lib.ui.evaluate_data import INPUT, Evaluation
from lib.ui.label_check_data import settled_rows
from lib.ui.numbers import count, score_with_interval
from lib.ui.pictures import pictures_folder, thumbnails_in
from lib.ui.words import shorten

# A page that a browser opens at once; the table has every row.
MOST_ROWS, MOST_CHARACTERS = 500, 1_000
_STYLE = """
body {font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #22262c;
  background: #fdfbf7}
h1 {font-size: 1.4rem} p {max-width: 75ch}
table {border-collapse: collapse; width: 100%} th, td {text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-bottom: 1px solid #ddd; overflow-wrap: anywhere} th {font-weight: 600; color: #5c626a}
td.n {white-space: nowrap; font-variant-numeric: tabular-nums} img {max-width: 96px}
@media (prefers-color-scheme: dark) {body {background: #171c23; color: #e6e4df} th {color: #a9b3be}
  th, td {border-color: #333c47} a {color: #7fc6cd}}
"""


def link_to(found: Evaluation, row: "pd.Series[Any]", base: str) -> str:
    """The address that opens this row again, in its cell of the matrix."""
    asked = {
        "run": found.run.id,
        "view": "mistakes",
        "split": found.split,
        "true": str(row["gold"]),
        "predicted": str(row["predicted"]),
        "row": str(row["row"]),
    }
    return f"{base}?{urlencode(asked)}"


def reviewed_table(found: Evaluation, reviews: Mapping[int, Review], base: str) -> pd.DataFrame:
    """The mistakes and every reviewed row of the split, settled or not, with who said what and a link to each."""
    rows = found.frame[~found.frame["correct"].astype(bool) | found.frame["row"].isin(list(reviews))]
    known = [reviews.get(int(row)) for row in rows["row"]]
    table = rows[["row", "row_id", "split", *found.texts, "gold", "predicted", "confidence", "loss"]]
    return table.assign(
        status=[review.status if review else "unreviewed" for review in known],
        new_label=pd.Series(
            [review.label if review else None for review in known], index=rows.index, dtype="str"
        ),
        note=[review.note if review else "" for review in known],
        author=[review.author if review else "" for review in known],
        time=[_when(review.time) if review else "" for review in known],
        link=[link_to(found, row, base) for _, row in rows.iterrows()],
    ).reset_index(drop=True)


def _when(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def report_page(found: Evaluation, reviews: Mapping[int, Review], base: str) -> str:
    """One page with the score, how far the review is, and the rows: reviewed ones first. Whatever they hold is text."""
    table = reviewed_table(found, reviews, base)
    table = table.sort_values("status", key=lambda status: status == "unreviewed", kind="stable")
    mistakes = wrong(found.frame)["row"].tolist()
    main = found.task.main_score
    value = found.scores.get(main.name)
    said = score_with_interval(value, found.intervals.get(main.name), rows=len(found.frame))
    words = [
        f"{main.title} {said} ({found.split}).",
        f"Reviewed {count(settled_rows(reviews, mistakes))} of {count(len(mistakes), 'mistake')}.",
        f"Written {_when(datetime.now(UTC).timestamp())}.",
    ]
    if len(table) > MOST_ROWS:
        words.append(f"The first {MOST_ROWS} of {count(len(table), 'row')}; the CSV has all.")
    shown = table.head(MOST_ROWS)
    for name in found.pictures:
        shown = shown.assign(
            **{name: thumbnails_in(pictures_folder(found.run.spec.data.dataset), shown[name])}
        )
    names = [name.removeprefix(INPUT) for name in found.texts]
    heads = ["Row", *names, "True", "Predicted", "Status", "New label", "Note", "By", "When"]
    lines = [_line(found, row) for row in shown.to_dict("records")]
    title = html.escape(f"Review of {found.run.name}")
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><h1>{title}</h1>'
        f"<p>{html.escape(' '.join(words))}</p><table><thead><tr>"
        f"{''.join(f'<th>{html.escape(head)}</th>' for head in heads)}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table></body></html>"
    )


def _line(found: Evaluation, row: dict[Any, Any]) -> str:
    link = html.escape(str(row["link"]), quote=True)
    cells = [f'<td class="n"><a href="{link}">{int(str(row["row"])) + 1:,}</a></td>']
    for name in found.texts:
        if name in found.pictures and isinstance(row[name], str):
            cells.append(f'<td><img src="{html.escape(str(row[name]), quote=True)}" alt=""></td>')
        else:
            cells.append(f'<td dir="auto">{html.escape(shorten(str(row[name]), MOST_CHARACTERS))}</td>')
    plain = ("gold", "predicted", "status", "new_label", "note", "author", "time")
    cells += [f"<td>{html.escape('' if pd.isna(row[name]) else str(row[name]))}</td>" for name in plain]
    return f"<tr>{''.join(cells)}</tr>"
