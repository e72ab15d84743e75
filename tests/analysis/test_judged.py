import pandas as pd

from lib.analysis.confusion import ConfusionMatrix
from lib.analysis.intervals import bootstrap
from lib.analysis.judged import score_intervals
from lib.tasks.outputs import LabelScores


def test_label_scores_get_the_intervals_of_their_confusion_matrix():
    judged = pd.DataFrame({"gold": list("aabbb"), "predicted": list("ababb")})
    expected = bootstrap(ConfusionMatrix.of(judged["gold"], judged["predicted"]))
    assert score_intervals(LabelScores(("a", "b")), judged) == expected
