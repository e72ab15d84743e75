"""The model card: the README.md beside a model that tells the next person what it is and how good."""

import math
from collections.abc import Mapping
from typing import Any

import yaml

from lib.cards.calibration import calibration_lines
from lib.cards.carbon import emissions
from lib.cards.facts import CardFacts
from lib.cards.licences import LICENCES, licence_id
from lib.cards.metadata import metadata_of
from lib.cards.plain import fenced, paragraphs, plain
from lib.cards.wish import CardWish
from lib.methods import find_method
from lib.tasks.baselines import BASELINE_WORDS

MOST_LABELS = 50
FEW_ROWS = 200


def model_card(facts: CardFacts, wish: CardWish | None = None) -> str:
    """The card as Markdown, with the metadata that the Hub reads at its top."""
    wish = wish or CardWish()
    return "\n".join(
        [
            *front_matter(metadata_of(facts, wish)),
            f"# {plain(wish.title or facts.name)}",
            "",
            *paragraphs(wish.description),
            *_what_it_is(facts),
            *_scores(facts),
            *_training(facts),
            *calibration_lines(facts.result.get("calibration")),
            "## Use",
            "",
            *fenced(facts.usage, "python"),
            "",
            *_limits(facts),
            *_licence(facts, wish),
        ]
    )


def front_matter(metadata: Mapping[str, Any]) -> list[str]:
    """The metadata between its two lines of hyphens."""
    # Folded lines could begin with anything; unfolded ones begin with a key or an indent.
    text = yaml.safe_dump(dict(metadata), sort_keys=False, allow_unicode=True, width=math.inf)
    return ["---", text.strip(), "---", ""]


def _what_it_is(facts: CardFacts) -> list[str]:
    method = find_method(facts.spec.method["name"])
    goal = facts.task.sentence(facts.brief.target)
    lines = [
        f"{facts.task.title}: {plain(facts.lineage.words)}, {_taught(method.name)} to {plain(goal)}.",
        "",
    ]
    labels = facts.brief.target.get("labels") if isinstance(facts.brief.target, Mapping) else None
    if isinstance(labels, list) and labels and all(isinstance(label, str) for label in labels):
        shown = ", ".join(f"*{plain(label)}*" for label in labels[:MOST_LABELS])
        more = f" and {len(labels) - MOST_LABELS:,} more" if len(labels) > MOST_LABELS else ""
        lines += [f"{'Its labels' if len(labels) > 1 else 'Its label'}: {shown}{more}.", ""]
    return lines


def _taught(method: str) -> str:
    return {
        "full": "fine-tuned",
        "head": "with a new head trained on top (the body is as it was)",
        "lora": "fine-tuned with LoRA",
        "qlora": "fine-tuned with QLoRA",
        "distill": "distilled from a larger model",
    }.get(method, f"fine-tuned ({method})")


def _scores(facts: CardFacts) -> list[str]:
    test, intervals = facts.result["scores"]["test"], facts.result.get("intervals", {}).get("test", {})
    lines = [
        f"## Scores on {facts.result['rows']['test']:,} test rows",
        "",
        "| Score | Value | 95 % interval |",
        "|---|---|---|",
    ]
    for score in facts.task.scores:
        if score.name not in test:
            continue
        low, high = intervals.get(score.name, (None, None))
        interval = f"{low:.3f} to {high:.3f}" if low is not None else ""
        lines.append(f"| {score.title} | {test[score.name]:.3f} | {interval} |")
    main = facts.task.main_score
    if beside := _baselines(facts.result.get("baselines") or {}, main.name, main.title):
        lines += ["", f"Simple methods on the same rows: {beside}."]
    return [*lines, ""]


def _training(facts: CardFacts) -> list[str]:
    rows, spec = facts.result["rows"], facts.spec
    cut = (
        ""
        if "max_length" in facts.task.hidden_options or "max_length" not in spec.options
        else f" Texts are cut at {spec.options['max_length']} tokens."
    )
    lines = [
        "## How it was made",
        "",
        f"Trained on {rows['train']:,} rows of the data set {plain(facts.data_name)}; the best checkpoint was chosen "
        f"on {rows['validation']:,} validation rows by {facts.task.main_score.title}; the test rows were used once, at "
        f"the end.{cut}{_searched(facts.result.get('search'))}",
    ]
    if counts := facts.result.get("parameters"):
        learned = f"{counts['trainable']:,} of its {counts['total']:,} parameters learned"
        took = (
            f", in {_duration(facts.seconds)} on {emissions(0, facts.device).hardware}"
            if facts.seconds
            else ""
        )
        lines += ["", f"{learned}{took}."]
    if facts.seconds:
        said = emissions(facts.seconds, facts.device)
        lines += ["", f"CO₂: about {said.grams:.2g} g, {said.source}."]
    if facts.is_adapter:
        revision = facts.lineage.revision or spec.revision
        at = f" at revision {plain(revision)}" if revision else ""
        lines += [
            "",
            "What lies here is an adapter, with the layers that learned whole: it needs its base model, "
            f"{plain(facts.lineage.words)}{at}, as it was.",
        ]
    elif find_method(spec.method["name"]).saves_adapter:
        lines += ["", "The adapter that learned was added into the weights of its base model."]
        if "bits" in spec.method:
            lines[-1] += (
                " The scores are those of the adapter on that model in few bits; here it lies on the model as it was "
                "before, so answers differ a little."
            )
    if spec.versions:
        named = ", ".join(f"{name} {version}" for name, version in spec.versions.items())
        lines += ["", f"Versions: {plain(named)}."]
    return [*lines, "", *fenced(facts.spec_yaml, "yaml"), ""]


def _limits(facts: CardFacts) -> list[str]:
    rows = facts.result["rows"]["test"]
    few = (
        f" There are only {rows:,} test rows, so the scores are rough: see the intervals."
        if rows < FEW_ROWS
        else ""
    )
    return [
        "## Limits",
        "",
        f"The scores hold for rows like those of the data set.{few} The model repeats the biases of its data and of "
        "its base model; check it on your own rows before you rely on it.",
        "",
    ]


def _licence(facts: CardFacts, wish: CardWish) -> list[str]:
    base = facts.lineage
    stated = licence_id(base.licence)
    lines = []
    if wish.licence and wish.licence != stated:
        lines.append(f"This model: {LICENCES[wish.licence]}.")
    if not base.ref.startswith("scratch:"):
        lines.append(
            f"Its base model, {plain(base.words)}: {plain(base.licence) if stated else 'not stated'}. A model "
            "made from another stands under that one's terms as well, and under those of its data."
        )
    return ["## Licence", "", " ".join(lines), ""] if lines else []


def _searched(search: Mapping[str, Any] | None) -> str:
    if not search:
        return ""
    return (
        f" The options are the best of {len(search['trials'])} trials, judged on the validation rows as well."
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3600:.1f} h"


def _baselines(baselines: Mapping[str, Mapping[str, float]], score: str, title: str) -> str:
    return ", ".join(
        f"{BASELINE_WORDS.get(name, plain(name.replace('_', ' ')))} {title} {values[score]:.3f}"
        for name, values in baselines.items()
        if score in values
    )
