"""What a model makes of each row before its head answers: one vector a row, and a map of them in two dimensions."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lib.errors import Problem, UserError
from lib.inference.models import HeldModel
from lib.tasks.brief import Brief

# t-SNE works on the main directions alone (van der Maaten & Hinton, 2008, section 4), and neighbours with it.
DIRECTIONS = 50
PERPLEXITY = 30.0
NEIGHBOURS = 10
FEWEST = 5


def map_file(held: HeldModel, request: dict[str, Any], *, on_rows: Callable[[int], None]) -> dict[str, Any]:
    """The map of the Parquet file `request["rows"]` as one with the columns of `mapped`, in their order.

    Raises UserError for fewer than FEWEST rows, or a model that shows nothing of what it computes.
    """
    rows = pd.read_parquet(request["rows"])
    if len(rows) < FEWEST:
        what = f"A map needs at least {FEWEST} rows, and there are {len(rows)}."
        raise UserError(Problem(what, "rows", "Choose a part with more rows.", code="too-few-rows"))
    brief = held.brief.changed(columns=request["columns"])
    mapped(embedded(held, rows, brief, on_rows=on_rows)).to_parquet(request["out"], index=False)
    return {"rows": len(rows)}


def embedded(
    held: HeldModel, rows: pd.DataFrame, brief: Brief, *, on_rows: Callable[[int], None] | None = None
) -> np.ndarray:
    """float32[rows, width]: the last layer's states, averaged over tokens or places, and over a row's windows."""
    from lib.tasks.predict import read_rows

    found = []
    for said, features, plain in read_rows(
        held.task, held.model, held.processor, rows, brief, on_rows=on_rows, say=_pooled
    ):
        count = len(next(iter(plain.values())))
        places = np.asarray(features.get("row", range(count)), dtype=np.int64)
        sums = np.zeros((count, len(said[0])), dtype=np.float32)
        np.add.at(sums, places, np.stack(said))
        found.append(sums / np.maximum(np.bincount(places, minlength=count), 1)[:, None])
    return np.concatenate(found)


def _pooled(model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[np.ndarray]:
    states = getattr(model(**batch, output_hidden_states=True), "hidden_states", None)
    if not states:
        what = "This model does not show what it computes, so its rows cannot be put on a map."
        raise UserError(Problem(what, "model", code="no-hidden-states"))
    last = states[-1].float()
    if last.dim() == 4:  # a grid of places: rows, channels, height, width
        return list(last.mean(dim=(2, 3)).cpu().numpy())
    mask = batch.get("attention_mask")
    if mask is None or mask.shape[:2] != last.shape[:2]:
        return list(last.mean(dim=1).cpu().numpy())
    weights = mask.unsqueeze(-1).to(last.dtype)
    return list(((last * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)).cpu().numpy())


def mapped(vectors: np.ndarray) -> pd.DataFrame:
    """One line a row: `x`, `y` (t-SNE of the main directions) and `nearest`, the places of its nearest rows.

    `nearest` are NEIGHBOURS at most, closest first, by Euclidean distance in the main directions, where distances
    mean more than on the map. The same vectors give the same map.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE
    from sklearn.neighbors import NearestNeighbors

    rows = len(vectors)
    directions = min(DIRECTIONS, rows, vectors.shape[1])
    main = PCA(n_components=directions, random_state=0).fit_transform(vectors)
    near = min(NEIGHBOURS, rows - 1)
    # Equal rows are each other's nearest, so a row may stand anywhere among its own: it is taken out by its place.
    _, places = NearestNeighbors(n_neighbors=near + 1).fit(main).kneighbors(main)
    nearest = [[int(other) for other in line if other != row][:near] for row, line in enumerate(places)]
    # It would divide by the spread of the first direction, which is none when all rows are equal.
    start = "pca" if directions > 1 and main[:, 0].std() > 0 else "random"
    flat = TSNE(perplexity=min(PERPLEXITY, (rows - 1) / 3), init=start, random_state=0).fit_transform(main)
    return pd.DataFrame({"x": flat[:, 0].astype(float), "y": flat[:, 1].astype(float), "nearest": nearest})
