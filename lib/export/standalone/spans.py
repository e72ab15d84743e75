"""Finds the answer to a question in a text: one question and one text, `python predict.py "Who …?" "A text"`.

In --file each line is {"question": …, "context": …}, as JSON.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from lib.export.standalone.session import Graph, answer, read_settings
from lib.tasks.question_windows import question_windows, usual_stride


class Predictor:
    """The model of a folder; call it with questions and texts."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.settings = read_settings(folder)
        self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        self.graph = Graph(folder / "model.onnx", padding=self.settings["padding"])

    def __call__(self, inputs: list[Any]) -> list[dict[str, Any]]:
        """The answer to each {"question", "context"}."""
        return [self.answered(item["question"], item["context"]) for item in inputs]

    def answered(self, question: str, context: str) -> dict[str, Any]:
        """The best span of all windows; "" at 0 to 0 where no answer fits better."""
        longest = self.settings["max_length"]
        stride = usual_stride(self.settings["stride"], longest)
        windows = question_windows(self.tokenizer, [question], [context], max_length=longest, stride=stride)
        best, nothing = (-np.inf, 0, 0), np.inf
        for number in range(len(windows["row"])):
            start, end = self.read(windows, number)
            nothing = min(nothing, float(start[0]) + float(end[0]))
            first, begin, count = (windows[name][number] for name in ("_first", "_from", "_count"))
            if not count:
                continue
            pairs = start[first : first + count, None] + end[None, first : first + count]
            lengths = np.arange(count)[None, :] - np.arange(count)[:, None]
            pairs[(lengths < 0) | (lengths >= self.settings["most_tokens"])] = -np.inf
            for place in np.argsort(-pairs, axis=None)[:20]:
                one, other = divmod(int(place), count)
                low = int(windows["_starts"][number][begin + one])
                high = int(windows["_ends"][number][begin + other])
                # Some tokens begin with the blank before them, and a span of nothing else is no answer.
                if context[low:high].strip() and pairs[one, other] > best[0]:
                    best = (float(pairs[one, other]), low, high)
        score, low, high = best
        if score == -np.inf or (
            self.settings["unanswerable"] and nothing - score > self.settings["null_threshold"]
        ):
            return {"answer": "", "start": 0, "end": 0}
        said = context[low:high]
        low += len(said) - len(said.lstrip())
        return {"answer": said.strip(), "start": low, "end": low + len(said.strip())}

    def read(self, windows: dict[str, list[Any]], number: int) -> tuple[np.ndarray, np.ndarray]:
        """The start and the end logits of one window: float32[tokens] each."""
        batch = {name: np.array([windows[name][number]]) for name in self.graph.inputs if name in windows}
        said = self.graph.run(batch)
        return said["start_logits"][0], said["end_logits"][0]


if __name__ == "__main__":
    predictor = Predictor(Path(__file__).resolve().parent)
    given = sys.argv[1:]
    if len(given) == 2 and given[0] != "--file":
        sys.exit(answer(lambda pair: predictor([{"question": given[0], "context": given[1]}]), given[:1]))
    sys.exit(answer(predictor, given))
