"""The map view: rows as the model sees them, a part of which can be circled and read."""

from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from lib.analysis.neighbours import expected_by_chance, inside, same_label_share
from lib.charts.embedding import COLOURS, Colour, embedding_map
from lib.inference.mapping import map_rows
from lib.tasks.outputs import LabelScores, ManyLabels, Number
from lib.ui.charts import current_theme, picked_data, show_chart
from lib.ui.evaluate_changes import Drawn, drawn_rows
from lib.ui.evaluate_data import Evaluation
from lib.ui.frame import guarded, guarded_callback
from lib.ui.judged_rows import show_rows
from lib.ui.kept import keep, kept_path
from lib.ui.numbers import count, significant
from lib.ui.output_runs import has_model
from lib.ui.review_row import show_row, show_text
from lib.ui.review_selection import forget_row, open_row, row_in_address
from lib.ui.words import escape_markdown, term

MOST_ROWS = 2_000
_CHART, _COLOUR, _AREA = "embedding map", "_map colour", "area"
# Corners of a circled part that go into the address; enough for any shape drawn by hand.
_MOST_CORNERS = 40
_UNDER_WAY = "_drawing the map"
_SHAPES = (LabelScores, ManyLabels, Number)


def can_be_mapped(found: Evaluation) -> bool:
    """Whether the model is there to be asked and each row has one answer to colour it by."""
    return (
        isinstance(found.output, _SHAPES) and has_model(found.run) and drawn_rows(found, most=1) is not None
    )


def show_map(found: Evaluation) -> None:
    """The map if it was drawn before, else the button that draws it."""
    drawn = drawn_rows(found, most=MOST_ROWS)
    if drawn is None:
        st.caption("What the model was given is no longer there, so there is nothing to draw.")
        return
    st.caption(
        "Each mark is a row, placed by what the model’s last layer makes of it (averaged over the text or picture, "
        "then t-SNE). Close neighbours are alike to the model; how far groups lie apart, and how large they are, "
        "means nothing."
    )
    path = _path(found)
    if not path.is_file():
        if st.session_state.pop(_UNDER_WAY, False):
            st.caption(":material/info: Drawing the map was cancelled.")
        start = st.empty()
        if start.button(
            f"Draw the map of {count(len(drawn.rows), 'row')}", icon=":material/scatter_plot:", key="draw map"
        ):
            start.empty()
            _draw(found, drawn, path)
            st.rerun()
        return
    lines = _lines(str(path), path.stat().st_mtime_ns)
    points = drawn.rows.assign(x=lines["x"], y=lines["y"], nearest=lines["nearest"])
    _explore(found, points)


@st.cache_resource(max_entries=3, ttl=3600, show_spinner="Reading the map")
def _lines(path: str, changed: int) -> pd.DataFrame:
    return pd.read_parquet(path)


def _path(found: Evaluation) -> Path:
    return kept_path(found, "maps", str(MOST_ROWS))


def _draw(found: Evaluation, drawn: Drawn, path: Path) -> None:
    bar = st.progress(0.0, text="Waiting for the model")
    st.button("Cancel", icon=":material/stop:", key="cancel map")
    st.session_state[_UNDER_WAY] = True

    def tell(done: int, total: int, phase: str) -> None:
        words = f"Reading {done:,} of {count(total, 'row')}" if done < total else "Laying out the map"
        bar.progress(0.9 * min(done / max(total, 1), 1.0), text=words)

    names = {role.name: role.name for role in drawn.roles}
    lines = map_rows(f"run:{found.run.id}", pd.DataFrame(drawn.cells), names, on_progress=tell)
    if lines is not None:
        keep(lines, path)
    st.session_state.pop(_UNDER_WAY, None)


