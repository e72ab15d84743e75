"""Distillation: a small student learns from what a teacher says, not from the labels alone (Hinton et al., 2015)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem
from lib.methods.full import Full
from lib.option import option, values_as

# What compares the insides of both models, and so needs the teacher at work beside the student in every step.
INNER_LOSSES = ("hidden_loss", "attention_loss", "cosine_loss")


@dataclass(frozen=True, kw_only=True)
class DistillOptions:
    """Who teaches, and how much of the loss is the teacher's."""

    teacher: str = option(
        "",
        title="Teacher",
        help="The model that the student learns from: a finished run, a folder or a model of the Hub.",
        group="Distillation",
    )
    alpha: float = option(
        0.9,
        title="Weight of the teacher",
        help="1 learns from the teacher alone, 0 from the labels alone; 0.5 to 0.9 is usual.",
        group="Distillation",
        low=0.0,
        high=1.0,
    )
    temperature: float = option(
        2.0,
        title="Temperature",
        help="Above 1, the student also learns how likely the teacher finds what is wrong. 1 to 4 is usual.",
        group="Distillation",
        low=0.25,
        high=20.0,
    )
    unlabelled: bool = option(
        True,
        title="Rows without a label join",
        help="Rows that lack the answer are learned with the teacher's; more texts of your own kind help most.",
        group="Distillation",
    )
    hidden_loss: float = option(
        0.0,
        title="Hidden states, squared error",
        help="Adds how far the student's layers are from the teacher's (TinyBERT, Jiao et al., 2020). Try 0.1 to 1.",
        group="Distillation",
        low=0.0,
        high=100.0,
    )
    attention_loss: float = option(
        0.0,
        title="Attention, squared error",
        help="Adds how far the student's attention is from the teacher's (TinyBERT); slower. Both need as many heads.",
        group="Distillation",
        low=0.0,
        high=100.0,
    )
    cosine_loss: float = option(
        0.0,
        title="Hidden states, direction",
        help="Adds the angle between the last hidden states (DistilBERT, Sanh et al., 2019). Try 0.1 to 1.",
        group="Distillation",
        low=0.0,
        high=100.0,
    )


class Distill(Full):
    """Every weight of a small student learns from a teacher's answers and from the labels.

    The loss is α · soft + (1 − α) · the task's own, plus the inner losses; what soft is follows from the output's
    shape (`lib.methods.soft_losses`). A student `cut:N` is made of N of the teacher's own layers.
    """

    name = "distill"
    title = "Distillation"
    summary = (
        "A small student learns from a large teacher's answers: smaller and faster, most of the quality."
    )
    option_class = DistillOptions
    verb = "Distil into"
    has_teacher = True
    asked_apart = ("teacher",)

    def check(self, options: Mapping[str, Any]) -> list[Problem]:
        """Also that there is a teacher."""
        problems = super().check(options)
        if not str(options.get("teacher") or "").strip():
            problems.append(
                Problem(
                    "Distillation needs a teacher.",
                    "method.teacher",
                    "Name a finished run (run:…), a folder (folder:…) or a model of the Hub (hub:…).",
                    code="no-teacher",
                )
            )
        return problems


def listens(options: Mapping[str, Any]) -> bool:
    """Whether the teacher counts at all: a control run has the same student and data, and no teacher in its loss."""
    chosen = values_as(DistillOptions, options)
    return chosen.alpha > 0 or looks_inside(options)


def looks_inside(options: Mapping[str, Any]) -> bool:
    """Whether hidden states or attention are compared."""
    chosen = values_as(DistillOptions, options)
    return any(getattr(chosen, name) > 0 for name in INNER_LOSSES)


def without_teacher(options: Mapping[str, Any]) -> dict[str, Any]:
    """The method of the control: the same student, which learns from the labels alone."""
    return {**options, "alpha": 0.0, "unlabelled": False, **dict.fromkeys(INNER_LOSSES, 0.0)}
