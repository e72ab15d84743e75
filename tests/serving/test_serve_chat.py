"""A chat model behind OpenAI's interface: the answer of transformers, streamed, stopped, many at once."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from lib.runs.folder import RunFolder
from lib.settings import get_settings
from tests.inference.chat_runs import chat_run, tiny_llama
from tests.serving.served import Server, serving
from tests.serving.test_serve_predictions import schemathesis_given

TALK = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "the café?"}]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("home")))
        get_settings.cache_clear()
        yield chat_run(tiny_llama(tmp_path_factory.mktemp("llama")), max_length=400)
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def server(run: RunFolder) -> Iterator[Server]:
    with serving(run) as found:
        yield found


def asked(server: Server, messages: list[dict[str, Any]] = TALK, **more: Any) -> httpx2.Response:
    return server.client.post("/v1/chat/completions", json={"messages": messages, **more})


def events(server: Server, **more: Any) -> list[Any]:
    body = {"messages": TALK, "stream": True, **more}
    with server.client.stream("POST", "/v1/chat/completions", json=body) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def streamed(found: list[Any]) -> str:
    return "".join(event["choices"][0]["delta"].get("content", "") for event in found if event["choices"])


def test_the_answer_is_what_transformers_writes(server: Server, run: RunFolder) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(run.model_path)
    model = AutoModelForCausalLM.from_pretrained(run.model_path).eval()
    prompt = tokenizer.apply_chat_template(
        TALK, add_generation_prompt=True, return_dict=True, return_tensors="pt"
    )
    with torch.inference_mode():
        written = model.generate(**prompt)[0, prompt["input_ids"].shape[1] :]
    found = asked(server).json()
    choice = found["choices"][0]
    assert choice["message"]["content"] == tokenizer.decode(written, skip_special_tokens=True).strip()
    assert choice["finish_reason"] == "length" and found["object"] == "chat.completion"
    read = prompt["input_ids"].shape[1]
    assert found["usage"] == {"prompt_tokens": read, "completion_tokens": 12, "total_tokens": read + 12}


def test_a_stream_is_the_same_answer_in_pieces(server: Server, run: RunFolder) -> None:
    found = events(server, max_tokens=30, stream_options={"include_usage": True})
    whole = asked(server, max_tokens=30).json()
    assert streamed(found) == whole["choices"][0]["message"]["content"]
    assert found[0]["choices"][0]["delta"]["role"] == "assistant"
    assert found[-2]["choices"][0]["finish_reason"] == "length"
    assert found[-1]["usage"] == whole["usage"]
    assert len(found) > 10 and {event["model"] for event in found} == {run.id}


def test_stops_limits_and_seeds_are_respected(server: Server) -> None:
    whole = asked(server, max_tokens=40).json()["choices"][0]["message"]["content"]
    stop = whole[8:11]
    cut = asked(server, max_tokens=40, stop=[stop]).json()["choices"][0]
    assert cut["message"]["content"] == whole[: whole.index(stop)].strip() and cut["finish_reason"] == "stop"
    assert streamed(events(server, max_tokens=40, stop=stop)) == cut["message"]["content"]
    assert asked(server, max_completion_tokens=3).json()["usage"]["completion_tokens"] == 3
    warm = [
        asked(server, temperature=1.5, seed=seed).json()["choices"][0]["message"]["content"]
        for seed in (1, 1, 2)
    ]
    assert warm[0] == warm[1] != warm[2]


def test_many_talk_at_once_and_each_gets_the_answer_it_would_have_had_alone(server: Server) -> None:
    talks = [[{"role": "user", "content": f"the tea on day {number}"}] for number in range(20)]

    def ask(messages: list[dict[str, str]]) -> str:
        with httpx2.Client(base_url=server.url, timeout=120) as client:
            said = client.post("/v1/chat/completions", json={"messages": messages, "max_tokens": 8})
            return str(said.json()["choices"][0]["message"]["content"])

    alone = [ask(messages) for messages in talks]
    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, talks)) == alone


def test_hanging_up_frees_the_model(server: Server) -> None:
    body = {"messages": TALK, "stream": True, "max_tokens": 380}
    with server.client.stream("POST", "/v1/chat/completions", json=body) as answer:
        next(answer.iter_lines())
    begun = time.monotonic()
    assert asked(server, max_tokens=1).status_code == 200
    quick = time.monotonic() - begun
    begun = time.monotonic()
    asked(server, max_tokens=380)
    assert quick < 0.7 * (time.monotonic() - begun)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "form"),
        ({"messages": []}, 400, "form"),
        ({"messages": [{"role": "user", "content": ""}]}, 400, "no-text"),
        ({"messages": [{"role": "user", "content": "tea " * 600}]}, 400, "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": "a" * 20_001}]}, 413, "too-long"),
        ({"messages": TALK * 200}, 413, "messages"),
        ({"messages": TALK, "temperature": 9}, 400, "form"),
        ({"messages": TALK, "n": 2}, 400, "form"),
        ({"messages": TALK, "stop": ["a"] * 5}, 400, "stop"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_said_in_the_clients_own_form(
    server: Server, body: dict[str, Any], status: int, code: str, stream: bool
) -> None:
    answer = server.client.post("/v1/chat/completions", json=body | {"stream": stream})
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code and answer.json()["error"]["message"]


def test_parts_of_text_and_other_fields_are_taken_and_half_letters_survived(
    server: Server, run: RunFolder
) -> None:
    parts = [{"type": "text", "text": "the café?"}]
    said = asked(server, [TALK[0], {"role": "user", "content": parts}], user="me", presence_penalty=0)
    assert said.json()["choices"] == asked(server).json()["choices"]
    content = b'{"messages": [{"role": "user", "content": "\\ud83d tea"}], "max_tokens": 2}'
    headers = {"Content-Type": "application/json"}
    assert server.client.post("/v1/chat/completions", content=content, headers=headers).status_code == 200
    models = server.client.get("/v1/models").json()
    assert [model["id"] for model in models["data"]] == [run.id]
    predicted = server.client.post(
        "/predict", json={"rows": [{"messages": TALK}, {"messages": "the café?"}]}
    ).json()
    assert (
        predicted["predictions"][0]["predicted"] == asked(server).json()["choices"][0]["message"]["content"]
    )


def test_no_request_that_schemathesis_thinks_of_is_a_fault_here_either(server: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    tried = []
    operation = schema["/v1/chat/completions"]["POST"]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @schemathesis_given(operation)
    def attempt(case: Any) -> None:
        if isinstance(case.body, dict):
            case.body = case.body | {"max_tokens": 2}  # so that few seconds go by
        tried.append(case.call_and_validate(checks=[checks.not_a_server_error]).status_code)

    attempt()
    assert len(tried) > 12 and 400 in tried
