"""Bringing a model of the Hub before it is loaded, with its progress in the run's state."""

import os
import time

from lib.models.hub import parse_name
from lib.models.hub_download import download
from lib.models.hub_token import VISIT_VARIABLE, find_token
from lib.models.sources import ModelInfo, find_model
from lib.training.progress import Progress

# The log gets a line as often as a person would look; the state is written more often than that.
SECONDS_BETWEEN_LINES = 10.0


def downloaded(info: ModelInfo, progress: Progress | None = None) -> ModelInfo:
    """The model with all its files here: at once unless it is one of the Hub that is not downloaded yet.

    Raises UserError, and DownloadStopped when the run was asked to stop meanwhile.
    """
    token = find_token()
    os.environ.pop(VISIT_VARIABLE, None)  # no process started from here needs it
    if info.is_downloaded:
        return info
    name, _ = parse_name(info.ref.partition(":")[2])
    said = 0.0

    def tell(done: int, total: int) -> None:
        nonlocal said
        digits = 0 if total >= 10_000_000 else 1
        words = f"downloading the model: {done / 1e6:,.{digits}f} of {total / 1e6:,.{digits}f} MB"
        if progress is None:
            return
        if not said or time.monotonic() - said > SECONDS_BETWEEN_LINES:
            said = time.monotonic()
            progress.phase(words)
        progress.tell(phase=words)

    def stop() -> bool:
        return progress is not None and progress.stop_wanted

    download(name, info.revision, tell, stop=stop, token=token)
    return find_model(info.ref)
