"""A run on several devices: which ones, and whether its batches can be divided among them."""

from collections.abc import Mapping
from typing import Any

from lib.errors import Problem
from lib.runs.devices import list_devices


def shared_devices(options: Mapping[str, Any]) -> tuple[str | None, list[Problem]]:
    """All devices, as in "cuda:0,cuda:1", where the options ask for them and there are several; None for any one.

    The batch stays what it is on one device, so every device must get an equal share of it.
    """
    devices = list_devices()
    if options.get("devices") != "all" or len(devices) == 1:
        return None, []
    size = int(options["batch_size"])
    if size % len(devices):
        nearest = max(1, round(size / len(devices))) * len(devices)
        problem = Problem(
            f"A batch of {size} rows cannot be divided among {len(devices)} devices.",
            "options.batch_size",
            f"Choose a multiple of {len(devices)}, such as {nearest}, or one device.",
            code="batch-not-divisible",
        )
        return None, [problem]
    return ",".join(devices), []
