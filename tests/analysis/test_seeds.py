"""How much a score varies from seed to seed, and which runs belong together."""

import numpy as np
import pytest
from scipy import stats

from lib.analysis.seeds import SeedScore, one_per_seed, seed_key, spread, spread_words
from lib.runs.spec import DataSpec, Spec

SPEC = Spec(
    "text-classification",
    DataSpec(dataset="moods@1", fingerprint="sha256:a", columns={"text": "text"}),
    "starter:minilm-l6",
    name="moods",
    options={"seed": 1, "epochs": 4.0},
)


@pytest.mark.parametrize(
    "other",
    [
        SPEC.changed(options={"seed": 2, "epochs": 4.0}),
        SPEC.changed(name="another", created=9.0, versions={"torch": "9"}, device="cuda:0", parent="x"),
        SPEC.changed(data=DataSpec(dataset="moods@2", fingerprint="sha256:a", columns={"text": "text"})),
    ],
    ids=["seed", "name, time, versions, device, parent", "another name of the same rows"],
)
def test_runs_belong_together_when_they_differ_only_in(other: Spec) -> None:
    assert seed_key(other.to_json()) == seed_key(SPEC.to_json())


@pytest.mark.parametrize(
    "other",
    [
        SPEC.changed(options={"seed": 1, "epochs": 5.0}),
        SPEC.changed(method={"name": "lora"}),
        SPEC.changed(model="starter:other"),
        SPEC.changed(revision="abc"),
        SPEC.changed(search={"trials": 2, "minutes": 1, "over": {}}),
        SPEC.changed(data=DataSpec(dataset="moods@1", fingerprint="sha256:b", columns={"text": "text"})),
        SPEC.changed(data=DataSpec(dataset="moods@1", fingerprint="sha256:a", columns={"text": "title"})),
    ],
    ids=["option", "method", "model", "revision", "search", "rows", "columns"],
)
def test_runs_are_kept_apart_when_they_differ_in(other: Spec) -> None:
    assert seed_key(other.to_json()) != seed_key(SPEC.to_json())


def test_a_seed_that_ran_twice_counts_once_and_seeds_come_in_order() -> None:
    scores = [SeedScore(3, 0.7, run="new"), SeedScore(1, 0.8), SeedScore(3, 0.6, run="old")]
    assert [(item.seed, item.run) for item in one_per_seed(scores)] == [(1, ""), (3, "new")]


def test_a_case_by_hand() -> None:
    """0.70, 0.72, 0.77: mean 0.73, squared distances 0.0009 + 0.0001 + 0.0016, s = √0.0013, t(2) = 4.3027."""
    found = spread([0.70, 0.72, 0.77])
    assert found.mean == pytest.approx(0.73)
    assert found.deviation == pytest.approx(0.0360555, abs=1e-7)
    assert found.interval == pytest.approx((0.73 - 0.089567, 0.73 + 0.089567), abs=1e-5)
    assert found.apart == pytest.approx(4.3027 * 0.0360555 * 1.414214, abs=1e-5)
    assert (found.low, found.high, found.seeds) == (0.70, 0.77, 3)


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_mean_deviation_and_interval_equal_scipys(seeds: int) -> None:
    values = np.random.default_rng(seeds).normal(0.8, 0.01, seeds)
    found = spread(values.tolist())
    expected = stats.t.interval(0.95, df=seeds - 1, loc=values.mean(), scale=stats.sem(values))
    assert found.interval == pytest.approx(expected)
    assert found.deviation == pytest.approx(stats.tstd(values))


def test_two_runs_of_one_recipe_lie_farther_apart_than_the_bound_in_one_pair_of_twenty() -> None:
    """Simulated: five seeds give the bound, two more runs are held against it."""
    random = np.random.default_rng(0)
    draws = random.normal(0.8, 0.01, (4_000, 7))
    beyond = [abs(row[5] - row[6]) > spread(row[:5].tolist()).apart for row in draws]
    assert np.mean(beyond) == pytest.approx(0.05, abs=0.012)


def test_one_seed_has_no_spread() -> None:
    with pytest.raises(ValueError, match="1 seeds have no spread"):
        spread([0.8])


def test_it_is_said_what_the_spread_means() -> None:
    words = spread_words("macro_f1", spread([0.70, 0.72, 0.77]), rows=1421)
    assert words.startswith("Over 3 seeds macro-F1 is 0.73 on average (95 % interval of the mean 0.64–0.82")
    assert "on 1,421 test rows" in words
    assert "± 0.036 (standard deviation)" in words
    assert "less than about 0.22 may differ by the seed alone" in words
    assert "With so few seeds" in words


def test_equal_scores_are_said_to_be_equal() -> None:
    assert "All seeds came to the same score." in spread_words("accuracy", spread([0.5, 0.5]), rows=10)
