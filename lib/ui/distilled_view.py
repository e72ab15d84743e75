"""A distilled run on the page: what the student keeps of its teacher, at what cost, and whether the teacher helped."""

import pandas as pd
import streamlit as st

from lib.analysis.distilled import SIDES, Distilled, Estimate, Side, interval_of
from lib.analysis.distilled_words import percent
from lib.charts.kept_by_label import kept_by_label
from lib.charts.tradeoff import Cost, Point, tradeoff
from lib.errors import UserError
from lib.runs.folder import open_run
from lib.ui.address_choice import choose_in_address
from lib.ui.charts import current_theme, show_chart
from lib.ui.distilled_control import WHY, show_control
from lib.ui.distilled_data import Compared, Model, compared, control_of_line, models_of, verdict_words
from lib.ui.distilled_rows import show_parting
from lib.ui.distilled_runs import has_teacher, is_control, repeats_of
from lib.ui.evaluate_data import Evaluation, evaluation
from lib.ui.frame import go_to, guarded, section
from lib.ui.numbers import count, score_with_interval, significant
from lib.ui.problems import show_problems
from lib.ui.run_words import main_score
from lib.ui.runs_list import RunLine, all_lines, line_of
from lib.ui.words import escape_markdown, shorten

TITLES: dict[Side, str] = {
    "teacher": "Teacher",
    "student": "Student",
    "control": "Same student, no teacher",
}
_SIZE_WORDS = {"1": "One row at a time", "32": "32 rows at once"}
_COSTS: dict[Cost, str] = {"batch 32": "32 rows at once", "batch 1": "One row", "disk": "Disk"}


def show_distillation(found: Evaluation) -> None:
    """The section of the Evaluate page; nothing for a run without a teacher."""
    if not has_teacher(found.run):
        return
    section("Beside its teacher")
    if found.split != "test":
        st.caption("The teacher is compared on the test rows only.")
        return
    if is_control(found.run.spec):
        _belongs_to(found.run.spec.parent or "")
        return
    lines = all_lines()
    line = line_of(found.run)
    control = control_of_line(line, lines)
    try:
        beside = compared(found, control.run if control and control.has_result else None)
    except UserError as error:
        show_problems(error.problems)
        return
    for sentence in verdict_words(line, lines, found.task.main_score, beside):
        st.markdown(escape_markdown(sentence))
    show_control(line.id, control, note=beside.note)
    if beside.distilled is not None:
        _figures(found, beside, beside.distilled)
    _parting(found, beside)


def show_distilled_verdict(line: RunLine) -> None:
    """What distilling came to, in a sentence under a run's scores; nothing for a run without a teacher."""
    main = main_score(line)
    if not line.has_result or main is None or line.spec is None or not has_teacher(line.run):
        return
    if is_control(line.spec):
        _belongs_to(line.spec.parent or "")
        return
    lines = all_lines()
    control = control_of_line(line, lines)
    try:
        found = evaluation(line.run, "test")
        beside = compared(found, control.run if control and control.has_result else None)
    except UserError as error:
        show_problems(error.problems)
        return
    words = verdict_words(line, lines, main, beside)
    # Other seeds may take back what one pair of runs seems to show; that there are none is said on Evaluate.
    for sentence in words if len(repeats_of(line, lines)) > 1 else words[:1]:
        st.markdown(escape_markdown(sentence))
    show_control(line.id, control, note=beside.note)


def _belongs_to(parent: str) -> None:
    """What a control is, and the way to the run it is the control of."""
    try:
        name = f"**{escape_markdown(shorten(open_run(parent).name, 60))}**"
    except UserError:
        st.markdown("This run is the control of a distilled run that is gone.", help=WHY)
        return
    with st.container(horizontal=True, vertical_alignment="center", key="distilled-parent"):
        st.markdown(f"This run is the control of {name}: the same student without a teacher.", help=WHY)
        if st.button("See the comparison", icon=":material/compare_arrows:", key="see the comparison"):
            go_to("Evaluate", run=parent)


