"""What every method promises, for every task whose output it serves: a run that learns, saves and predicts."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from lib.data.examples import EXAMPLES
from lib.errors import UserError
from lib.methods import METHODS, find_method
from lib.methods.base import Method
from lib.models.sources import find_model
from lib.plan.planner import plan_run
from lib.runs.folder import create_run
from lib.runs.spec import DataSpec, Spec
from lib.tasks import TASKS
from lib.tasks.base import Task
from tests.methods.plainly import assert_transformers_alone_agrees
from tests.models.tiny import tiny_checkpoint

each_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
CONTRACT = {
    "run", "folder", "state", "task", "model", "method", "rows", "scores", "intervals", "baselines", "seconds",
    "examples_per_second", "peak_memory_mb", "parameters", "problems",
}  # fmt: skip


@each_method
def test_it_can_be_found_by_its_name_and_explains_itself(method: Method) -> None:
    assert find_method(method.name) is method
    assert method.title and method.summary.endswith(".")


@each_method
def test_an_unknown_option_is_named(method: Method) -> None:
    needed = {"teacher": "run:x"} if method.has_teacher else {}
    assert [problem.code for problem in method.check({"colour": "red"} | needed)] == ["unknown-method-option"]


def test_an_unknown_method_is_answered_with_those_there_are() -> None:
    with pytest.raises(UserError, match="full"):
        find_method("magic")


@each_method
def test_weights_that_hold_few_bits_already_are_refused_before_the_start(method: Method) -> None:
    config = {"model_type": "bert", "quantization_config": {"quant_method": "gptq"}}
    problem = method.unfit(kind="encoder", is_scratch=False, config=config)
    assert problem is not None and problem.code == "model-quantised"


VARIANTS: dict[str, dict[str, Any]] = {
    "full": {"name": "full"},
    "head": {"name": "head"},
    "lora": {"name": "lora"},
    "qlora-4": {"name": "qlora", "bits": 4},
    "qlora-8": {"name": "qlora", "bits": 8},
}
PAIRS = [
    (task, name)
    for task in TASKS
    for name, how in VARIANTS.items()
    if task.shape.kind in find_method(how["name"]).outputs
]
# What is long, or shares all but words with a task that is not left out, runs with the slow tests.
LONG = (
    "multi-label-classification",
    "text-regression",
    "next-sentence-prediction",
    "translation",
    "text2text-generation",
)
# Of what keeps the body as it is, one pair for each kind of head and of model stays in the default suite.
USUAL = {
    ("text-classification", "lora"),
    ("question-answering", "head"),
    ("fill-mask", "qlora-8"),
    ("summarization", "lora"),
    ("chat", "qlora-4"),
    ("image-classification", "lora"),
}


def marks_of(task: Task, name: str) -> list[pytest.MarkDecorator]:
    usual = task.slug not in LONG if name == "full" else (task.slug, name) in USUAL
    return [] if usual else [pytest.mark.slow]


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A tiny base model of each kind; untrained, but a model that has to be left as it is."""
    root = tmp_path_factory.mktemp("tiny-bases")
    names = {"seq2seq": "Flan-T5", "causal": "GPT-2", "image": "ViT"}
    made = {kind: tiny_checkpoint(name, root / kind) for kind, name in names.items()}
    _lengthen(made["causal"])
    return made | {"encoder": _lively_encoder(root / "encoder")}


def _lengthen(folder: Path) -> None:
    """Room for whole conversations, which are long in the tokens of so small a vocabulary."""
    from transformers import AutoModelForCausalLM

    longer: dict[str, Any] = {"n_positions": 1024, "ignore_mismatched_sizes": True}
    AutoModelForCausalLM.from_pretrained(folder, **longer).save_pretrained(folder)


def _lively_encoder(folder: Path) -> Path:
    """An untrained BERT whose weights are large enough that a text's words reach its first token."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    tokenizer = AutoTokenizer.from_pretrained(find_model("starter:minilm-l6").folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=128, max_position_embeddings=128, initializer_range=0.3,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("task", "name"),
    [pytest.param(*pair, id=f"{pair[0].slug}-{pair[1]}", marks=marks_of(*pair)) for pair in PAIRS],
)
def test_a_run_learns_and_its_model_predicts_the_same_in_plain_transformers(
    home: Path, tiny_models: dict[str, Path], task: Task, name: str
) -> None:
    """The saved folder, read by transformers (and peft) in a fresh process, predicts what the run reported."""
    from lib.training.progress import Progress
    from lib.training.session import train_run

    about = import_module(f"tests.tasks.test_{task.slug.replace('-', '_')}")
    example = next(item for item in EXAMPLES if item.name == task.example)
    model, options = getattr(about, "QUICK_MODEL", task.starters[0]), getattr(about, "QUICK_OPTIONS", {})
    if name != "full":
        model = f"folder:{tiny_models[task.model_kind]}"
        options = {**options, "learning_rate": 3e-3, "epochs": 6}
        if task.model_kind == "causal":
            options["max_length"] = 1024
        if task.model_kind == "image":
            options["image_size"] = 48  # not the model's own, so its position embeddings are rewritten
    spec = Spec(
        task=task.slug,
        data=DataSpec(file=str(example.path)),
        model=model,
        method=VARIANTS[name],
        options={"epochs": 5, "patience": 0, "batch_size": 16} | options,
    )
    run = create_run(plan_run(spec).spec)
    progress = Progress(run, device="cpu")
    train_run(run, progress)

    result = run.result() or {}
    assert set(result) >= CONTRACT
    assert run.state().state == result["state"] == "succeeded"
    main = task.main_score.name
    value = result["scores"]["test"][main]
    low, high = result["intervals"]["test"][main]
    assert low <= value <= high
    learned = getattr(about, "LEARNED", {"majority": 0.2})
    if name != "full":
        # Over a tiny untrained body no adapter beats much, but its loss falls.
        learned = {}
        losses = [
            one["value"] for one in run.read_metrics() if (one["split"], one["name"]) == ("train", "loss")
        ]
        assert sum(losses[-5:]) < sum(losses[:5])
    for other, least in learned.items():
        beaten = value - result["baselines"][other][main]
        assert (beaten if task.main_score.higher_is_better else -beaten) > least, (other, result)
    assert_transformers_alone_agrees(run, task, about)
