"""How much memory there is, in groups with a limit too, and what the system ended for want of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import yaml

from lib.runs import memory
from lib.runs.memory import killed_since, memory_groups, memory_here, memory_kills
from lib.runs.state import State, as_seen
from tests.conftest import write_rows

ROOT = Path(__file__).resolve().parents[2]


def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, files: dict[str, str]) -> None:
    """A machine whose process is in the group of that line, with these files below /sys/fs/cgroup and /proc."""
    for name, text in ({"proc/self/cgroup": line} | files).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(memory, "PROCESSES", tmp_path / "proc")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    machine = SimpleNamespace(total=16_000_000_000, available=8_000_000_000)
    monkeypatch.setattr(memory.psutil, "virtual_memory", lambda: machine)


@pytest.mark.parametrize(
    ("line", "files", "total", "free"),
    [
        pytest.param(
            "0::/job\n",
            {"groups/job/memory.max": "2000000000\n", "groups/job/memory.current": "500000000\n"},
            2000,
            1500,
            id="version 2",
        ),
        pytest.param(
            "4:memory:/job\n1:cpu:/other\n",
            {
                "groups/memory/job/memory.limit_in_bytes": "1000000000\n",
                "groups/memory/job/memory.usage_in_bytes": "400000000\n",
                "groups/memory/job/memory.stat": "cache 5\ntotal_inactive_file 100000000\n",
            },
            1000,
            700,
            id="version 1, where pages of files can be given back",
        ),
        pytest.param(
            "0::/job/inner\n",
            {
                "groups/job/inner/memory.max": "max\n",
                "groups/job/memory.max": "1500000000\n",
                "groups/job/memory.current": "0\n",
            },
            1500,
            1500,
            id="a group inside one with a limit",
        ),
        pytest.param(
            "0::/outer/world/of/a/container\n",
            {"groups/memory.max": "1200000000\n", "groups/memory.current": "200000000\n"},
            1200,
            1000,
            id="a container, whose own group is the root",
        ),
    ],
)
def test_a_limit_on_the_group_is_the_memory_there_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: str,
    files: dict[str, str],
    total: float,
    free: float,
) -> None:
    fake(tmp_path, monkeypatch, line, files)
    assert memory_here().total_mb == total
    assert memory_here().free_mb == free


@pytest.mark.parametrize("limit", ["max", "9223372036854771712"])
def test_without_a_limit_it_is_the_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    fake(tmp_path, monkeypatch, "0::/\n", {"groups/memory.max": limit})
    assert memory_here().total_mb == 16_000


def test_a_system_without_control_groups_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PROCESSES", tmp_path)
    assert memory_groups() == []
    assert memory_kills() == {}
    assert memory_here().total_mb == psutil.virtual_memory().total / 1e6


@pytest.mark.parametrize(
    ("machine", "group", "by"),
    [(3, 1, None), (4, 1, "machine"), (4, 2, "group"), (0, 0, None)],
)
def test_a_kill_is_counted_by_the_group_or_by_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: int, group: int, by: str | None
) -> None:
    files = {"groups/job/memory.max": "max", "groups/job/memory.events": "oom 9\noom_kill 1\n"}
    fake(tmp_path, monkeypatch, "0::/job\n", {**files, "proc/vmstat": "pgfault 7\noom_kill 3\n"})
    before = memory_kills()
    (tmp_path / "proc/vmstat").write_text(f"oom_kill {machine}\n")
    (tmp_path / "groups/job/memory.events").write_text(f"oom 12\noom_kill {group}\n")
    assert killed_since(before) == by


@pytest.mark.parametrize(
    ("kills", "said"), [(3, None), (4, "Memory ran out on this machine, and the system very likely")]
)
def test_a_lost_run_says_when_memory_ran_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int, said: str | None
) -> None:
    fake(tmp_path, monkeypatch, "0::/\n", {"proc/vmstat": f"oom_kill {kills}\n"})
    state = State("running", "training", pid=2**22 + 1, process_started=1.0, memory_kills={"machine": 3})
    seen = as_seen(state.changed(memory_mb=1900.0, memory_total_mb=2000.0, step=4, total_steps=10))
    assert seen.state == "lost"
    assert [problem["code"] for problem in seen.problems] == (["out-of-memory"] if said else [])
    if said:
        (problem,) = seen.problems
        assert problem["what"].startswith(said)
        assert "1.9 GB by then, and 2 GB" in problem["what"]
        assert problem["where"] == "training, step 4 of 10"


@pytest.fixture
def limited_group() -> Iterator[Path]:
    """A control group of 450 MB, of either version; the test is skipped where none can be made."""
    first, second = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
    root, name = (first, "memory.limit_in_bytes") if first.is_dir() else (second, "memory.max")
    group = root / f"atelier-test-{os.getpid()}"
    try:
        group.mkdir()
        (group / name).write_text("450000000")
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"needs a control group of its own for memory: {error}")
    yield group
    for _ in range(100):  # until the killed are buried
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.1)
        else:
            return


def test_a_worker_that_the_system_ends_for_want_of_memory_is_explained(
    home: Path, tmp_path: Path, tiny_encoder: Path, limited_group: Path
) -> None:
    rows = write_rows(tmp_path / "moods.csv")
    wish = {"task": "text-classification", "data": {"file": str(rows)}, "model": f"folder:{tiny_encoder}"}
    spec = tmp_path / "spec.yaml"
    spec.write_text(yaml.safe_dump(wish))
    # The plan is made outside, where there is memory; only then the command and its worker are shut in.
    code = (
        "import sys; from pathlib import Path; from lib.__main__ import main; import lib.cli.running as running;"
        "whole = running.create_run;"
        f"group = Path({str(limited_group)!r}, 'cgroup.procs');"
        "running.create_run = lambda spec: (group.write_text(str(__import__('os').getpid())), whole(spec))[1];"
        f"sys.exit(main(['train', {str(spec)!r}, '--json']))"
    )
    environment = os.environ | {"ATELIER_HOME": str(home), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    result = json.loads(done.stdout.strip().splitlines()[-1])
    assert result["state"] == "lost"
    (problem,) = result["problems"]
    assert problem["code"] == "out-of-memory"
    assert problem["what"].startswith("The system ended it because memory ran out.")
    assert "0.45 GB is all it can have" in problem["what"]
    assert problem["fix"]
    assert problem["what"] in done.stderr
