"""How far a student is from its teacher's answers, by the shape of the output."""

from typing import Any

from lib.tasks.outputs import (
    Continuation,
    LabelScores,
    ManyLabels,
    MaskedTokens,
    Number,
    Spans,
    Text,
    TokenLabels,
)

# Shapes whose answers are about a whole row: the teacher may read it in tokens and pixels of its own.
BY_ROW = frozenset({LabelScores.kind, ManyLabels.kind, Number.kind})
# Shapes with one answer for each place that is learned, out of few.
BY_PLACE = frozenset({TokenLabels.kind})
# Shapes with one answer for each place that is learned, out of a whole vocabulary.
BY_WORD = frozenset({Continuation.kind, Text.kind, MaskedTokens.kind})
# Of a vocabulary the likeliest tokens are kept; they hold nearly all the probability.
KEPT_TOKENS = 64


def student_logits(kind: str, outputs: Any, batch: Any) -> Any:
    """The student's logits where it is taught: float[answers, choices], in the order of the teacher's answers.

    By row: [rows, labels]. By place and by word: [places whose label is not −100, tags or tokens], row by row; models
    that write on are asked at the place before. Spans: [2 · rows, tokens], the starts first.
    """
    import torch

    if kind == Spans.kind:
        return torch.cat([outputs.start_logits, outputs.end_logits]).float()
    if kind in BY_ROW:
        return outputs.logits.float()
    logits, labels = outputs.logits, batch["labels"]
    if kind == Continuation.kind:
        logits, labels = logits[:, :-1], labels[:, 1:]
    return logits[labels != -100].float()


def soft_loss(kind: str, said: Any, answers: Any, *, temperature: float) -> Any:
    """The mean over the answers of the distance of `said` from the teacher's logits: both float[answers, choices].

    One choice of several: T² · KL(softmax(teacher/T) ‖ softmax(student/T)) (Hinton et al., 2015, eq. 4). Each choice
    for itself: T² · binary cross-entropy, averaged over the choices, less the teacher's own entropy. Numbers: squared
    error in units of the training rows' spread. −inf in the teacher's logits marks a choice that is none (padding).
    """
    from torch.nn import functional

    if not len(said):  # no place of the batch is learned
        return said.sum()
    if kind == Number.kind:
        return functional.mse_loss(said.flatten(), answers.flatten())
    if kind == ManyLabels.kind:
        wanted = (answers / temperature).sigmoid()
        loss = functional.binary_cross_entropy_with_logits(said / temperature, wanted)
        own = functional.binary_cross_entropy(wanted, wanted)
        return temperature**2 * (loss - own)
    wanted = (answers / temperature).softmax(dim=-1)
    # A choice that is none has probability 0 with both, and 0 · (−inf) would be no number.
    logs = (said / temperature).masked_fill(answers == -float("inf"), -1e9).log_softmax(dim=-1)
    each = wanted * ((wanted.clamp(min=1e-30)).log() - logs.clamp(min=-1e4))
    return temperature**2 * each.sum(dim=-1).mean()


def soft_loss_of_kept(said: Any, tokens: Any, logs: Any, *, temperature: float) -> Any:
    """T² · KL over the teacher's likeliest tokens, whose probabilities are scaled to sum to 1.

    `said`: float[answers, vocabulary], the student's logits; `tokens`: int[answers, kept], and `logs`, float of that
    shape, the teacher's log-probabilities of them. The student's probabilities are over its whole vocabulary.
    """
    if not len(said):
        return said.sum()
    wanted = (logs.float() / temperature).softmax(dim=-1)
    # Not log_softmax of everything: a second table as large as the logits.
    scaled = said / temperature
    chosen = scaled.gather(-1, tokens.long()) - scaled.logsumexp(dim=-1, keepdim=True)
    each = wanted * (wanted.clamp(min=1e-30).log() - chosen)
    return temperature**2 * each.sum(dim=-1).mean()
