"""The card of a finished run, for its model as it leaves: by a name or from its folder, whole or as an adapter."""

from lib.cards.card import model_card
from lib.cards.facts import CardFacts
from lib.cards.wish import CardWish
from lib.export.source import Source
from lib.models.adapter_usage import usage_of


def snippet_of(source: Source, place: str, *, is_adapter: bool) -> str:
    """A snippet that uses the model, which lies at `place`: a folder, or its name on the Hub."""
    whole = source.task.usage(place, source.brief)
    return usage_of(source.model, whole, place=place) if is_adapter else whole


def card_of(
    source: Source, *, place: str = ".", is_adapter: bool | None = None, wish: CardWish | None = None
) -> str:
    """The card as Markdown; without `is_adapter`, of the model as the run saved it."""
    adapted = source.is_adapter if is_adapter is None else is_adapter
    facts = CardFacts.of(
        source.spec,
        source.task,
        source.brief,
        source.result,
        usage=snippet_of(source, place, is_adapter=adapted),
        is_adapter=adapted,
        device=source.run.state().device,
        name=source.name,
    )
    return model_card(facts, wish)
