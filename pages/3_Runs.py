"""Runs: watch the run in hand, stop or resume it, and find any other."""

import streamlit as st

from lib.runs.folder import open_run
from lib.ui.frame import boundary, page
from lib.ui.run_view import show_run
from lib.ui.runs_compare import show_compared
from lib.ui.runs_empty import show_no_runs
from lib.ui.runs_list import all_lines, line_of
from lib.ui.runs_table import run_to_show, show_table, take_run, whole_hand

with page(
    "Runs", icon=":material/timeline:", lead="A run goes on when you close the browser or restart Atelier."
) as hand:
    lines = all_lines()
    if not lines:
        show_no_runs()
    elif hand.run is None and (chosen := run_to_show(lines, hand.data)):
        take_run(chosen.id)
        st.rerun()
    else:
        with boundary("the run"):
            line = line_of(open_run(hand.run or ""))
            if not whole_hand(line, hand):
                take_run(line.id)
                st.rerun()
            show_run(line)
        show_table(lines, in_hand=hand.run)
        show_compared(lines)
