"""How well calibrated a run's probabilities are, and the temperature that makes them so: fitted once, at the end."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from lib.analysis.chances import Chances
from lib.analysis.temperature import calibration_report
from lib.tasks.outputs import LabelScores, Output


def calibrated(output: Output, judged: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """{"calibration": …} for a run's result (see `calibration_report`); {} where no temperature can be fitted.

    Only outputs with one right label a row have one. `judged` holds the judged rows of validation and test.
    """
    if not isinstance(output, LabelScores):
        return {}
    chances = {
        part: Chances.of(frame["scores"].to_list(), frame["gold"], output.labels)
        for part, frame in judged.items()
    }
    report = calibration_report(chances["validation"], chances["test"])
    return {} if report is None else {"calibration": report}
