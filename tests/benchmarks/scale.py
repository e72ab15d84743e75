"""Big data: a million rows of text and twenty thousand pictures, read, profiled, saved, paged, searched and checked.

The data are made here, from a fixed seed. Each measurement is a process of its own, so that its memory is its own.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

ROWS = int(os.environ.get("ATELIER_BENCH_SCALE_ROWS", "1000000"))
PICTURES = int(os.environ.get("ATELIER_BENCH_SCALE_PICTURES", "20000"))
# What is asked for: seconds to read, profile and save; seconds a page; MB of memory; seconds for the pictures.
MOST_SECONDS, MOST_PAGE, MOST_MB, MOST_PICTURE_SECONDS = 60.0, 0.3, 1_500.0, 180.0


def measure() -> bool:
    """True when a million rows and twenty thousand pictures keep to what is asked for."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        table = _asked("table", folder, ROWS)
        few = _asked("pictures", folder, PICTURES // 4)
        many = _asked("pictures", folder, PICTURES)
    whole = sum(table["seconds"][name] for name in ("read", "profile and save"))
    print(
        f"{ROWS:,} rows: read, profiled and saved in {whole:.1f} s, {max(table['mb'].values()):,.0f} MB at most"
    )
    print(f"  pages: {table['page']:.3f} s at most; a search through one column: {table['search']:.2f} s")
    steps = sum(many["seconds"].values())
    print(f"{PICTURES:,} pictures: {steps:.1f} s with thumbnails, {max(many['mb'].values()):,.0f} MB at most")
    print(f"  a quarter of them: {max(few['mb'].values()):,.0f} MB")
    enough = ROWS < 1_000_000 or (whole <= MOST_SECONDS and max(table["mb"].values()) <= MOST_MB)
    return bool(
        enough
        and table["page"] <= MOST_PAGE
        and (PICTURES < 20_000 or steps <= MOST_PICTURE_SECONDS)
        and max(many["mb"].values()) < 1.3 * max(few["mb"].values())
    )


def _asked(what: str, folder: Path, number: int) -> dict[str, dict[str, float]]:
    """The figures of one measurement, from its process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scale", what, str(folder), str(number)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-2_000:])
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    for name, seconds in found["seconds"].items():
        print(f"  {what} {number:,}: {name} {seconds:.1f} s, {found['mb'][name]:,.0f} MB", flush=True)
    return found


class Watch:
    """Seconds and the most memory (resident, MB) of each step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.mb: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done inside, and look at the memory every 20 ms."""
        process, ended, most = psutil.Process(), threading.Event(), [0.0]

        def look() -> None:
            while not ended.wait(0.02):
                most[0] = max(most[0], process.memory_info().rss / 1e6)

        looker = threading.Thread(target=look)
        looker.start()
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - start
            ended.set()
            looker.join()
            self.mb[name] = max(most[0], process.memory_info().rss / 1e6)


def write_table(path: Path, rows: int) -> None:
    """A CSV of five columns of text: a message, a longer note, a name, a place and a label; some cells quoted."""
    chance = random.Random(7)
    words = [f"{one}{other}" for one in ("ka", "lo", "mi", "ne", "ru", "sa", "to", "ve") for other in
             ("ma", "ri", "san", "tel", "vor", "wen", "xi", "zu", "bra", "cle", "dom", "fu")]  # fmt: skip
    with path.open("w", encoding="utf-8") as file:
        file.write("message,note,name,place,label\n")
        for number in range(rows):
            message = " ".join(chance.choices(words, k=12))
            note = " ".join(chance.choices(words, k=20))
            name = f"{chance.choice(words)} {chance.choice(words)} {number % 50_000}"
            place = f"{chance.choice(words)} {number % 2_000}"
            if number % 20 == 0:
                note = f'"{note}, ""quoted"" and\nwith a line break"'
            file.write(f"{message} {number},{note},{name},{place},{('good', 'bad', 'unsure')[number % 3]}\n")


def _table(folder: Path, rows: int) -> dict[str, object]:
    from lib.data.read import read_table
    from lib.data.search import matching_rows
    from lib.data.split import SplitPlan
    from lib.data.store import save
    from lib.plan.checking import checking_of

    path = folder / "rows.csv"
    write_table(path, rows)
    watch = Watch()
    with watch.step("read"):
        table = read_table(path)
    assert len(table.frame) == rows
    with watch.step("profile and save"):
        stored = save(
            table, name="million", task="text-classification",
            columns={"text": "message", "label": "label"}, split=SplitPlan(),
        )  # fmt: skip
    del table
    print(f"{path.stat().st_size / 1e6:.0f} MB of CSV", file=sys.stderr)
    pages = []
    for start in (0, rows // 3, rows // 2 + 19_990, rows - 50):
        begin = time.perf_counter()
        assert len(stored.read(start=start, count=50)) == 50
        pages.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    found = matching_rows(stored, "kama kari", ["message"])
    search = time.perf_counter() - begin
    assert len(found)
    with watch.step("all checks"):
        checking = checking_of(stored)
        assert checking is not None
        checking.run_here()
    checks = {name: watch.seconds.pop(name) for name in ("all checks",)}
    checked_mb = watch.mb.pop("all checks")
    print(f"checks: {checks['all checks']:.1f} s, {checked_mb:,.0f} MB", file=sys.stderr)
    return {"seconds": watch.seconds, "mb": watch.mb, "page": max(pages), "search": search,
            "checks": checks["all checks"], "checks_mb": checked_mb}  # fmt: skip


def write_pictures(path: Path, number: int) -> None:
    """A zip of JPEGs of 160 pixels in ten class folders, no two of them equal."""
    import io

    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(3)
    grounds = [chance.integers(0, 255, (20, 20, 3), dtype=np.uint8) for _ in range(50)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for place in range(number):
            small = np.roll(grounds[place % 50], (place // 50) % 20, axis=place % 2).copy()
            small[0, 0] = (place % 251, (place // 251) % 251, place % 7)
            raw = io.BytesIO()
            Image.fromarray(small).resize((160, 160)).save(raw, "JPEG", quality=80)
            archive.writestr(f"class{place % 10}/{place}.jpg", raw.getvalue())


def _pictures(folder: Path, number: int) -> dict[str, object]:
    from lib.data.read import read_table
    from lib.data.split import SplitPlan
    from lib.data.store import save
    from lib.ui.pictures import thumbnails_in

    path = folder / f"{number}.zip"
    write_pictures(path, number)
    watch = Watch()
    with watch.step("read"):
        table = read_table(path)
    with watch.step("profile and save"):
        stored = save(
            table, name=f"pictures {number}", task="image-classification",
            columns={"image": "image", "label": "label"}, split=SplitPlan(),
        )  # fmt: skip
    with watch.step("thumbnails"):
        for start in range(0, stored.rows, 1_000):
            page = stored.read(["image"], start, 1_000)
            assert thumbnails_in(stored.files, page["image"]).notna().all()
    return {"seconds": watch.seconds, "mb": watch.mb}


_MEASUREMENTS: dict[str, Callable[[Path, int], dict[str, object]]] = {"table": _table, "pictures": _pictures}

if __name__ == "__main__":
    os.environ["ATELIER_HOME"] = str(Path(sys.argv[2]) / "home")
    print(json.dumps(_MEASUREMENTS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))))
