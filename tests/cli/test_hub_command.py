"""`export RUN --to hub:NAMESPACE/NAME [--private]`, as the contract has it."""

import json

import pytest

from lib.__main__ import main
from tests.export.conftest import Finished, _made, finished, hub
from tests.export.push_hub import WRITES, PushHub

__all__ = ["_made", "finished", "hub"]


@pytest.mark.parametrize("flags", [[], ["--private"]])
def test_it_pushes_public_or_private_and_says_where_in_one_object(
    finished: Finished, hub: PushHub, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    run = finished("text-classification")
    assert main(["export", run.id, "--to", "hub:ada/moods", *flags, "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out.splitlines()[-1])
    assert (answer["state"], answer["url"]) == ("succeeded", f"{hub.url}/ada/moods")
    assert hub.repo("ada/moods").private is bool(flags)
    assert WRITES not in told.out + told.err


def test_a_taken_name_is_said_with_what_to_do(
    finished: Finished, hub: PushHub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add("ada/moods", {"config.json": b"{}"})
    run = finished("text-classification")
    assert main(["export", run.id, "--to", "hub:ada/moods", "--json"]) == 1
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [problem["code"] for problem in answer["problems"]] == ["hub-taken"]
    assert hub.repo("ada/moods").trail == []
