"""A finished run that writes texts, made by hand with no model and no torch."""

import numpy as np
import pandas as pd

from lib.runs.files import write_json
from lib.runs.folder import RunFolder, create_run
from lib.runs.spec import DataSpec, Spec
from lib.runs.state import State
from lib.tasks.brief import Brief
from lib.tasks.summarization import Summarization
from lib.tasks.written_text import judge_texts

TASK = Summarization()
COLUMNS = {"text": "article", "summary": "headline"}
HOSTILE = "<script>alert(1)</script> **bold** :red[x] & the cat"
OPTIONS = {"num_beams": 4, "max_target_length": 64, "no_repeat_ngram_size": 3, "prefix": "summarize: "}


def written_run(*, rows: int = 60, name: str = "headlines") -> RunFolder:
    """A run that succeeded, half of its rows for validation: row 0 wrote nothing, row 1 is exact, row 2 hostile."""
    articles = [
        f"A storm left {n} homes in the town dark. It rained for days. Nobody was hurt." for n in range(rows)
    ]
    gold = [f"A storm left {n} homes dark." for n in range(rows)]
    said = [
        f"A storm left {'many' if n % 3 else n} homes{' and streets' * (n % 5)} dark." for n in range(rows)
    ]
    articles[2] = gold[2] = said[2] = HOSTILE
    said[0], said[1] = "", gold[1]
    frame = pd.DataFrame({"article": articles, "headline": gold}, dtype="str")
    brief = Brief(COLUMNS, TASK.describe_target(frame, COLUMNS), 512, OPTIONS)
    written = pd.DataFrame(
        {"predicted": pd.Series(said, dtype="str"), "gen_len": [len(text.split()) + 2 for text in said]}
    )
    written["loss"] = np.linspace(0.1, 4, rows)
    judged = judge_texts(written, frame["headline"], brief)
    judged.insert(0, "row", np.arange(rows))
    judged.insert(1, "row_id", [f"{number:016x}" for number in range(rows)])
    judged.insert(2, "split", ["test" if number < rows // 2 else "validation" for number in range(rows)])
    judged["tokens"], judged["truncated"] = 20, False
    judged["input: article"] = frame["article"]
    data = DataSpec(dataset="news@1", columns=COLUMNS)
    run = create_run(Spec(task="summarization", data=data, model="scratch:t5-tiny", name=name))
    judged.to_parquet(run.predictions_path, index=False)
    write_json(run.path / "target.json", brief.target)
    write_json(run.path / "brief.json", brief.to_json())
    parts = {split: judged[judged["split"] == split] for split in ("validation", "test")}
    result = {
        "run": run.id,
        "state": "succeeded",
        "task": "summarization",
        "rows": {"train": 100, **{split: len(part) for split, part in parts.items()}},
        "scores": {split: TASK.score(part, brief) for split, part in parts.items()},
        "baselines": {"first_sentence": {"rouge1": 0.4, "rouge2": 0.2, "rougeL": 0.3, "rougeLsum": 0.3}},
    }
    write_json(run.path / "result.json", result)
    run.model_path.mkdir()
    write_json(run.model_path / "atelier.json", {"task": "summarization"} | brief.to_json())
    run.write_state(State(state="succeeded", queued=1.0, started=2.0, finished=3.0))
    return run
