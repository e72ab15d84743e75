"""Token classification: find the spans of a text that are names of something, and say of what."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pandas as pd

from lib.data.cells import as_spans
from lib.errors import Problem
from lib.option import option, values_as
from lib.tasks.annotated import Document, read_documents, read_entities, tags_in, words_in
from lib.tasks.base import Brief, Columns, Features, Role, Rows, Target, Task
from lib.tasks.dictionary import Dictionary
from lib.tasks.elsewhere import Elsewhere, Known
from lib.tasks.encoder import WANTED_ENCODER
from lib.tasks.entity_spans import (
    ENTITY_SCORES,
    decode_words,
    gathered_logits,
    judge_spans,
    predicted_row,
    span_scores,
)
from lib.tasks.label_loss import LabelOptions, label_loss
from lib.tasks.loading import label_head, load_pretrained
from lib.tasks.outputs import TokenLabels
from lib.tasks.tag_checks import check_spans, check_tagged
from lib.tasks.tags import OUTSIDE, Entity, Mode, iob2_labels, iob2_tags, scheme_of, write_iob2
from lib.tasks.word_pieces import encode_words, load_word_tokenizer


@dataclass(frozen=True, kw_only=True)
class TokenOptions(LabelOptions):
    """What may be changed about reading long documents and about what counts as an entity."""

    stride: int = option(
        32,
        title="Overlap of windows, in tokens",
        help="Texts longer than the model reads are read in windows that share this many tokens; more gives words at "
        "the edges more context and takes longer.",
        group="Memory",
        low=0,
        high=512,
    )
    scoring: str = option(
        "conlleval",
        title="What counts as an entity",
        help="conlleval lets an I- tag without its B- begin an entity, as most papers do; strict passes it over.",
        group="Checking",
        choices=("conlleval", "strict"),
    )


class TokenClassification(Task):
    """Labelled spans of words, learned as one IOB2 tag a word from tokens with tags or texts with spans."""

    slug = "token-classification"
    title = "Token classification"
    summary = (
        "Find names and other spans in texts, such as people, places or dishes, and say what each one is."
    )
    roles = (
        Role(
            "tokens",
            "tokens",
            "Tokens",
            "The words of each text as a list. The text is then these words with a space between them.",
            synonyms=("tokens", "words", "token"),
        ),
        Role(
            "tags",
            "tags",
            "Tags",
            "A list with one tag for each token, in any scheme: B-PER, I-PER and O, BIOES, BILOU or bare labels.",
            synonyms=("tags", "ner_tags", "labels", "pos_tags", "chunk_tags", "entities", "tag"),
        ),
        Role(
            "text",
            "text",
            "Text",
            "The text in which to find spans.",
            synonyms=("text", "sentence", "document", "content", "query", "tweet", "body", "texte"),
        ),
        Role(
            "spans",
            "spans",
            "Spans",
            "The spans of each text as a list of start, end and label, in characters counted from 0.",
            synonyms=("spans", "entities", "label", "labels", "annotations", "ents"),
        ),
    )  # fmt: skip
    layouts = (("tokens", "tags"), ("text", "spans"))
    scores = ENTITY_SCORES
    model_input = ("tokens", "text")
    starters = ("starter:minilm-l6",)
    reads_all = True
    auto_class = "AutoModelForTokenClassification"
    shape = TokenLabels
    example = "restaurant-searches"
    preset_group = "tagging"
    option_class = TokenOptions

    def asked(self, columns: Columns) -> list[Role]:
        """A text, whatever the model was trained on: it is cut into words here."""
        return [self.role("text")]

    def check(self, frame: pd.DataFrame, columns: Columns) -> list[Problem]:
        """What is missing, does not fit together or had to be repaired, and labels too rare to learn."""
        if columns.get("tags"):
            return check_tagged(frame, columns["tokens"], columns["tags"])
        return check_spans(frame, columns["text"], columns["spans"])

    def usable_rows(self, frame: pd.DataFrame, columns: Columns) -> "pd.Series[bool]":
        """Rows with words and as many tags, or with a text and a list of spans."""
        if columns.get("tags"):
            tokens, tags = frame[columns["tokens"]].map(words_in), frame[columns["tags"]].map(tags_in)
            fits = [
                bool(one) and len(one) == len(other or ()) for one, other in zip(tokens, tags, strict=True)
            ]
        else:
            has_text = frame[columns["text"]].str.strip().fillna("") != ""
            spans = frame[columns["spans"]].map(lambda cell: as_spans(cell) is not None)
            fits = (has_text & spans).tolist()
        return pd.Series(fits, index=frame.index, dtype=bool)

    def texts(self, frame: pd.DataFrame, columns: Columns) -> Iterable[str]:
        """The text of every row, of tokens those joined by spaces."""
        name = columns["tokens"] if columns.get("tokens") else columns["text"]
        role = "tokens" if columns.get("tokens") else "text"
        return (
            document.text for document in read_documents({name: frame[name].dropna().tolist()}, {role: name})
        )

    def describe_target(self, train: pd.DataFrame, columns: Columns) -> Target:
        """The labels of the training rows, the IOB2 tags made of them, how often each occurs, and the scheme read."""
        scheme = None
        if columns.get("tags"):
            scheme = scheme_of(tags_in(cell) or [] for cell in train[columns["tags"]])
        documents, truths = _annotated(train, columns, scheme)
        labels = sorted({entity.label for entities in truths for entity in entities})
        counts: Counter[str] = Counter()
        for document, entities in zip(documents, truths, strict=True):
            counts.update(write_iob2(entities, len(document.places)))
        tags = iob2_labels(labels)
        return {
            "labels": labels,
            "tags": tags,
            "counts": {tag: counts[tag] for tag in tags},
            "scheme": scheme,
        }

    def output(self, target: Target) -> TokenLabels:
        """Spans with these labels."""
        return TokenLabels(labels=tuple(target["labels"]))

    def sentence(self, target: Target | None) -> str:
        """To find entities."""
        return f"find entities of {len(target['labels'])} kinds" if target else "find entities"

    def load_processor(self, folder: Path) -> Any:
        """The tokenizer of the model folder, ready for words."""
        return load_word_tokenizer(folder)

    def load_model(self, folder: Path, target: Target | None, **settings: Any) -> Any:
        """The encoder with a head over words whose config names the IOB2 tags."""
        head = label_head(target["tags"], problem_type=None) if target else {}
        return load_pretrained(folder, auto_class=self.auto_class, wanted=WANTED_ENCODER, **head, **settings)

    def known_elsewhere(self, model: Elsewhere) -> Known | None:
        """The tags of a head over tokens, in whatever scheme they are written."""
        if not model.has_head("ForTokenClassification"):
            return None
        tags = iob2_tags(model.labels)
        labels = sorted({tag[2:] for tag in tags if tag != OUTSIDE})
        return Known({"labels": labels, "tags": tags, "scheme": "IOB2"})

    def encode(self, processor: Any, rows: Rows, brief: Brief) -> Features:
        """Word pieces of each document, in windows where it is longer than the model reads."""
        options = values_as(TokenOptions, brief.options)
        documents = read_documents(rows, brief.columns)
        return encode_words(processor, documents, max_length=brief.max_length, stride=options.stride)

    def encode_target(self, processor: Any, features: Features, rows: Rows, brief: Brief) -> Features:
        """The number of each word's tag at its first piece, in the window that speaks for it; −100 elsewhere."""
        number = {tag: place for place, tag in enumerate(brief.target["tags"])}
        documents = read_documents(rows, brief.columns)
        truths = read_entities(rows, brief.columns, documents, brief.target["scheme"])
        tags = [
            write_iob2(entities, len(document.places))
            for document, entities in zip(documents, truths, strict=True)
        ]
        labels = []
        for row, length, words, places in zip(
            features["row"], features["length"], features["_words"], features["_places"], strict=True
        ):
            found = [-100] * length
            for word, place in zip(words, places, strict=True):
                found[place] = number.get(tags[row][word], -100)
            labels.append(found)
        return {"labels": labels}

    def collator(
        self, processor: Any, brief: Brief, *, training: bool
    ) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
        """Pads to the longest feature of the batch, labels with −100."""
        from transformers import DataCollatorForTokenClassification

        return DataCollatorForTokenClassification(processor, pad_to_multiple_of=8)

    def loss(self, model: Any, batch: dict[str, Any], brief: Brief) -> Any:
        """Weighted or focal cross-entropy over the words when the options ask for it."""
        tags = tuple(brief.target["tags"])
        return label_loss(model, batch, brief, labels=tags, counts=brief.target["counts"])

    def predict_batch(self, model: Any, batch: dict[str, Any], processor: Any, brief: Brief) -> list[Any]:
        """float32[tokens, tags] logits of each feature, without those of the padding."""
        logits = model(**batch).logits.float().cpu().numpy()
        kept = batch["attention_mask"].bool().cpu().numpy()
        return [said[here] for said, here in zip(logits, kept, strict=True)]

    def decode(self, raw: list[Any], features: Features, rows: Rows, brief: Brief) -> pd.DataFrame:
        """The entities of each document with their characters; each word counts where it had most context."""
        tags, mode = brief.target["tags"], cast(Mode, values_as(TokenOptions, brief.options).scoring)
        count = len(next(iter(rows.values())))
        found = gathered_logits(raw, features, count)
        return pd.DataFrame([decode_words(*item, tags, mode) for item in found])

    def with_answers(self, rows: pd.DataFrame, predictions: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """The predicted tags of the tokens, or the predicted spans of the text."""
        truth, said = ("tags", "tags") if brief.columns.get("tags") else ("spans", "predicted")
        return rows.assign(**{brief.columns[truth]: predictions[said].to_numpy()})

    def judge(self, predictions: pd.DataFrame, rows: pd.DataFrame, brief: Brief) -> pd.DataFrame:
        """Adds the true entities and how many were found, wrongly given and missed, by exact span and label."""
        documents, truths = _annotated(rows, brief.columns, brief.target["scheme"])
        return judge_spans(predictions, documents, truths, brief.target["tags"])

    def score(self, judged: pd.DataFrame, brief: Brief) -> dict[str, float]:
        """Entity scores as seqeval's micro averages, and the share of words with the right tag."""
        return span_scores(judged)

    def baselines(self, train: pd.DataFrame, test: pd.DataFrame, brief: Brief) -> dict[str, pd.DataFrame]:
        """Marking every sequence of words that was an entity in training."""
        scheme = brief.target["scheme"]
        known = Dictionary(*_annotated(train, brief.columns, scheme))
        documents, _ = _annotated(test, brief.columns, scheme)
        lines = [
            predicted_row(document, write_iob2(known.find(document), len(document.places)), None, "conlleval")
            for document in documents
        ]
        return {"dictionary": self.judge(pd.DataFrame(lines), test, brief)}

    def usage(self, model: str, brief: Brief) -> str:
        """A snippet with transformers' own pipeline."""
        return (
            "from transformers import pipeline\n\n"
            f'find = pipeline("token-classification", model={model!r}, aggregation_strategy="first")\n'
            'for entity in find("A text with names in it"):\n'
            '    print(entity["entity_group"], entity["word"], entity["start"], entity["end"], entity["score"])\n'
        )


def _annotated(
    frame: pd.DataFrame, columns: Columns, scheme: str | None
) -> tuple[list[Document], list[list[Entity]]]:
    """The documents of the rows and their true entities."""
    rows = {str(name): frame[name].tolist() for name in dict.fromkeys(columns.values())}
    documents = read_documents(rows, columns)
    return documents, read_entities(rows, columns, documents, scheme)
