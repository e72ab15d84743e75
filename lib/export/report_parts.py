"""The sections of the report: each takes what is known of a run and gives a piece of HTML, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lib.analysis.badness import badness_of
from lib.analysis.calibration import measures, reliability, sureness, verdict
from lib.analysis.chances import Chances
from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.entities import entity_pairs, entity_table
from lib.analysis.per_class import per_class
from lib.analysis.slice_candidates import number_slices, value_slices, word_slices
from lib.analysis.slices import slice_table
from lib.analysis.verdict import summary
from lib.export.page_parts import Raw, heading, lines_chart, matrix, paragraph, picture, table
from lib.export.source import Source
from lib.tasks.baselines import BASELINE_WORDS
from lib.tasks.outputs import LabelScores, Output, TokenLabels

INPUT = "input: "
MOST_LABELS, MOST_SLICES, MOST_CHARACTERS = 20, 10, 400


@dataclass(frozen=True)
class Judged:
    """The judged test rows of a run, what shape they have, and where its pictures are."""

    source: Source
    output: Output
    frame: pd.DataFrame
    pictures: Path | None


def scores(found: Judged) -> str:
    """The verdict, and every score with its interval beside the validation rows and the baselines."""
    source, result = found.source, found.source.result
    test, validation = (result.get("scores", {}).get(part, {}) for part in ("test", "validation"))
    main, rows, baselines = source.task.main_score, result.get("rows", {}), result.get("baselines", {})
    intervals = result.get("intervals", {})
    said = ""
    if main.name in test:
        low_high = intervals.get("test", {}).get(main.name)
        said = summary(
            main.name,
            test[main.name],
            baselines,
            rows=int(rows.get("test", 0)),
            interval=tuple(low_high) if low_high else None,
            higher_is_better=main.higher_is_better,
        )
    lines = [
        [
            score.title,
            _figure(test[score.name], intervals.get("test", {}).get(score.name)),
            _figure(validation.get(score.name), intervals.get("validation", {}).get(score.name)),
            *(_figure(values.get(score.name)) for values in baselines.values()),
        ]
        for score in source.task.scores
        if score.name in test
    ]
    named = [BASELINE_WORDS.get(name, name.replace("_", " ")) for name in baselines]
    columns = [
        "Score",
        f"Test, {rows.get('test', 0):,} rows",
        f"Validation, {rows.get('validation', 0):,} rows",
        *(f"Test: {name}" for name in named),
    ]
    return paragraph(said, kind="verdict") + table(columns, lines, caption="Values with 95 % intervals.")


def data(found: Judged) -> str:
    """Which data, how it was split, and how often each label occurs."""
    source = found.source
    spec, rows = source.spec.data, source.result.get("rows", {})
    counted = ", ".join(f"{count:,} {part}" for part, count in rows.items())
    mark = f", fingerprint {spec.fingerprint}" if spec.fingerprint else ""
    parts = [
        paragraph(
            f"Data set {spec.dataset}{mark}. Rows: {counted}. The best checkpoint was chosen on the validation rows; "
            "the test rows were scored once, at the end."
        ),
        paragraph(f"Columns: {', '.join(f'{role} is {name}' for role, name in spec.columns.items())}."),
        paragraph(_split_words(spec.split)),
    ]
    counts = source.brief.target.get("counts")
    if isinstance(found.output, LabelScores) and isinstance(counts, Mapping):
        in_test = found.frame["gold"].value_counts()
        order = sorted(counts, key=lambda label: -counts[label])
        lines = [
            [label, f"{counts[label]:,}", f"{int(in_test.get(label, 0)):,}"] for label in order[:MOST_LABELS]
        ]
        more = f" The {MOST_LABELS} commonest of {len(order)}." if len(order) > MOST_LABELS else ""
        parts.append(
            table(["Label", "Training rows", "Test rows"], lines, caption=f"How often labels occur.{more}")
        )
    return "".join(parts)


def _split_words(split: Mapping[str, Any] | None) -> str:
    if not split:
        return ""
    if split.get("column"):
        return f"The split stands in the column {split['column']}."
    shares = ", ".join(
        f"{100 * split[name]:g} % {name}" for name in ("train", "validation", "test") if name in split
    )
    group = f"; rows with the same {split['group']} stay together" if split.get("group") else ""
    return f"Split by content: {shares}, seed {split.get('seed', 13)}; equal texts are never on both sides{group}."


def by_label(found: Judged) -> str:
    """The confusion matrix and the scores of every label, or of every kind of entity."""
    rows = len(found.frame)
    if isinstance(found.output, TokenLabels):
        pairs = entity_pairs(found.frame["gold"].tolist(), found.frame["predicted"].tolist())
        lines = _per_label(entity_table(pairs, found.output.labels))
        caption = f"Entities by kind, exact spans, on {rows:,} test rows, with 95 % intervals."
        return table(["Kind", "Precision", "Recall", "F1", "True", "Predicted"], lines, caption=caption)
    if not isinstance(found.output, LabelScores) or not rows:
        return ""
    whole = ConfusionMatrix.of(found.frame["gold"], found.frame["predicted"], labels=found.output.labels)
    shown = whole.reduced(MOST_LABELS)
    more = f" The {MOST_LABELS} labels with most mistakes; the rest are gathered." if shown.is_reduced else ""
    worst = whole.top_confusions(5)
    said = "; ".join(f"{line.rows:,} truly {line.gold} predicted {line.predicted}" for line in _lines(worst))
    lines = _per_label(per_class(whole).sort_values("f1", kind="stable"))[: 2 * MOST_LABELS]
    return (
        matrix(shown.labels, shown.counts.tolist(), caption=f"Confusions on {rows:,} test rows.{more}")
        + (paragraph(f"Most frequent confusions: {said}.") if said else "")
        + table(
            ["Label", "Precision", "Recall", "F1", "True", "Predicted"],
            lines,
            caption=f"Each label on {rows:,} test rows, worst first, with 95 % intervals.",
        )
    )


def _per_label(found: pd.DataFrame) -> list[list[object]]:
    def value(line: Any, name: str) -> str:
        return _figure(getattr(line, name), (getattr(line, f"{name}_low"), getattr(line, f"{name}_high")))

    return [
        [line.label, *(value(line, name) for name in ("precision", "recall", "f1")), f"{line.support:,}",
         f"{line.predicted:,}"]
        for line in _lines(found)
    ]  # fmt: skip


def calibration(found: Judged) -> str:
    """Whether the model is right as often as it says, beside the error that chance alone makes."""
    if not isinstance(found.output, LabelScores) or "scores" not in found.frame or not len(found.frame):
        return ""
    chances = Chances.of(found.frame["scores"].to_list(), found.frame["gold"], found.output.labels)
    value, sure = measures(chances), sureness(chances.confidence, chances.correct)
    said = {
        "surer": "It is surer than it is right",
        "less sure": "It is less sure than it is right",
        "mixed": "It is too sure in some ranges and not sure enough in others",
        "noise": "What error there is is no more than chance makes",
    }[verdict(value, sure)]
    words = (
        f"{said}: expected calibration error {value.ece:.3f} (95 % interval {sure.interval[0]:.3f} to "
        f"{sure.interval[1]:.3f}) on {value.rows:,} test rows; a perfectly calibrated model would have "
        f"{sure.expected:.3f} on so many."
    )
    fitted = found.source.result.get("calibration")
    temperature = (
        f" Dividing the logits by the temperature {fitted['temperature']:.3f}, fitted on {fitted['rows']:,} validation "
        "rows, corrects this without changing an answer."
        if fitted
        else ""
    )
    bins = reliability(chances.confidence, chances.correct)
    lines = [
        [
            f"{100 * line.low:.0f} to {100 * line.high:.0f} %",
            f"{line.rows:,}",
            f"{100 * line.confidence:.0f} %",
            f"{100 * line.accuracy:.0f} % ({100 * line.accuracy_low:.0f} to {100 * line.accuracy_high:.0f})",
        ]
        for line in _lines(bins)
    ]
    return paragraph(words + temperature) + table(
        ["Confidence", "Rows", "Says", "Is right (95 % interval)"],
        lines,
        caption="Reliability on the test rows.",
    )


def slices(found: Judged) -> str:
    """Where the model is worse than on the rest, beyond chance."""
    frame = found.frame
    bad = badness_of(found.output, frame)
    if not bad.known.any():
        return ""
    candidates = []
    if isinstance(found.output, LabelScores):
        candidates += value_slices("label", "label", frame["gold"], said="truly")
    if "tokens" in frame and found.pictures is None:
        lengths = frame["tokens"].to_numpy(dtype=np.float64)
        candidates += number_slices("length", "length", lengths, said="length", unit="tokens")
    texts = [name for name in frame if str(name).startswith(INPUT)]
    if texts and found.pictures is None:
        joined = frame[texts].fillna("").astype("str").agg(" ".join, axis=1)
        candidates += word_slices(joined)
    known = slice_table(candidates, bad)
    worse = known[~known["within_noise"] & (known["difference"] > 0)].head(MOST_SLICES)
    overall = float(bad.values[bad.known].mean())
    about = f"{len(known)} slices by label, length and word; {bad.title} over all {int(bad.known.sum()):,} test rows: "
    about += f"{overall:.3f}."
    if worse.empty:
        return paragraph(f"On no slice is it worse than on the rest beyond chance. Looked at: {about}")
    lines = [
        [line.title, f"{line.rows:,}", _figure(line.score, (line.low, line.high)), f"{line.difference:+.3f}",
         f"{line.q:.2g}"]
        for line in _lines(worse)
    ]  # fmt: skip
    columns = ["Slice", "Rows", bad.title.capitalize(), "Against the rest", "q"]
    return table(
        columns, lines, caption=f"Worse than the rest beyond chance (false discovery rate 5 %). {about}"
    )


def mistakes(found: Judged, most: int) -> str:
    """Wrong rows with the highest loss; of outputs without right and wrong, the rows with the highest loss."""
    frame = found.frame
    wrong = frame[~frame["correct"].astype(bool)] if frame["correct"].any() else frame
    chosen = wrong.sort_values("loss", ascending=False, kind="stable").head(most)
    if chosen.empty:
        return ""
    texts = [name for name in frame if str(name).startswith(INPUT)]
    has_sureness = "confidence" in frame
    lines = []
    for row in chosen.to_dict("records"):
        read = [_read(found, row[name]) for name in texts]
        sure = [f"{100 * row['confidence']:.0f} %"] if has_sureness else []
        lines.append([int(row["row"]), *read, _short(row["gold"]), _short(row["predicted"]), *sure])
    columns = ["Row", *(str(name).removeprefix(INPUT) for name in texts), "True", "Predicted"]
    columns += ["Confidence"] if has_sureness else []
    caption = f"{len(chosen):,} of {len(wrong):,} wrong test rows, those with the highest loss first."
    return table(columns, lines, caption=caption, text=range(1, len(texts) + 3))


def _read(found: Judged, value: object) -> object:
    if found.pictures is not None and isinstance(value, str):
        return picture(found.pictures / Path(value).name)
    return _short(value)


def _short(value: object) -> str:
    text = "" if value is None or value != value else str(value)
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS].rstrip() + "…"


def learning(found: Judged) -> str:
    """The curves of the training loss and of the main score on validation rows."""
    records = found.source.run.read_metrics()
    main = found.source.task.main_score

    def curve(split: str, name: str) -> list[tuple[float, float]]:
        points = [
            (float(one["step"]), float(one["value"]))
            for one in records
            if (one.get("split"), one.get("name")) == (split, name)
        ]
        return points[:: max(1, len(points) // 400)]

    drawn = []
    for split, name, title in (
        ("train", "loss", "Training loss"),
        ("validation", main.name, f"{main.title} on validation rows"),
    ):
        points = curve(split, name)
        if len(points) > 1:
            alt = f"{title} from {points[0][1]:.3g} to {points[-1][1]:.3g} over {points[-1][0]:,.0f} steps"
            drawn.append(lines_chart([(title, points)], title=title, across="steps", alt=alt))
    return "".join(drawn)


def cost(found: Judged) -> str:
    """What the run took."""
    source, result = found.source, found.source.result
    seconds, parameters = result.get("seconds", {}), result.get("parameters", {})
    versions = ", ".join(f"{name} {version}" for name, version in source.spec.versions.items())
    known: list[tuple[str, Any, str]] = [
        ("Time in all", seconds.get("total"), "{:,.0f} s"),
        ("of which training", seconds.get("training"), "{:,.0f} s"),
        ("Training rows a second", result.get("examples_per_second"), "{:,.0f}"),
        ("Memory at most", result.get("peak_memory_mb"), "{:,.0f} MB"),
        ("Parameters", parameters.get("total"), "{:,}"),
        ("of which learn", parameters.get("trainable"), "{:,}"),
        ("Steps", result.get("steps"), "{:,}"),
        ("Best after step", result.get("best_step"), "{:,}"),
    ]
    lines = [[title, form.format(value)] for title, value, form in known if value is not None]
    lines.append(["Computed on", f"{source.spec.device or 'cpu'}, {result.get('precision', 'fp32')}"])
    return table(["", ""], lines, caption="One run on the machine that made it.") + paragraph(
        versions, kind="muted"
    )


def repeat(found: Judged) -> str:
    """The exact spec and the command that runs it."""
    spec = (found.source.run.path / "spec.yaml").read_text(encoding="utf-8")
    revision = found.source.spec.revision
    return (
        paragraph("Save this as spec.yaml, with the same data set in the store, and run:")
        + _code("python -m lib train spec.yaml")
        + _code(spec)
        + (paragraph(f"Base model at revision {revision}.", kind="muted") if revision else "")
    )


def _code(text: str) -> str:
    return f"<pre>{escape(text)}</pre>"


def section(title: str, content: str) -> str:
    """A section, or nothing when it has no content."""
    return Raw(heading(title) + content) if content else ""


def _lines(frame: pd.DataFrame) -> list[Any]:
    """The rows of a table as named tuples; what a column holds is known only to who made it."""
    return list(frame.itertuples(index=False))


def _figure(value: float | None, interval: Any = None) -> str:
    if value is None or value != value:
        return "–"
    digits = 3 if abs(value) < 10 else 1
    ends = f" ({interval[0]:.{digits}f} to {interval[1]:.{digits}f})" if interval is not None else ""
    return f"{value:.{digits}f}{ends}"
