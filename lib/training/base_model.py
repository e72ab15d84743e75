"""The model that a run goes on from when that is an adapter: merged with its own base into whole weights in fp32."""

import shutil
from pathlib import Path

from lib.inference.taught import load_taught
from lib.methods.adapters import merged


def merged_base(adapter: Path, folder: Path) -> Path:
    """The folder with the whole model, made now unless an earlier session of the run has. Raises UserError."""
    if not folder.is_dir():
        work = folder.with_name(f".{folder.name}")
        shutil.rmtree(work, ignore_errors=True)
        taught = load_taught(adapter, name="that it goes on from", device="cpu", as_trained=False)
        merged(taught.model).save_pretrained(work)
        taught.processor.save_pretrained(work)
        work.rename(folder)
    return folder
