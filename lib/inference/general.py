"""How likely a model and the model before training find general text, token by token."""

import pandas as pd

from lib.inference.general_text import PASSAGES
from lib.inference.predict import OnProgress
from lib.inference.token_losses import TokenLosses, token_losses


def general_losses(ref: str, *, on_progress: OnProgress | None = None) -> TokenLosses:
    """The tokens of PASSAGES, whose places are the `row`; read as plain text, without template. Raises UserError."""
    rows = pd.DataFrame({"text": [text for _, text in PASSAGES]})
    return token_losses(ref, rows, {"text": "text"}, of="plain", untuned=True, on_progress=on_progress)
