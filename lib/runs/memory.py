"""How much memory there is here, how much is free, and whether the system has ended processes for want of it."""

import re
from dataclasses import dataclass
from pathlib import Path

import psutil

# Where Linux says which control groups a process is in, how they are limited, and what it ended for want of memory.
PROCESSES = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")
# Memory that no single run should count on: the app, the terminal, the system itself.
KEPT_FREE_SHARE = 0.05


@dataclass(frozen=True)
class Memory:
    """In MB (10^6 bytes): what this process could ever have, and what of it is free now."""

    total_mb: float
    free_mb: float

    @property
    def usable_mb(self) -> float:
        """The most that a run can have when everything else is closed."""
        return self.total_mb * (1 - KEPT_FREE_SHARE)


def memory_here() -> Memory:
    """The machine's memory, or less where a control group (a container, a service, a batch job) allows less."""
    machine = psutil.virtual_memory()
    total, free = float(machine.total), float(machine.available)
    for group in memory_groups():
        limit = _number(group, "memory.max", "memory.limit_in_bytes")
        if limit is None or limit >= machine.total:
            continue
        used = _number(group, "memory.current", "memory.usage_in_bytes") or 0
        # Pages of files are given back when memory is asked for.
        cached = _lines(group / "memory.stat")
        total = min(total, limit)
        free = min(free, limit - used + cached.get("total_inactive_file", cached.get("inactive_file", 0)))
    return Memory(total / 1e6, max(0.0, free) / 1e6)


def memory_groups(process: str = "self") -> list[Path]:
    """The folders of the control groups that bound a process's memory, innermost first; none where there are none."""
    try:
        said = (PROCESSES / process / "cgroup").read_text(encoding="utf-8")
    except OSError:
        return []
    found: list[Path] = []
    for line in said.splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "" or "memory" in controllers.split(","):
            root = GROUPS if controllers == "" else GROUPS / "memory"
            own = root / path.strip("/")
            # Inside a container the path may be the outer world's; then the root is the container's own group.
            inner = [own, *(parent for parent in own.parents if parent.is_relative_to(root))]
            found += [group for group in inner if _has_memory(group)]
    return found


def memory_kills(groups: list[Path] | None = None) -> dict[str, int]:
    """How many processes the system has ended for want of memory, by who counts: "machine", and the innermost group."""
    machine = _lines(PROCESSES / "vmstat").get("oom_kill")
    found = {} if machine is None else {"machine": machine}
    for group in memory_groups()[:1] if groups is None else groups:
        for name in ("memory.events", "memory.oom_control"):
            if (count := _lines(group / name).get("oom_kill")) is not None:
                found[str(group)] = count
    return found


def killed_since(before: dict[str, int]) -> str | None:
    """Who counted a process ended for want of memory since `before`: "group", "machine", or None for nobody.

    A group counts the processes in it, of which the worker is often the only large one; the machine counts all.
    """
    now = memory_kills([Path(name) for name in before if name != "machine"])
    risen = [name for name, count in before.items() if now.get(name, 0) > count]
    if any(name != "machine" for name in risen):
        return "group"
    return "machine" if risen else None


def is_out_of_memory(error: BaseException) -> bool:
    """Whether it says that memory could not be had: Python's own, torch's on a processor, or a GPU's."""
    text = str(error).lower()
    said = ("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory")
    # A GPU's is torch.OutOfMemoryError, which says "CUDA out of memory"; a processor's "DefaultCPUAllocator: …".
    return isinstance(error, MemoryError) or any(words in text for words in said)


def wanted_words(text: str) -> str:
    """How much was asked for at the end, as torch says it: " when another 512.0 MB were asked for"; else nothing."""
    found = re.search(r"tried to allocate ([\d.]+) ?(bytes|[KMGT]i?B)", text, re.IGNORECASE)
    if found is None:
        return ""
    unit = {"b": 1.0, "k": 2.0**10, "m": 2.0**20, "g": 2.0**30, "t": 2.0**40}[found[2][0].lower()]
    return f" when another {float(found[1]) * unit / 1e6:,.1f} MB were asked for"


def _has_memory(group: Path) -> bool:
    return (group / "memory.max").is_file() or (group / "memory.limit_in_bytes").is_file()


def _number(group: Path, *names: str) -> float | None:
    """The number in the first of the files that has one; "max" is none."""
    for name in names:
        try:
            return float((group / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
    return None


def _lines(path: Path) -> dict[str, int]:
    """A file of lines with a name and a number; empty when it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    return {name: int(number) for name, number in re.findall(r"^(\S+) (\d+)$", text, re.MULTILINE)}
