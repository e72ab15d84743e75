"""One HTML file that a colleague can read: data, scores, confusions, slices, calibration, mistakes, cost, command."""

import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from lib.data.store import open_rows
from lib.errors import Problem, UserError
from lib.export import report_parts as parts
from lib.export.base import Export, Made, Step
from lib.export.page_parts import heading, page, paragraph
from lib.export.place import placed, size_of
from lib.export.report_parts import Judged, section
from lib.export.source import Source
from lib.option import option


@dataclass(frozen=True)
class ReportOptions:
    """What the page may show of the data."""

    examples: int = option(
        10,
        title="Examples of mistakes",
        help="How many wrong test rows are shown with their texts or pictures; 0 when the rows must not leave.",
        group="content",
        low=0,
        high=50,
    )


class Report(Export):
    """A page with everything inside, which loads nothing."""

    name = "report"
    title = "Report"
    summary = "One HTML file with data, scores, confusions, slices, calibration, mistakes, cost and the exact command."
    serves = "For readers: opens in any browser, with no network."
    icon = ":material/description:"
    makes = "file"
    suffix = ".html"
    option_class = ReportOptions

    def refused(self, source: Source) -> str | None:
        """Only a run without judged rows has nothing to report."""
        if not source.run.predictions_path.is_file():
            return "The run's judged rows are no longer there. Train it again to have them."
        return None

    def write(self, source: Source, to: Path, options: ReportOptions, step: Step) -> Made:
        """Work out every section and write the page."""
        step("reading the judged rows", 0.0)
        found = _judged(source)
        sections = []
        kinds = (
            ("Scores", parts.scores),
            ("Data", parts.data),
            ("Label by label", parts.by_label),
            ("Calibration", parts.calibration),
            ("Slices", parts.slices),
            ("Examples of mistakes", lambda about: parts.mistakes(about, options.examples)),
            ("Learning", parts.learning),
            ("Cost", parts.cost),
            ("Repeat it", parts.repeat),
        )
        for number, (title, make) in enumerate(kinds):
            step(f"working out: {title.lower()}", 0.1 + 0.8 * number / len(kinds))
            sections.append(section(title, make(found)))
        text = page(source.name, [_top(source), *sections])
        with placed(to) as work:
            work.write_text(text, encoding="utf-8")
        shown = (
            "no rows of yours" if options.examples == 0 else f"at most {options.examples} of your test rows"
        )
        notes = [f"It shows {shown}; look at it before you pass it on."]
        return Made(to, bytes=size_of(to), facts={"notes": notes})


def _judged(source: Source) -> Judged:
    try:
        frame = pd.read_parquet(source.run.predictions_path)
    except (OSError, ValueError) as error:
        what = "The run's judged rows cannot be read."
        fix = "Train the run again."
        raise UserError(Problem(what, str(source.run.predictions_path), fix, code="damaged-run")) from error
    test = frame[frame["split"] == "test"].reset_index(drop=True)
    pictures = None
    if any(role.kind == "image" for role in source.task.roles):
        try:
            pictures = open_rows(source.spec.data.dataset or "", source.spec.data.fingerprint).files
        except UserError:
            pictures = source.run.path  # where none lies: their names are shown instead
    return Judged(source, source.task.output(source.brief.target), test, pictures)


def _top(source: Source) -> str:
    spec = source.spec
    day = time.strftime("%d %B %Y", time.localtime(source.run.state().finished or time.time()))
    what = (
        f"{source.task.title}: {spec.model}, taught with {spec.method['name']} fine-tuning to "
        f"{source.task.sentence(source.brief.target)}. Finished on {day}."
    )
    return heading(source.name, level=1) + paragraph(what, kind="muted")
