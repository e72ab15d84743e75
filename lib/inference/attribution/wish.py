"""What is asked about one row: by which method, for which score, against which baseline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lib.errors import Problem, UserError

MOST_STEPS = 1_000


@dataclass(frozen=True)
class Wish:
    """The request as the host understands it; what is empty or None is chosen by the host.

    `place` is which word, hidden word or written token the score is read at; `written` are the tokens that the model
    wrote for this row before, so that it need not write them again.
    """

    method: str
    target: str = ""
    against: str = ""
    place: int | None = None
    baseline: str = ""
    steps: int = 50
    written: tuple[int, ...] | None = None

    @staticmethod
    def of(request: Mapping[str, Any]) -> "Wish":
        """The wish in a request of the app."""
        written = request.get("written")
        place = request.get("place")
        return Wish(
            method=str(request["method"]),
            target=str(request.get("target") or ""),
            against=str(request.get("against") or ""),
            place=None if place is None else int(place),
            baseline=str(request.get("baseline") or ""),
            steps=min(MOST_STEPS, max(2, int(request.get("steps") or 50))),
            written=None if written is None else tuple(int(number) for number in written),
        )

    def chosen(self, labels: Sequence[str], predicted: int) -> tuple[int, int | None]:
        """The numbers of the target (what is predicted unless one is named) and of the label it is held against.

        Raises UserError for a label that there is not.
        """
        unknown = [name for name in (self.target, self.against) if name and name not in labels]
        if unknown:
            raise UserError(
                Problem(
                    f"The model does not choose “{unknown[0]}” here.",
                    where="target",
                    fix="Choose another target.",
                    code="unknown-target",
                )
            )
        chosen = labels.index(self.target) if self.target else predicted
        other = labels.index(self.against) if self.against else None
        return chosen, None if other == chosen else other

    def placed(self, count: int, usual: int) -> int:
        """The place, or the usual one when none of `count` is named."""
        return self.place if self.place is not None and 0 <= self.place < count else usual
