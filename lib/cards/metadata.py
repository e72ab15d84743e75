"""The head of a model card: what the Hub reads and files the model under, as plain YAML data."""

from typing import Any

from lib.cards.carbon import emissions
from lib.cards.facts import CardFacts
from lib.cards.licences import licence_metadata
from lib.cards.widget import widget_examples
from lib.cards.wish import CardWish
from lib.methods import find_method


def metadata_of(facts: CardFacts, wish: CardWish) -> dict[str, Any]:
    """The metadata in the Hub's words and usual order; parts that nobody knows are left out."""
    task, lineage = facts.task, facts.lineage
    languages = list(wish.languages)
    datasets = [*wish.datasets] or ([facts.spec.data.hub] if facts.spec.data.hub else [])
    examples = widget_examples(task, facts.brief, wish.languages)
    return {
        **({"language": languages} if languages else {}),
        **licence_metadata(wish.licence or lineage.licence),
        "library_name": "peft" if facts.is_adapter else "transformers",
        "tags": tags_of(facts),
        **({"datasets": datasets} if datasets else {}),
        **(
            {
                "base_model": lineage.hub,
                "base_model_relation": "adapter" if facts.is_adapter else "finetune",
            }
            if lineage.hub
            else {}
        ),
        "pipeline_tag": task.pipeline_tag or task.slug,
        **({"widget": examples} if examples else {}),
        **({"co2_eq_emissions": emissions(facts.seconds, facts.device).metadata()} if facts.seconds else {}),
        "model-index": [_index(facts, wish, datasets)],
    }


def tags_of(facts: CardFacts) -> list[str]:
    """What people search for: the task where its name is not the pipeline's, and how it was taught."""
    task, method = facts.task, facts.spec.method["name"]
    own = [task.slug] if task.pipeline_tag and task.pipeline_tag != task.slug else []
    adapted = [method] if find_method(method).saves_adapter else []
    return list(dict.fromkeys(["atelier", *own, *adapted, *(["transformers"] if facts.is_adapter else [])]))


def _index(facts: CardFacts, wish: CardWish, datasets: list[str]) -> dict[str, Any]:
    """The scores on the test rows; `args` says on how many rows, and the 95 % interval."""
    test, intervals = facts.result["scores"]["test"], facts.result.get("intervals", {}).get("test", {})
    rows = int(facts.result["rows"]["test"])
    metrics = []
    for score in facts.task.scores:
        if score.name not in test or not _is_finite(test[score.name]):
            continue
        about: dict[str, Any] = {"rows": rows}
        if score.name in intervals:
            about["interval_95"] = [round(float(end), 4) for end in intervals[score.name]]
        value = round(float(test[score.name]), 4)
        metrics.append({"type": score.name, "value": value, "name": score.title, "args": about})
    kind = facts.task.pipeline_tag or facts.task.slug
    name = " ".join(facts.data_name.split())
    return {
        "name": " ".join((wish.title or facts.name).split()),
        "results": [
            {
                "task": {"type": kind, "name": facts.task.title},
                # `type` must be a name that could be on the Hub; one that is not there says so.
                "dataset": {"name": name, "type": datasets[0] if datasets else "private", "split": "test"},
                "metrics": metrics,
            }
        ]
        if metrics
        else [],
    }


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and value == value and abs(value) != float("inf")
