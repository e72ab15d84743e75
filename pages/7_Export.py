"""Export: take a finished run's model out of Atelier, in the format that whoever gets it needs."""

import streamlit as st

from lib.export.source import open_source
from lib.ui.export_form import show_form
from lib.ui.export_formats import choose_format
from lib.ui.export_jobs import show_active, show_made
from lib.ui.frame import page, section
from lib.ui.output_runs import has_model, pick_run, show_none_yet, show_not_ready

with page(
    "Export",
    icon=":material/ios_share:",
    lead="Who gets the model, and what do they run it with?",
) as hand:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="export-choice"):
        run = pick_run(hand, ready=has_model)
    if run and has_model(run) and run.result() is not None and not run.state().is_active:
        source = open_source(run)
        export = choose_format(source)
        if export is not None:
            section(export.title)
            show_form(source, export)
        show_active(source)
        show_made(source)
    elif run:
        show_not_ready(run, lacking="model")
    elif not hand.run:
        show_none_yet(
            "When a run has finished, you take its model along from here: as one file for a colleague, to the Hub, in "
            "a smaller or faster format, as a script that repeats the run, or as a report that anyone can read."
        )