@st.fragment
@guarded
def _explore(found: Evaluation, points: pd.DataFrame) -> None:
    """The map and the rows of what is circled; only this part runs again after a click."""
    kinds: list[Colour] = ["loss", "correct"] if isinstance(found.output, Number) else list(COLOURS)
    asked = st.query_params.get("colour")
    colour: Colour = next((kind for kind in kinds if kind == asked), kinds[0])
    st.session_state[_COLOUR] = colour
    st.segmented_control(
        "Colour by",
        kinds,
        format_func=lambda kind: COLOURS[kind].capitalize(),
        key=_COLOUR,
        required=True,
        on_change=_take_colour,
    )
    corners = _area()
    chosen = None if corners is None else inside(points[["x", "y"]].to_numpy(dtype=float), corners)
    number = row_in_address()
    places = (points["row"] == number).to_numpy().nonzero()[0]
    shares = (
        None
        if isinstance(found.output, Number)
        else same_label_share(points["gold"], list(points["nearest"]))
    )
    chart = embedding_map(
        points,
        colour=colour,
        split=found.split,
        chosen=chosen,
        opened=int(places[0]) if len(places) else None,
        together=None if shares is None else float(np.nanmean(shares)),
        theme=current_theme(),
    )

    @guarded_callback
    def on_pick() -> None:
        _take_selection(points["row"].tolist())

    show_chart(chart, _CHART, on_select=on_pick, selection_mode=("points", "box", "lasso"))
    if shares is not None:
        chance = expected_by_chance(points["gold"])
        st.caption(
            f"Of a row’s ten nearest rows, {100 * float(np.nanmean(shares)):.0f} % share its true label on average; "
            f"{100 * chance:.0f} % would if rows lay anywhere. Circle a part to read its rows, or click one."
        )
    _rows(found, points, chosen)


def _rows(found: Evaluation, points: pd.DataFrame, chosen: np.ndarray | None) -> None:
    if chosen is None and row_in_address() is None:
        return
    part = points if chosen is None else points[chosen]
    if chosen is None:
        part = part[part["row"] == row_in_address()]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{count(len(part), 'row')}** chosen on the map", width="content")
        st.button("Clear", icon=":material/close:", icon_position="right", key="clear map", on_click=_clear)
    if part.empty:
        st.caption("No row lies in there.")
        return
    part = part.sort_values("loss", ascending=False, kind="stable").drop(columns=["x", "y", "nearest"])
    place = show_rows(
        found,
        part,
        cells=lambda rows: {
            "True": rows["gold"].astype("str"),
            "Predicted": rows["predicted"].astype("str"),
            "Loss": rows["loss"],
        },
        columns={"Loss": st.column_config.NumberColumn(format="%.2f", help=term("loss"), width=60)},
        key="map",
        alt=f"{count(len(part), 'row')} chosen on the map, highest loss first",
    )
    if isinstance(found.output, LabelScores):
        show_row(found, part, place)
        return
    row = part.iloc[place]
    for name in found.texts:
        show_text(row[name])
    st.caption(
        f"truly {escape_markdown(row['gold'])} · predicted {escape_markdown(row['predicted'])} · "
        f"loss {significant(float(row['loss']))}"
    )


def _take_colour() -> None:
    st.query_params["colour"] = st.session_state[_COLOUR]


def _take_selection(rows: list[int]) -> None:
    """A circled part or a box goes into the address as its corners, a click as the row."""
    selection = (st.session_state.get(_CHART) or {}).get("selection", {})
    for kind in ("lasso", "box"):
        if shapes := selection.get(kind):
            x, y = shapes[-1]["x"], shapes[-1]["y"]
            if kind == "box":
                x, y = [x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]]
            step = -(-len(x) // _MOST_CORNERS)
            corners = list(zip(x, y, strict=True))[::step]
            st.query_params[_AREA] = ";".join(f"{a:.2f},{b:.2f}" for a, b in corners)
            forget_row()
            return
    if data := picked_data(_CHART):
        open_row(rows[int(data[0])])


def _area() -> np.ndarray | None:
    """The corners in the address: float64[corners, 2]; None without at least three."""
    corners = []
    for part in st.query_params.get(_AREA, "").split(";")[: 2 * _MOST_CORNERS]:
        try:
            x, y = (float(number) for number in part.split(","))
        except ValueError:
            continue
        corners.append((x, y))
    found = np.array(corners, dtype=float).reshape(-1, 2)
    return found if len(found) >= 3 and np.isfinite(found).all() else None


def _clear() -> None:
    st.query_params.pop(_AREA, None)
    forget_row()
