"""Predictions over HTTP: those of `predict`, for many clients at once, with sentences for what is wrong."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import checks

from lib.__main__ import main
from lib.inference.ask import stop_host
from lib.runs.folder import RunFolder
from lib.serving.limits import Limits
from lib.settings import get_settings
from tests.serving.served import LABELS, Server, label_run, serving

TEXTS = [f"the {('train', 'tea', 'café 🙂')[n % 3]} of day {n} " * (1 + n % 9) for n in range(40)]
LIMITS = Limits(rows=50, characters=500, body_bytes=60_000)


@pytest.fixture(scope="module")
def run(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunFolder]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ATELIER_HOME", str(tmp_path_factory.mktemp("home")))
        get_settings.cache_clear()
        yield label_run(tiny_encoder, name="<b>moods</b>")
        stop_host()
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def server(run: RunFolder) -> Iterator[Server]:
    with serving(run, limits=LIMITS) as found:
        yield found


def test_predictions_are_those_of_the_command(
    server: Server, run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    pd.DataFrame({"words": TEXTS}).to_csv(rows, index=False)
    assert main(["predict", run.id, "--file", str(rows), "--json"]) == 0
    expected = json.loads(capsys.readouterr().out.splitlines()[-1])["predictions"]
    answer = server.client.post("/predict", json={"rows": [{"text": text} for text in TEXTS]})
    found = answer.json()
    assert answer.status_code == 200 and found["errors"] == [] and found["run"] == run.id
    for one, other in zip(found["predictions"], expected, strict=True):
        assert one.keys() == other.keys() and one["predicted"] == other["predicted"]
        assert [one[f"p({label})"] for label in LABELS] == pytest.approx(
            [other[f"p({label})"] for label in LABELS], abs=1e-5
        )


def test_fifty_clients_at_once_each_get_their_own_answers(server: Server) -> None:
    alone = {
        text: server.client.post("/predict", json={"rows": {"text": text}}).json()["predictions"][0]
        for text in TEXTS
    }
    together = threading.Barrier(50)

    def client(number: int) -> list[tuple[int, str, Any]]:
        mine = [TEXTS[(number + step) % len(TEXTS)] for step in range(4)]
        with httpx2.Client(base_url=server.url, timeout=60) as http:
            together.wait()
            answers = [http.post("/predict", json={"rows": [{"text": text}]}) for text in mine]
        return [(answer.status_code, text, answer.json()) for text, answer in zip(mine, answers, strict=True)]

    with ThreadPoolExecutor(50) as pool:
        every = [one for found in pool.map(client, range(50)) for one in found]
    assert len(every) == 200
    for status, text, said in every:
        assert status == 200
        assert said["predictions"][0]["predicted"] == alone[text]["predicted"]
        assert said["predictions"][0]["confidence"] == pytest.approx(alone[text]["confidence"], abs=1e-5)


def test_a_bad_row_has_its_own_sentence_and_the_others_their_predictions(server: Server) -> None:
    rows: list[Any] = [
        {"text": "tea"},
        {},
        {"text": "  "},
        {"text": ["a"]},
        {"text": "a" * 501},
        "tea",
        3,
        {"text": 3},
    ]
    answer = server.client.post("/predict", json={"rows": rows})
    found = answer.json()
    assert answer.status_code == 200
    assert [one is not None for one in found["predictions"]] == [
        True,
        False,
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    assert [(one["row"], one["code"]) for one in found["errors"]] == [
        (1, "no-text"), (2, "no-text"), (3, "not-a-text"), (4, "too-long"),
    ]  # fmt: skip
    first, sixth = found["predictions"][0], found["predictions"][5]
    assert first["predicted"] == sixth["predicted"]
    assert first["confidence"] == pytest.approx(sixth["confidence"], abs=1e-5)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"rows": []}', 422),
        (b'{"rows": [{}]}', 422),
        (b'{"rows": [{"text": null}]}', 422),
        (b'{"rows": "text"}', 422),
        (b'{"rows": null}', 422),
        (b"{}", 422),
        (b"[]", 422),
        (b"", 422),
        (b"{", 422),
        (b'{"rows": [{"text": NaN}]}', 200),
        (b'{"rows": [{"text": "\\ud800 \\u0000"}]}', 200),
        (b"\xff\xfe", 422),
        (b"[" * 50_000, 400),
        (json.dumps({"rows": [{"text": "a"}] * 51}).encode(), 413),
        (json.dumps({"rows": [{"text": "a" * 70_000}]}).encode(), 413),
    ],
)
def test_malformed_requests_are_refused_with_a_sentence(server: Server, content: bytes, status: int) -> None:
    answer = server.client.post("/predict", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["problems"][0]["what"].endswith(".")
    assert "Traceback" not in answer.text


def test_a_body_without_a_length_is_cut_off_while_it_is_read(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"rows": [{"text": "'
        for _ in range(100):
            yield b"a" * 1_000
        yield b'"}]}'

    headers = {"Content-Type": "application/json"}
    answer = server.client.post("/predict", content=endless(), headers=headers)
    assert answer.status_code == 413 and answer.json()["problems"][0]["code"] == "http-413"
    assert answer.headers["connection"] == "close"


def test_the_model_says_what_it_is_and_the_pages_need_no_network(server: Server, run: RunFolder) -> None:
    found = server.client.get("/model").json()
    assert (found["run"], found["labels"], found["columns"]) == (
        run.id,
        LABELS,
        {"text": "words", "label": "label"},
    )
    assert found["inputs"][0]["name"] == "text" and found["limits"]["rows"] == 50
    assert found["scores"]["test"]["macro_f1"] == 0.5
    assert found["intervals"]["test"]["macro_f1"] == [0.4, None]
    assert server.client.get("/health").json() == {"status": "ok", "run": run.id}
    page = server.client.get("/docs").text
    assert "&lt;b&gt;moods&lt;/b&gt;" in page and "<b>moods" not in page
    assert "<script" not in page and "https://" not in page.replace("https://json-schema.org", "")
    assert server.client.get("/v1/models").status_code == 404, "a classifier does not chat"
    for path in ("/nothing", "/predict"):
        assert server.client.get(path).json()["problems"][0]["fix"]


def test_a_page_that_rebinds_its_own_name_to_this_machine_reads_nothing(server: Server) -> None:
    assert server.client.get("/model", headers={"Host": "evil.example:80"}).status_code == 400


def test_with_a_key_everything_but_health_asks_for_it(run: RunFolder) -> None:
    with serving(run, key="sixteen-letters-x") as locked:
        assert locked.client.get("/health").status_code == 200
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "bearer sixteen-letters-x"}):
            answer = locked.client.post("/predict", json={"rows": {"text": "a"}}, headers=given)
            assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
            assert "sixteen" not in answer.text
        right = {"Authorization": "Bearer sixteen-letters-x"}
        assert locked.client.get("/model", headers=right).status_code == 200
        assert locked.client.post("/predict", json={"rows": {"text": "a"}}, headers=right).status_code == 200


def test_when_too_much_waits_more_is_asked_to_come_back(run: RunFolder) -> None:
    with serving(run, limits=Limits(waiting=2)) as small:
        answer = small.client.post("/predict", json={"rows": [{"text": "a"}] * 3})
        assert answer.status_code == 503 and answer.headers["retry-after"] == "1"
        assert small.client.post("/predict", json={"rows": [{"text": "a"}] * 2}).status_code == 200


def test_no_request_that_schemathesis_thinks_of_is_a_fault(server: Server) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    tried = []

    @settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @schemathesis_given(schema["/predict"]["POST"])
    def attempt(case: Any) -> None:
        tried.append(case.call_and_validate(checks=[checks.not_a_server_error]).status_code)

    attempt()
    assert len(tried) > 25 and 200 in tried and 422 in tried


def schemathesis_given(operation: Any) -> Any:
    """Requests for one operation, such as its schema allows and such as it does not."""
    from hypothesis import given, strategies
    from schemathesis import GenerationMode

    return given(
        case=strategies.one_of(
            operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )
    )


def test_the_command_serves_until_it_is_told_to_end(run: RunFolder) -> None:
    command = [sys.executable, "-m", "lib", "serve", run.id, "--port", "0", "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    try:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["run"] == run.id and ready["url"].startswith("http://127.0.0.1:")
        answer = httpx2.post(f"{ready['url']}/predict", json={"rows": {"text": "tea"}}, timeout=60)
        assert answer.json()["predictions"][0]["predicted"] in LABELS
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in said
