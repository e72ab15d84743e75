"""Where an adapter changes a model, how strongly, and in how many directions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd


def effective_rank(spectrum: Sequence[float]) -> float:
    """In how many directions a matrix acts: e to the entropy of its singular values, divided by their sum.

    Between 1 (one direction) and the number of values (all alike); 0 for a matrix of zeros. Roy & Vetterli (2007),
    "The effective rank: a measure of effective dimensionality".
    """
    values = np.asarray(spectrum, dtype=float)
    total = values.sum()
    if not total > 0:
        return 0.0
    shares = values[values > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def adapter_table(modules: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The adapted matrices as lines: place, rank, `change` and `whole` (Frobenius norms), `share`, `effective_rank`.

    `share` is ‖ΔW‖ / ‖W‖. `place` counts the lines of the map from 0: stacks as they come, layers rising, what lies
    outside of layers last.
    """
    table = pd.DataFrame(list(modules))
    table["share"] = table["change"] / table["whole"].where(table["whole"] > 0)
    table["effective_rank"] = [effective_rank(values) for values in table["spectrum"]]
    stacks = {stack: number for number, stack in enumerate(dict.fromkeys(table["stack"]))}
    order = sorted(
        {
            (layer < 0, stacks[stack], layer)
            for stack, layer in zip(table["stack"], table["layer"], strict=True)
        }
    )
    places = {key: place for place, key in enumerate(order)}
    table["place"] = [
        places[(layer < 0, stacks[stack], layer)]
        for stack, layer in zip(table["stack"], table["layer"], strict=True)
    ]
    return table
