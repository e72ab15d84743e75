"""What this machine can train on, found without torch."""

import shutil
import subprocess
from functools import lru_cache


@lru_cache(maxsize=1)
def list_devices() -> tuple[str, ...]:
    """`cuda:0`, `cuda:1` … as the NVIDIA driver lists them, or `cpu` when there is none."""
    program = shutil.which("nvidia-smi")
    if program:
        done = subprocess.run(
            [program, "--query-gpu=index", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        indices = [line.strip() for line in done.stdout.splitlines() if line.strip().isdigit()]
        if done.returncode == 0 and indices:
            return tuple(f"cuda:{index}" for index in indices)
    return ("cpu",)
