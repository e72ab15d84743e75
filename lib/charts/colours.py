"""Which colour stands for what, told apart by all kinds of eyes, on light and on dark."""

from collections.abc import Iterable
from typing import Literal

Theme = Literal["light", "dark"]

# Okabe & Ito (2008), "Color Universal Design". Their black is grey and their yellow brown here, so that both are seen
# on light and on dark and by all eyes: a darker yellow is their vermilion to those without red cones
# (tests/charts/test_colour_vision.py). The same as chartCategoricalColors in .streamlit/config.toml.
OKABE_ITO = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#985848", "#687878")

INK: dict[Theme, str] = {"light": "#22262C", "dark": "#E6E4DF"}
MUTED: dict[Theme, str] = {"light": "#5C626A", "dark": "#A9B3BE"}
# For what is selected, and nothing else: the accent of .streamlit/config.toml, lighter on dark to stand out.
ACCENT: dict[Theme, str] = {"light": "#0B5C66", "dark": "#7FC6CD"}
GRID: dict[Theme, str] = {"light": "rgba(36,41,47,0.10)", "dark": "rgba(230,233,237,0.13)"}
BAND: dict[Theme, str] = {"light": "rgba(36,41,47,0.06)", "dark": "rgba(230,233,237,0.09)"}

# The one hue for "this is the model" where no label is meant.
MODEL: dict[Theme, str] = {"light": "#0072B2", "dark": "#56B4E9"}
FAINT: dict[Theme, str] = {"light": "rgba(0,114,178,0.28)", "dark": "rgba(86,180,233,0.32)"}
SECOND: dict[Theme, str] = {"light": "#B35900", "dark": "#F0A94B"}

# From nearly the page's colour (little) to full blue (much). Text on it is white or #444, as Plotly picks;
# the scales pass quickly through, or stay below, the middle where neither is easy to read.
SEQUENTIAL: dict[Theme, list[list[float | str]]] = {
    "light": [[0.0, "#F3F1EC"], [0.12, "#DCE6EC"], [0.4, "#A3C8E1"], [0.55, "#3D86B8"], [1.0, "#08466F"]],
    "dark": [[0.0, "#1E2630"], [0.15, "#1F394F"], [0.5, "#235C87"], [1.0, "#337FB8"]],
}

# Less (orange) through the page's colour to more (blue), for signed values around 0. As above, text on it is readable.
DIVERGING: dict[Theme, list[list[float | str]]] = {
    "light": [
        [0.0, "#9C4A00"], [0.22, "#CB6A10"], [0.3, "#F2B877"], [0.44, "#F5E3CC"], [0.5, "#F3F1EC"],
        [0.56, "#DCE6EC"], [0.7, "#A3C8E1"], [0.78, "#2F7CB2"], [1.0, "#08466F"],
    ],
    "dark": [
        [0.0, "#B9640F"], [0.25, "#7E4A18"], [0.45, "#3A2E24"], [0.5, "#1E2630"],
        [0.55, "#1F394F"], [0.75, "#235C87"], [1.0, "#337FB8"],
    ],
}  # fmt: skip
# The two ends of it where they stand alone, as in a key.
MORE: dict[Theme, str] = {"light": "#2F7CB2", "dark": "#4F9BD3"}
LESS: dict[Theme, str] = {"light": "#CB6A10", "dark": "#D98A3C"}


def label_colours(labels: Iterable[str]) -> dict[str, str]:
    """One colour for each label: {"anger": "#0072B2", …}.

    The order of `labels` does not matter, so pass all labels of a run and each keeps its colour on every
    page. Eight are told apart by all kinds of eyes. Then the same hues follow darker and lighter, which not all
    eyes tell apart, and after 24 they repeat: with more than eight labels let words say which is which.
    """
    shades = [(hue, shade) for shade in (0.0, -0.38, 0.45) for hue in OKABE_ITO]
    return {label: shaded(*shades[place % len(shades)]) for place, label in enumerate(sorted(set(labels)))}


def shaded(colour: str, by: float) -> str:
    """A "#RRGGBB" colour moved towards black (by −1 … 0) or white (0 … 1)."""
    target = 255 if by > 0 else 0
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part + (target - part) * abs(by)):02X}" for part in parts)
