"""A receipt in words and small tables, as pages and terminals show it: what is kept, what it costs, label by label."""

from collections.abc import Mapping
from typing import Any

from lib.analysis.intervals import Difference, number
from lib.analysis.scores import title
from lib.analysis.two_runs import decimals_for

NEAR_ONE = 1.05
# What `numbers` of a receipt are differences of, by what the answers are.
_DIFFERENCES = {
    "label": "A label's probability",
    "labels": "A label's probability",
    "number": "A number, in standard deviations of the training rows,",
    "spans": "The confidence of a text's spans",
    "guesses": "The loss per token",
    "text": "The loss per token",
}


def sentence(measured: Mapping[str, Any]) -> str:
    """What it amounts to: "The same label on 1,418 of 1,421 test rows; 2.1× as fast; 0.26 of the size."."""
    same, one, two = measured["same"], measured["original"], measured["made"]
    pace = one["batch_1"]["p50_ms"] / two["batch_1"]["p50_ms"]
    if 1 / NEAR_ONE < pace < NEAR_ONE:
        speed = "as fast"
    elif pace > 1:
        speed = f"{pace:.1f}× as fast"
    else:
        speed = f"{1 / pace:.1f}× as slow"
    size = two["bytes"] / max(1, one["bytes"])
    large = f"{size:.2f} of the size" if size < NEAR_ONE else f"{size:.2f} times the size"
    rows = f"{same['rows']:,} of {same['of']:,} test rows" if same["of"] else "no row"
    return f"The same {same['what']} on {rows}; {speed}, one row at a time; {large}."


def remarks(measured: Mapping[str, Any]) -> list[str]:
    """How the main score differs, how far numbers lie apart, on which rows and which machine: whole sentences."""
    rows, machine, found = measured["rows"], measured["machine"], measured["score"]
    said = []
    if found and found["low"] is not None:
        gap = Difference(found["lead"], found["low"], found["high"])
        decimals = decimals_for(gap)
        word, ends = "better", (gap.value, gap.low, gap.high)
        if gap.value < 0:
            word, ends = "worse", (-gap.value, -gap.high, -gap.low)
        value, low, high = (number(one, decimals=decimals) for one in ends)
        noise = ", within noise" if gap.within_noise else ""
        said.append(
            f"{_heading(found['name'])} is {word} by {value} (95 % interval {low} to {high}){noise}, on the same rows."
        )
    apart = measured["numbers"]
    if apart["greatest"] is not None:
        kept = "within" if apart["greatest"] <= apart["tolerance"] else "beyond"
        what = _DIFFERENCES.get(measured["same"]["what"], "A score")
        said.append(
            f"{what} differs by at most {apart['greatest']:.2g} (in 95 % of the rows by {apart['usual']:.2g}), "
            f"{kept} this format's tolerance of {apart['tolerance']:g}."
        )
    drawn = f"a seeded sample of {rows['judged']:,} of " if rows["judged"] < rows["test"] else "all "
    threads = f"{machine['threads']} thread{'s' if machine['threads'] != 1 else ''}"
    said.append(
        f"Measured in fresh processes on {drawn}{rows['test']:,} test rows, times from the text or picture to its "
        f"scores, median (95th percentile): {machine['processor']}, {threads}."
    )
    return said


def tables(measured: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Tables as {"title", "columns", "rows"}: size, times and main score of both; F1 label by label where there are."""
    one, two, found = measured["original"], measured["made"], measured["score"]
    lines = [["Size on disk", *(f"{side['bytes'] / 1e6:,.1f} MB" for side in (one, two))]]
    for batch, name in (("batch_1", "One row at a time"), ("batch_32", "32 rows at a time")):
        lines.append([name, *(_time(side[batch]) for side in (one, two))])
    lines.append(
        [
            "Rows a second, 32 at a time",
            *(f"{side['batch_32']['rows_per_second']:,.0f}" for side in (one, two)),
        ]
    )
    if found:
        lines.append(
            [_heading(found["name"]), *(number(found[side], decimals=3) for side in ("original", "made"))]
        )
    made = [{"title": "Beside the original", "columns": ["", "Original", "This export"], "rows": lines}]
    if measured["labels"]:
        columns = ["Label", "Rows", "F1, original", "F1, this export", "Difference", "95 % interval"]
        by_label = [_label(line) for line in measured["labels"]]
        made.append({"title": "F1 label by label, on the same rows", "columns": columns, "rows": by_label})
    return made


def _label(line: Mapping[str, Any]) -> list[Any]:
    ends = None
    if line["low"] is not None:
        ends = f"{number(line['low'], decimals=3)} to {number(line['high'], decimals=3)}"
    figures = [number(line[name], decimals=3) for name in ("original", "made", "difference")]
    return [line["label"], line["rows"], *figures, ends]


def _time(side: Mapping[str, float]) -> str:
    return f"{side['p50_ms']:.3g} ms ({side['p95_ms']:.3g} ms)"


def _heading(name: str) -> str:
    said = title(name)
    return said[:1].upper() + said[1:]
