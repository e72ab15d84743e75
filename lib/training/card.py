"""The model card: the README.md beside a model that tells the next person what it is and how good."""

from collections.abc import Mapping
from typing import Any

import yaml

from lib.methods import find_method
from lib.runs.spec import Spec
from lib.tasks.base import Brief, Task
from lib.tasks.baselines import BASELINE_WORDS
from lib.training.calibrating import card_lines


def model_card(
    task: Task, spec: Spec, brief: Brief, result: Mapping[str, Any], data_name: str, *, usage: str
) -> str:
    """The card as Markdown with the metadata that the Hub reads at its top; `usage` is a snippet to use the model."""
    main = task.main_score
    test = result["scores"]["test"]
    is_adapter = find_method(spec.method["name"]).saves_adapter
    # Only the Hub's own models have a page that a card can lead to.
    on_hub = spec.model.removeprefix("hub:").partition("@")[0] if spec.model.startswith("hub:") else None
    metadata = {
        "library_name": "peft" if is_adapter else "transformers",
        **({"base_model": on_hub} if on_hub else {}),
        "pipeline_tag": task.pipeline_tag or task.slug,
        "tags": ["atelier"],
        "model-index": [
            {
                "name": spec.name,
                "results": [
                    {
                        "task": {"type": task.pipeline_tag or task.slug},
                        "dataset": {"name": data_name, "type": "private", "split": "test"},
                        "metrics": [
                            {"type": score.name, "name": score.title, "value": round(test[score.name], 4)}
                            for score in task.scores
                            if score.name in test
                        ],
                    }
                ],
            }
        ],
    }
    lines = [
        "---",
        yaml.safe_dump(metadata, sort_keys=False, allow_unicode=True).strip(),
        "---",
        "",
        f"# {_plain(spec.name)}",
        "",
        f"{task.title}: {spec.model} taught with {spec.method['name']} fine-tuning to {task.sentence(brief.target)}.",
        "",
        f"## Scores on {result['rows']['test']:,} test rows",
        "",
        "| Score | Value | 95 % interval |",
        "|---|---|---|",
    ]
    intervals = result["intervals"]["test"]
    for score in task.scores:
        if score.name not in test:
            continue
        low, high = intervals.get(score.name, (None, None))
        interval = f"{low:.3f} to {high:.3f}" if low is not None else ""
        lines.append(f"| {score.title} | {test[score.name]:.3f} | {interval} |")
    if result["baselines"]:
        beside = _baselines(result["baselines"], main.name, main.title)
        lines += ["", f"Simple methods on the same rows: {beside}."]
    rows = result["rows"]
    lines += [
        "",
        "## How it was made",
        "",
        f"Trained on {rows['train']:,} rows of the data set {_plain(data_name)}; the best checkpoint was chosen on "
        f"{rows['validation']:,} validation rows by {main.title}; the test rows were used once, at the end. "
        + (
            ""
            if "max_length" in task.hidden_options
            else f"Texts are cut at {spec.options['max_length']} tokens."
        )
        + _searched(result.get("search")),
        *(
            [
                "",
                "What lies here is an adapter, with the layers that learned whole: it needs its base model, "
                f"{spec.model} at revision {spec.revision}, as it was.",
            ]
            if is_adapter
            else []
        ),
        "",
        "```yaml",
        spec.to_yaml().strip(),
        "```",
        "",
        *card_lines(result.get("calibration")),
        "## Use",
        "",
        "```python",
        usage.strip(),
        "```",
        "",
        "## Limits",
        "",
        "The scores hold for rows like those of the data set. The model repeats the biases of its data and of its "
        "base model; check it on your own rows before you rely on it.",
        "",
    ]
    return "\n".join(lines)


def _searched(search: Mapping[str, Any] | None) -> str:
    if not search:
        return ""
    return (
        f" The options are the best of {len(search['trials'])} trials, judged on the validation rows as well."
    )


def _plain(text: str) -> str:
    """A user's text on one line of Markdown, with nothing in it that Markdown or HTML would act on."""
    folded = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]<>#|" else sign for sign in folded)


def _baselines(baselines: Mapping[str, Mapping[str, float]], score: str, title: str) -> str:
    return ", ".join(
        f"{BASELINE_WORDS.get(name, name.replace('_', ' '))} {title} {values[score]:.3f}"
        for name, values in baselines.items()
        if score in values
    )
