"""The textbook recipe that Atelier is measured against: Trainer, every text padded to 128, fp32.

`python -m tests.benchmarks.textbook CSV EPOCHS BATCH LEARNING_RATE SEED` prints one JSON object.
"""

import json
import sys
import time

import pandas as pd
import torch
from datasets import Dataset
from sklearn.metrics import f1_score
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    Trainer,
    TrainingArguments,
    set_seed,
)

from lib.models.sources import find_model


def main(path: str, epochs: float, batch: int, learning_rate: float, seed: int) -> None:
    """Train as the tutorials do and print throughput and the test score."""
    torch.set_num_threads(torch.get_num_threads())
    frame = pd.read_csv(path)
    labels = sorted(frame["label"].unique())
    folder = str(find_model("starter:minilm-l6").folder)
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=len(labels), dtype=torch.float32
    )

    def part(name: str) -> Dataset:
        rows = frame[frame["split"] == name]
        data = Dataset.from_dict(
            {"text": rows["text"].tolist(), "labels": [labels.index(x) for x in rows["label"]]}
        )
        return data.map(
            lambda rows: tokenizer(rows["text"], padding="max_length", truncation=True, max_length=128),
            batched=True,
        )

    train, test = part("train"), part("test")
    arguments = TrainingArguments(
        output_dir="/tmp/atelier-textbook",
        num_train_epochs=epochs,
        per_device_train_batch_size=batch,
        per_device_eval_batch_size=batch,
        learning_rate=learning_rate,
        seed=seed,
        use_cpu=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=50,
    )
    trainer = Trainer(model=model, args=arguments, train_dataset=train)
    begun = time.monotonic()
    trainer.train()
    seconds = time.monotonic() - begun
    predicted = trainer.predict(test).predictions.argmax(axis=1)
    score = f1_score(test["labels"][:], predicted, average="macro")
    print(
        json.dumps(
            {"examples_per_second": len(train) * epochs / seconds, "macro_f1": score, "seconds": seconds}
        )
    )


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
