"""What relevance is called on the page: the methods, the score that is explained, and how scores are written."""

from dataclasses import dataclass

from lib.inference.relevance import Relevance
from lib.ui.numbers import significant
from lib.ui.words import shorten


@dataclass(frozen=True)
class Way:
    """A method: its name in the address, its title, what it does in a sentence, and whether scores have a sign."""

    name: str
    title: str
    help: str
    signed: bool = True


WAYS: tuple[Way, ...] = (
    Way(
        "occlusion",
        "Occlusion",
        "Hides one {unit} after the other and sees how far the {measure} falls. It only asks the model, so it works "
        "with every architecture; {units} that can stand in for each other are underrated.",
    ),
    Way(
        "gradient",
        "Gradient × input",
        "How steeply the score rises along each {unit} as it is read. One pass, so it is the fastest; it can be noisy, "
        "as it only looks at the closest surroundings of this input.",
    ),
    Way(
        "chefer",
        "Chefer",
        "Attention, weighed by its gradient and carried through all layers. It shows what supports the target, never "
        "what speaks against it.",
        signed=False,
    ),
    Way(
        "integrated",
        "Integrated gradients",
        "Gathers gradients on the way from an empty input to this one, so that the scores add up to the difference "
        "between the two. Takes {steps} passes; the empty input is your choice and matters.",
    ),
)
WAY = {way.name: way for way in WAYS}
BASELINES = {
    "MASK": "every word masked",
    "PAD": "every word padding",
    "grey": "all grey",
    "mean colour": "its mean colour",
}


def target_words(found: Relevance) -> str:
    """What is explained: "joy", "joy rather than anger", "B-LOC of “Paris”"; plain text."""
    name = shorten(found.target, 40) or "the number"
    if found.against:
        name = f"{name} rather than {shorten(found.against, 40)}"
    if found.said and found.place is not None:
        name = f"{name} of “{shorten(found.places[found.place], 30)}”"
    return name


def measure_words(found: Relevance) -> str:
    """What occlusion and faithfulness count in."""
    return {"probability": "probability", "log-odds": "log-odds", "number": "number"}[found.kind]


def score_words(found: Relevance) -> str:
    """What a score of this method is, as the head of a column."""
    match found.method:
        case "occlusion":
            return f"fall of the {measure_words(found)} when hidden"
        case "chefer":
            return "relevance (no unit)"
        case "gradient":
            return f"gradient × input, in {found.scale}"
        case _:
            return f"part of the {found.scale}"


def signed(value: float) -> str:
    """A score with its sign and two significant digits: "+0.31", "−0.0042"."""
    said = significant(value, 2)
    return said if value <= 0 else f"+{said}"


def hidden_words(found: Relevance) -> str:
    """How a word or patch is hidden."""
    if found.grid is not None:
        return "painted grey"
    return f"replaced by {found.hidden_by}" if found.hidden_by else "left out of the attention"


def method_words(found: Relevance) -> str:
    """Method with its baseline and steps: what every picture of relevance must carry."""
    way = WAY[found.method]
    match found.method:
        case "occlusion":
            return f"{way.title}, each {'patch' if found.grid else 'word'} {hidden_words(found)} in turn"
        case "gradient":
            return f"{way.title}, baseline zero {'pixels (the mean colour)' if found.grid else 'embedding'}"
        case "integrated":
            return (
                f"{way.title}, baseline {BASELINES.get(found.baseline, found.baseline)}, {found.steps} steps"
            )
        case _:
            return way.title
