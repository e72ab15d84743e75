"""Finished chat and writing runs with tiny real models, made without training."""

import json
from pathlib import Path
from typing import Any

from lib.methods import find_method
from lib.methods.adapters import save_adapter
from lib.models.adapted import about_base
from lib.models.scratch import build_scratch
from lib.models.sources import find_model
from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks import find_task
from lib.tasks.brief import Brief
from lib.tasks.causal import set_writing

TEXTS = [
    f"the {noun} was {how} on day {day}"
    for day in range(9)
    for noun in ("tea", "train", "café", "garden 🌿")
    for how in ("late", "fine")
]
COLUMNS: dict[str, dict[str, str]] = {
    "chat": {"messages": "messages"},
    "text-generation": {"prompt": "title", "completion": "body"},
}


def tiny_llama(folder: Path) -> Path:
    """An untrained Llama with ChatML and a vocabulary of a few hundred pieces."""
    return build_scratch("llama-tiny", TEXTS, folder / "llama", vocabulary=400)


def slow_llama(folder: Path) -> Path:
    """The same with twelve wide layers: slow enough that a person, or a browser, can stop it in the middle."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    made = tiny_llama(folder)
    config = AutoConfig.from_pretrained(made)
    config.hidden_size, config.num_hidden_layers, config.intermediate_size = 384, 12, 1024
    config.num_attention_heads = config.num_key_value_heads = 6
    config.head_dim, config.max_position_embeddings = 64, 8_192
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        AutoModelForCausalLM.from_config(config).save_pretrained(made)
    return made


def chat_run(
    llama: Path,
    *,
    task: str = "chat",
    adapter: bool = False,
    max_length: int = 96,
    name: str = "a talker",
    **options: Any,
) -> RunFolder:
    """A run that succeeded: the llama with its weights moved, or an adapter on it."""
    import torch

    options = {"max_new_tokens": 12} | options
    method: dict[str, Any] = {"name": "lora", "rank": 2} if adapter else {"name": "full"}
    data = DataSpec(dataset="made-up@1", columns=COLUMNS[task])
    ref = f"folder:{llama}"
    run = create_run(Spec(task=task, data=data, model=ref, method=method, name=name, options={"seed": 5}))
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    kind = find_task(task)
    target = {"prompted": True} if task == "text-generation" else {"conversations": 9, "answers": 9}
    brief = Brief(COLUMNS[task], target, max_length, options)
    processor, model = kind.load_processor(llama), kind.load_model(llama, target)
    set_writing(model, processor, brief)
    random = torch.Generator().manual_seed(1)
    about: dict[str, Any] = {"task": task, **brief.to_json(), "method": method}
    with torch.no_grad():
        if adapter:
            model = find_method("lora").prepare(model, {"rank": 2})
            for part, weight in model.named_parameters():
                if "lora_B" in part:
                    weight.copy_(torch.randn(weight.shape, generator=random) * 0.5)
            found = save_adapter(model, run.model_path, base=str(llama), revision=None)
            about["base"] = about_base(find_model(ref), inside=None) | found
        else:
            for weight in model.parameters():
                weight.mul_(1.6).add_(torch.randn(weight.shape, generator=random) * 0.05)
            model.save_pretrained(run.model_path)
    processor.save_pretrained(run.model_path)
    write_json(run.model_path / "atelier.json", about)
    write_json(run.path / "brief.json", brief.to_json())
    result = {"run": run.id, "state": "succeeded", "task": task, "scores": {}, "baselines": {"untuned": {}}}
    write_json(run.path / "result.json", result)
    return run


def cell(messages: list[dict[str, str]]) -> str:
    return json.dumps(messages, ensure_ascii=False)
