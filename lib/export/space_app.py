"""The program of a demo: plain transformers and Gradio, made for the shape of what the model predicts."""

from lib.tasks.base import Brief, Task
from lib.tasks.outputs import Continuation, LabelScores, ManyLabels, MaskedTokens, Number, Spans, TokenLabels

_HEAD = '''"""A demo of a model that was trained with Atelier: plain transformers and Gradio."""

import gradio as gr
import torch
import transformers

MODEL = {model!r}
TITLE = {title!r}

config = transformers.AutoConfig.from_pretrained(MODEL)
model = getattr(transformers, config.architectures[0]).from_pretrained(MODEL).eval()
'''
_TOKENIZER = "tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)\n"
_TAIL = """

if __name__ == "__main__":
    demo.launch()
"""
_LOGITS = """

@torch.inference_mode()
def logits_of(*texts):
    batch = tokenizer(*texts, truncation=True, max_length={longest}, return_tensors="pt")
    return model(**batch).logits[0].float()
"""
_LABELS = """

def predict(*texts):
    chances = logits_of(*texts).softmax(dim=-1).tolist()
    return {{config.id2label[number]: chance for number, chance in enumerate(chances)}}


demo = gr.Interface(predict, {inputs}, gr.Label(num_top_classes=5), title=TITLE, flagging_mode="never")
"""
_MANY = """

def predict(*texts):
    chances = logits_of(*texts).sigmoid().tolist()
    named = {{config.id2label[number]: chance for number, chance in enumerate(chances)}}
    given = [label for label, chance in named.items() if chance >= config.atelier_thresholds[label]]
    return named, ", ".join(given) or "none"


outputs = [gr.Label(num_top_classes=10), gr.Textbox(label="Labels that reach their threshold")]
demo = gr.Interface(predict, {inputs}, outputs, title=TITLE, flagging_mode="never")
"""
_NUMBER = """

def predict(*texts):
    scale = config.atelier_scaling  # the model learned (number - mean) / std
    return scale["mean"] + scale["std"] * logits_of(*texts)[0].item()


demo = gr.Interface(predict, {inputs}, gr.Number(label={unit!r}), title=TITLE, flagging_mode="never")
"""
_TOKENS = """find = transformers.pipeline(
    "token-classification", model=model, tokenizer=tokenizer, aggregation_strategy="first"
)


def predict(text):
    found = find(text) if text.strip() else []
    spans = [{{"entity": one["entity_group"], "start": one["start"], "end": one["end"]}} for one in found]
    return {{"text": text, "entities": spans}}


demo = gr.Interface(predict, {inputs}, gr.HighlightedText(label="Found"), title=TITLE, flagging_mode="never")
"""
_SPANS = """

def predict(question, context):
    return answer(question, context) or "The passage does not say."


demo = gr.Interface(predict, {inputs}, gr.Textbox(label="Answer"), title=TITLE, flagging_mode="never")
"""
_TEXT = """

@torch.inference_mode()
def predict(text):
    read = tokenizer({prefix!r} + text, truncation=True, max_length={longest}, return_tensors="pt")
    written = model.generate(read.input_ids, attention_mask=read.attention_mask)
    return tokenizer.decode(written[0], skip_special_tokens=True).strip()


demo = gr.Interface(predict, {inputs}, gr.Textbox(label="Written"), title=TITLE, flagging_mode="never")
"""
_ON = """

@torch.inference_mode()
def predict(text):
    prompt = tokenizer(text + {after!r}, return_tensors="pt")
    written = model.generate(**prompt)[0, prompt["input_ids"].shape[1] :]
    return tokenizer.decode(written, skip_special_tokens=True).strip()


demo = gr.Interface(predict, {inputs}, gr.Textbox(label="Written"), title=TITLE, flagging_mode="never")
"""
_CHAT = '''

@torch.inference_mode()
def predict(message, history):
    turns = [{{"role": one["role"], "content": as_text(one["content"])}} for one in history]
    messages = [*turns, {{"role": "user", "content": as_text(message)}}]
    prompt = tokenizer.apply_chat_template(
        messages, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    written = model.generate(**prompt)[0, prompt["input_ids"].shape[1] :]
    return tokenizer.decode(written, skip_special_tokens=True).strip()


def as_text(content):
    """Gradio gives a turn as text, or as a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


demo = gr.ChatInterface(predict, title=TITLE)
'''
_MASKS = """fill = transformers.pipeline("fill-mask", model=model, tokenizer=tokenizer)


def predict(text):
    guesses = fill(text, top_k=10)
    first = guesses[0] if isinstance(guesses[0], list) else guesses
    return {{one["token_str"].strip() or one["token_str"]: one["score"] for one in first}}


demo = gr.Interface(predict, {inputs}, gr.Label(num_top_classes=10), title=TITLE, flagging_mode="never")
"""
_PICTURE = """processor = transformers.AutoImageProcessor.from_pretrained(MODEL)


@torch.inference_mode()
def predict(picture):
    batch = processor(picture.convert("RGB"), return_tensors="pt")
    chances = model(**batch).logits[0].float().softmax(dim=-1).tolist()
    return {{config.id2label[number]: chance for number, chance in enumerate(chances)}}


demo = gr.Interface(
    predict, gr.Image(type="pil"), gr.Label(num_top_classes=5), title=TITLE, flagging_mode="never"
)
"""


def app_code(task: Task, brief: Brief, *, model: str, title: str) -> str:
    """app.py: `model` is a name on the Hub or a folder beside the program; `title` is anybody's text."""
    output = task.output(brief.target)
    lines = 1 if len(task.model_input) > 1 else 4
    inputs = [f"gr.Textbox(label={role.title!r}, lines={lines})" for role in task.asked(brief.columns)]
    told = {
        "inputs": f"[{', '.join(inputs)}]",
        "longest": brief.max_length,
        "unit": output.unit or "Number" if isinstance(output, Number) else "",
        "prefix": str(brief.options.get("prefix") or ""),
        # The line break after a prompt is part of what was learned.
        "after": "\n" if "prompt" in brief.columns else "",
    }
    head = _HEAD.format(model=model, title=title)
    if task.model_kind == "image":
        return head + _PICTURE.format(**told) + _TAIL
    match output:
        case LabelScores():
            body = _LOGITS + _LABELS
        case ManyLabels():
            body = _LOGITS + _MANY
        case Number():
            body = _LOGITS + _NUMBER
        case TokenLabels():
            body = _TOKENS
        case Spans():
            return _imports_first(task, brief, model, head) + _SPANS.format(**told) + _TAIL
        case Continuation(chat=True):
            body = _CHAT
        case Continuation():
            body = _ON
        case MaskedTokens():
            body = _MASKS
        case _:
            body = _TEXT
    return head + _TOKENIZER + body.format(**told) + _TAIL


def _imports_first(task: Task, brief: Brief, model: str, head: str) -> str:
    """The head with the snippet's own function `answer`, which reads a passage window by window."""
    snippet = task.usage(model, brief)
    return (
        head
        + snippet[snippet.index("\n\n\ndef answer") :]
        .rpartition("\n\n\nprint(")[0]
        .replace("\n\n\ndef answer", f"{_TOKENIZER}\n\ndef answer", 1)
        + "\n"
    )
