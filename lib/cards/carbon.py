"""What a run's electricity may have emitted: hours × watts × grams of CO₂ per kilowatt-hour, assumptions said."""

from dataclasses import dataclass
from typing import Any

# What a laptop or small server draws under load, and an accelerator at its usual limit, with the machine around it.
CPU_WATTS = 65.0
GPU_WATTS = 350.0
# The world's average in 2024 (Ember, Global Electricity Review 2025).
GRAMS_PER_KWH = 473.0


@dataclass(frozen=True)
class Emissions:
    """An estimate. `grams` of CO₂-equivalent; within a factor of a few, as neither power nor grid was measured."""

    hours: float
    watts: float
    grams: float
    hardware: str

    @property
    def source(self) -> str:
        """How it was estimated, in one line."""
        return (
            f"estimated by Atelier, not measured: {self.hours:.3g} h × {self.watts:.0f} W (assumed) × "
            f"{GRAMS_PER_KWH:.0f} g/kWh (world average 2024, Ember)"
        )

    def metadata(self) -> dict[str, Any]:
        """What a card's head says, in the Hub's words."""
        return {
            "emissions": float(f"{self.grams:.2g}"),
            "source": self.source,
            "training_type": "fine-tuning",
            "hardware_used": self.hardware,
        }


def emissions(seconds: float, device: str | None) -> Emissions:
    """The estimate for a run of so many seconds on a device such as "cpu" or "cuda:0,cuda:1"."""
    gpus = [one for one in (device or "cpu").split(",") if one.startswith("cuda")]
    watts = GPU_WATTS * len(gpus) if gpus else CPU_WATTS
    hardware = f"{len(gpus)} GPU{'s' if len(gpus) > 1 else ''}" if gpus else "CPU"
    hours = max(0.0, seconds) / 3600
    return Emissions(hours, watts, hours * watts * GRAMS_PER_KWH / 1000, hardware)