def _figures(found: Evaluation, beside: Compared, distilled: Distilled) -> None:
    models = models_of(found.result)
    if models["teacher"].title:
        st.caption(f"The teacher is {escape_markdown(shorten(models['teacher'].title, 60))}.")
    st.dataframe(
        side_table(found.task.main_score.title, distilled, models),
        hide_index=True,
        alt=f"Teacher, student and control on {count(distilled.rows, 'test row')}",
        key="distilled table",
    )
    st.caption(
        f"On {count(distilled.rows, 'test row')}; ± is half the 95 % interval, in brackets stand its ends. Times are "
        "medians on this machine, from the text to the answer (in brackets the 95th percentile); both took turns."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _tradeoff(found, distilled, models)
    if beside.labels is not None and len(beside.labels):
        with right:
            show_chart(
                kept_by_label(beside.labels, rows=distilled.rows, theme=current_theme()), "kept by label"
            )
            _by_chance(beside.labels)


def side_table(title: str, found: Distilled, models: dict[Side, Model]) -> pd.DataFrame:
    """One line for each thing to compare, one column for each side; what is not known is a dash."""
    sides = [side for side in SIDES if side in found.scores]
    # The control is the student's twin, so it needs what the student needs.
    of = {side: models["teacher" if side == "teacher" else "student"] for side in sides}
    lines: dict[str, dict[Side, str]] = {
        title: {
            side: score_with_interval(found.scores[side].value, interval_of(found.scores[side]))
            for side in sides
        }
    }
    if found.kept:
        name = "Kept of the teacher's" if found.higher_is_better else "Of the teacher's (less is better)"
        lines[name] = {side: "100 %" if side == "teacher" else _short(found.kept[side]) for side in sides}
    for size, words in _SIZE_WORDS.items():
        if any(size in model.milliseconds for model in of.values()):
            lines[words] = {side: _time(model, size) for side, model in of.items()}
    lines["On disk"] = {
        side: f"{significant(model.size_mb, 3)} MB" if model.size_mb else "–" for side, model in of.items()
    }
    lines["Parameters"] = {
        side: f"{significant(model.parameters / 1e6, 3)} M" if model.parameters else "–"
        for side, model in of.items()
    }
    return pd.DataFrame(
        [{"": name} | {TITLES[side]: cells[side] for side in sides} for name, cells in lines.items()]
    )


def _short(kept: Estimate) -> str:
    """A share and its interval where there is little room: "98 % (94–102)"."""
    share, ends = percent(kept)
    return share + ends.replace("95 % interval ", "").replace(" to ", "–")


def _time(model: Model, size: str) -> str:
    if size not in model.milliseconds:
        return "–"
    p50, p95 = model.milliseconds[size]
    return f"{significant(p50, 3)} ms ({significant(p95, 3)})"


def _tradeoff(found: Evaluation, distilled: Distilled, models: dict[Side, Model]) -> None:
    teacher, student = models["teacher"], models["student"]
    both = teacher.milliseconds.keys() & student.milliseconds.keys()
    costs: list[Cost] = [cost for cost, size in (("batch 32", "32"), ("batch 1", "1")) if size in both]  # type: ignore[misc]
    if teacher.size_mb and student.size_mb:
        costs.append("disk")
    if not costs:
        return
    chosen = choose_in_address("cost", "Cost", costs, format_func=_COSTS.__getitem__)
    points = []
    for side, quality in distilled.scores.items():
        model = teacher if side == "teacher" else student
        p50, p95 = model.milliseconds.get(chosen.removeprefix("batch "), (None, None))
        cost = model.size_mb if chosen == "disk" else p50
        points.append(
            Point(side, quality, float(cost or 0.0), model.size_mb or 0.0, model.parameters or 0, p95)
        )
    main = found.task.main_score
    chart = tradeoff(
        points, main.name, cost=chosen, rows=distilled.rows, higher_is_better=main.higher_is_better,
        theme=current_theme(),
    )  # fmt: skip
    show_chart(chart, "tradeoff")


def _by_chance(labels: pd.DataFrame) -> None:
    """How many labels differ beyond noise, beside how many would by chance alone."""
    beyond = int(((labels["gap_low"] > 0) | (labels["gap_high"] < 0)).sum())
    chance = 0.05 * len(labels)
    st.caption(
        f"Beyond noise on {beyond:,} of {count(len(labels), 'label')}; were the two equally good, "
        f"about {significant(chance, 1)} would be by chance."
    )


@st.fragment
@guarded
def _parting(found: Evaluation, beside: Compared) -> None:
    """Only this part runs again after a click on a row."""
    st.markdown("**Where the two part**")
    show_parting(found, beside)
