"""Which kinds of entities are found less often: long ones, those that were not met in training."""

import pandas as pd
import streamlit as st

from lib.analysis.entity_slices import entity_slices
from lib.ui.entity_data import invalid_tags, pairs_of, training_entities
from lib.ui.entity_evidence import keep_table, with_ends
from lib.ui.evaluate_data import Evaluation
from lib.ui.numbers import count, share
from lib.ui.words import term


def show_entity_slices(found: Evaluation) -> None:
    """Recall by kind of entity, and how many predicted tags could not be."""
    table = entity_slices(pairs_of(found), training_entities(found))
    if table.empty:
        st.markdown("No row has a true entity.")
    else:
        st.dataframe(
            pd.DataFrame(
                {
                    "Entities": table["slice"],
                    "True": table["entities"],
                    "Found": table["found"],
                    "Recall": [
                        with_ends(*values)
                        for values in zip(table["recall"], table["low"], table["high"], strict=True)
                    ],
                }
            ),
            hide_index=True,
            column_config={
                "Recall": st.column_config.TextColumn(help=term("recall").replace("rows", "entities"))
            },
            alt=f"Recall by kind of entity on {found.split} rows",
        )
        entities = int(table.loc[table["kind"] == "length", "entities"].sum())
        seen = (
            "Seen: the same words, whatever their case, are an entity of any type in the training rows."
            if "entity" in set(table["kind"])
            else "Which entities were met in training is not known: the data set is gone, or a sample was used."
        )
        st.caption(
            f"Recall with 95 % intervals on {count(entities, f'{found.split} entity', f'{found.split} entities')}. "
            f"{seen} Slices describe, they do not explain: rare types can be long ones."
        )
        keep_table(found, table, "slices")
    wrong, tags = invalid_tags(found)
    if tags:
        mode = str((found.run.brief() or {}).get("options", {}).get("scoring", "conlleval"))
        taken = "begin an entity all the same" if mode == "conlleval" else "are no entity"
        st.caption(
            f"{count(wrong)} of {count(tags, 'predicted tag')} ({share(wrong, tags)}) cannot follow the tag before, as "
            f"an I- without its B-. This run is scored by {mode}: such tags {taken}."
        )
