"""Decisions about rows survive, the latest counts, and nothing is lost when several people write at once."""

import threading
from pathlib import Path

import pytest

from lib.data.reviews import Review, history_of, latest_reviews, reviews_mark, subject_of, write_reviews
from lib.errors import UserError

SUBJECT = subject_of("sha256:1", "label")


def test_there_are_none_at_first(home: Path) -> None:
    assert latest_reviews(SUBJECT) == {} and history_of(SUBJECT, 1) == [] and reviews_mark() == (0, 0)


def test_the_latest_decision_counts_and_the_history_is_kept(home: Path) -> None:
    write_reviews(SUBJECT, [Review(3, "needs review", note="<script>", author="Ana")], now=1.0)
    write_reviews(SUBJECT, [Review(3, "relabel", "joy", author="  Bo \n B."), Review(4, "exclude")], now=2.0)
    found = latest_reviews(SUBJECT)
    assert found[3] == Review(3, "relabel", "joy", "", "Bo B.", 2.0)
    assert sorted(found) == [3, 4]
    assert [review.author for review in history_of(SUBJECT, 3)] == ["Ana", "Bo B."]


def test_a_row_put_back_is_unreviewed_unless_it_has_a_note(home: Path) -> None:
    write_reviews(SUBJECT, [Review(1, "accepted"), Review(2, "accepted")])
    write_reviews(SUBJECT, [Review(1, "unreviewed"), Review(2, "unreviewed", note="ask Ana")])
    assert list(latest_reviews(SUBJECT)) == [2]


def test_other_data_and_other_columns_have_their_own(home: Path) -> None:
    write_reviews(SUBJECT, [Review(1, "accepted")])
    assert latest_reviews(subject_of("sha256:2", "label")) == {}
    assert latest_reviews(subject_of("sha256:1", "topic")) == {}


@pytest.mark.parametrize("review", [Review(1, "relabel"), Review(1, "accepted", "joy"), Review(1, "done")])  # type: ignore[arg-type]
def test_what_makes_no_sense_is_refused_with_all_that_came_with_it(home: Path, review: Review) -> None:
    with pytest.raises(UserError):
        write_reviews(SUBJECT, [Review(0, "accepted"), review])
    assert latest_reviews(SUBJECT) == {}


def test_several_at_once_lose_nothing(home: Path) -> None:
    def write(first: int) -> None:
        for row in range(first, first + 20):
            write_reviews(SUBJECT, [Review(row, "accepted")])

    threads = [threading.Thread(target=write, args=(100 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(latest_reviews(SUBJECT)) == 80


def test_a_damaged_file_is_a_sentence(home: Path) -> None:
    home.mkdir()
    (home / "reviews.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 50)
    with pytest.raises(UserError, match="reviews could not be read"):
        latest_reviews(SUBJECT)
