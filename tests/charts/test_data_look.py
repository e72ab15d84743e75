"""The charts that show what a table holds say their finding, and refuse nothing to show."""

import pandas as pd
import pytest

from lib.charts.picture_sizes import MOST_DOTS, picture_sizes
from lib.charts.script_mix import script_mix_bars


def test_the_scripts_of_texts_are_bars_with_the_commonest_first() -> None:
    chart = script_mix_bars({"Cyrillic": (50, 3), "Latin": (90, 7)}, texts=10)
    assert chart.data["script"].tolist() == ["Latin", "Cyrillic"]
    assert "of the texts are in Latin" in chart.figure.layout.title.text.replace("<br>", " ")
    assert chart.alt == "Texts by script: Latin 7, Cyrillic 3."


def test_sizes_of_pictures_are_dots_and_many_of_them_are_put_together() -> None:
    few = picture_sizes(pd.DataFrame({"width": [100, 100, 200], "height": [50, 50, 80]}))
    assert few.data["pictures"].tolist() == [2, 1]
    many = picture_sizes(pd.DataFrame({"width": range(2_000), "height": range(2_000)}))
    assert len(many.data) <= MOST_DOTS and many.data["pictures"].sum() == 2_000


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(ValueError):
        script_mix_bars({}, texts=0)
    with pytest.raises(ValueError):
        picture_sizes(pd.DataFrame({"width": [], "height": []}))
