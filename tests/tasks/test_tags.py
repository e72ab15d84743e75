import random
import warnings

import pytest
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOB1, IOB2, IOBES, Entities

from lib.errors import UserError
from lib.tasks.tags import (
    Entity,
    EntityCounts,
    entities_of,
    entity_counts,
    entity_counts_by_label,
    entity_scores,
    invalid_transitions,
    iob2_labels,
    read_tags,
    scheme_of,
    to_iob2,
    write_iob2,
)

PER, ORG = Entity(0, 2, "PER"), Entity(2, 3, "ORG")
# The same two entities and an O, in every scheme.
WRITTEN = {
    "plain": "PER PER ORG O",
    "IO": "I-PER I-PER I-ORG O",
    "IOB1": "I-PER I-PER I-ORG O",
    "IOB2": "B-PER I-PER B-ORG O",
    "IOE": "I-PER E-PER E-ORG O",
    "IOBES": "B-PER E-PER S-ORG O",
    "BILOU": "B-PER L-PER U-ORG O",
    "BMES": "B-PER E-PER S-ORG O",
    "IOB2-suffix": "PER-B PER-I ORG-B O",
    "IOBES-suffix": "PER-B PER-E ORG-S O",
}


@pytest.mark.parametrize("scheme", WRITTEN)
def test_the_same_entities_are_read_from_every_scheme(scheme):
    tags = WRITTEN[scheme].split()
    assert read_tags(tags, scheme) == [PER, ORG]
    assert to_iob2(tags, scheme) == WRITTEN["IOB2"].split()


@pytest.mark.parametrize("scheme", WRITTEN)
def test_a_row_alone_tells_its_style_too(scheme):
    assert read_tags(WRITTEN[scheme].split()) == [PER, ORG]


@pytest.mark.parametrize(
    ("rows", "scheme"),
    [
        (["O O O"], "IOB2"),
        (["PER O", "LOC LOC"], "plain"),
        (["DET NOUN VERB", "PRON VERB"], "plain"),
        (["I-PER O", "I-LOC I-LOC"], "IO"),
        (["I-PER I-PER B-PER O", "I-LOC"], "IOB1"),
        (["B-PER I-PER O", "B-LOC"], "IOB2"),
        # One ill-formed row does not make it IOB1: B- after O is never IOB1.
        (["O B-PER I-PER", "O I-LOC"], "IOB2"),
        (["I-PER E-PER O", "E-LOC"], "IOE"),
        (["B-PER I-PER E-PER", "S-LOC O"], "IOBES"),
        (["S-LOC O"], "IOBES"),
        (["B-PER I-PER L-PER", "U-LOC O"], "BILOU"),
        (["B-PER M-PER E-PER", "S-LOC O"], "BMES"),
        (["PER-B PER-I O", "LOC-B"], "IOB2-suffix"),
        (["B I O", "O B"], "IOB2"),
        (["B M E S", "B E S"], "BMES"),
        # Sizes and an inner hyphen look like marks, but no scheme has these or begins so.
        (["shirt-S shirt-M shirt-L O"], "plain"),
        (["shirt-M O O"], "plain"),
        (["Phone O", "E-mail O"], "plain"),
        (["S-size M-size L-size"], "plain"),
        (["vitamin-B vitamin-C O"], "plain"),
        # Read both ways possible: the prefix counts.
        (["B-I I-I O"], "IOB2"),
    ],
)
def test_a_scheme_is_recognised_over_the_whole_column(rows, scheme):
    assert scheme_of([row.split() for row in rows]) == scheme


def test_labels_beside_marked_tags_are_refused_with_an_example():
    with pytest.raises(UserError) as raised:
        scheme_of([["B-PER", "I-PER", "O"], ["LOC", "O"]])
    [problem] = raised.value.problems
    assert problem.code == "tags-mixed" and '"B-PER"' in problem.what and '"LOC"' in problem.what


def test_a_tag_of_no_known_mark_is_refused():
    with pytest.raises(UserError) as raised:
        to_iob2(["B-PER", "X-PER"], "IOB2")
    assert raised.value.problems[0].code == "unknown-tag"


def test_an_unknown_scheme_is_a_mistake_in_the_code():
    with pytest.raises(ValueError, match="IOB9"):
        read_tags(["O"], "IOB9")


def test_marks_without_labels_name_their_entities_all_alike():
    assert to_iob2(["B", "M", "E", "S"], "BMES") == ["B-ENTITY", "I-ENTITY", "I-ENTITY", "B-ENTITY"]
    assert read_tags(["O", "B", "I"]) == [Entity(1, 3, "ENTITY")]


def test_a_label_may_hold_hyphens():
    assert read_tags(["B-MISC-A", "I-MISC-A"], "IOB2") == [Entity(0, 2, "MISC-A")]


@pytest.mark.parametrize(
    ("tags", "lenient", "strict"),
    [
        ("B-PER I-PER", [(0, 2, "PER")], [(0, 2, "PER")]),
        ("I-PER I-PER", [(0, 2, "PER")], []),
        ("B-PER I-LOC", [(0, 1, "PER"), (1, 2, "LOC")], [(0, 1, "PER")]),
        ("B-PER B-PER", [(0, 1, "PER"), (1, 2, "PER")], [(0, 1, "PER"), (1, 2, "PER")]),
        ("B-PER O I-PER", [(0, 1, "PER"), (2, 3, "PER")], [(0, 1, "PER")]),
        ("O", [], []),
        ("", [], []),
    ],
)
def test_the_modes_differ_where_an_entity_lacks_its_beginning(tags, lenient, strict):
    assert entities_of(tags.split()) == lenient
    assert entities_of(tags.split(), mode="strict") == strict


def test_a_scheme_without_beginnings_has_no_strict_mode():
    with pytest.raises(ValueError, match="strict"):
        entities_of(["I-PER"], mode="strict", scheme="IO")


@pytest.mark.parametrize(
    ("tags", "scheme", "wrong"),
    [
        ("O B-PER I-PER O", "IOB2", 0),
        ("I-PER I-PER", "IOB2", 1),
        ("B-PER I-LOC I-LOC", "IOB2", 1),
        ("O I-PER O I-PER", "IOB2", 2),
        ("I-PER B-PER", "IOB1", 0),
        ("O B-PER", "IOB1", 1),
        ("B-PER E-PER S-LOC", "IOBES", 0),
        ("B-PER O", "IOBES", 1),
        ("B-PER", "IOBES", 1),
        ("E-PER", "IOBES", 1),
        ("B-PER E-LOC", "IOBES", 1),
        ("B-PER I-PER L-PER U-LOC", "BILOU", 0),
        ("PER-B PER-I LOC-I", "IOB2-suffix", 1),
        ("PER LOC", "plain", 0),
        ("I-PER I-LOC", "IO", 0),
    ],
)
def test_neighbours_that_may_not_follow_each_other_are_counted(tags, scheme, wrong):
    assert invalid_transitions(tags.split(), scheme) == wrong


def test_the_labels_of_a_model_are_sorted_by_type_behind_the_outside():
    assert iob2_labels(["PER", "LOC", "PER"]) == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]


@pytest.mark.parametrize("entity", [Entity(1, 3, "X"), Entity(0, 1, "X"), Entity(1, 1, "X")])
def test_entities_that_do_not_fit_are_not_written(entity):
    with pytest.raises(ValueError, match="words"):
        write_iob2([Entity(0, 1, "PER"), entity], 2)


def test_only_exact_span_and_label_count():
    gold = [Entity(0, 2, "PER"), Entity(3, 4, "LOC"), Entity(5, 6, "ORG")]
    predicted = [Entity(0, 1, "PER"), Entity(3, 4, "ORG"), Entity(5, 6, "ORG")]
    assert entity_counts(gold, predicted) == EntityCounts(tp=1, fp=2, fn=2)
    assert entity_counts_by_label(gold, predicted) == {"LOC": (0, 0, 1), "ORG": (1, 1, 0), "PER": (0, 1, 1)}
    scores = entity_scores(entity_counts(gold, predicted))
    assert scores == pytest.approx({"entity_f1": 1 / 3, "entity_precision": 1 / 3, "entity_recall": 1 / 3})


def test_nothing_out_of_nothing_is_zero():
    assert set(entity_scores((0, 0, 0)).values()) == {0.0}


def sequences(marks: str, seed: int, count: int = 300) -> list[list[str]]:
    """Random tags, mostly ill-formed, which is where readings differ."""
    draw = random.Random(seed)
    choices = ["O", *(f"{mark}-{label}" for mark in marks for label in ("PER", "LOC"))]
    return [draw.choices(choices, k=draw.randint(1, 9)) for _ in range(count)]


def test_conlleval_reads_what_seqeval_reads_by_default():
    for marks in ("I", "BI", "IE", "BIES"):
        for tags in sequences(marks, seed=len(marks)):
            expected = [Entity(start, end + 1, label) for label, start, end in get_entities(tags)]
            assert read_tags(tags) == expected, tags


@pytest.mark.parametrize(
    ("scheme", "other", "marks"), [("IOB2", IOB2, "BI"), ("IOBES", IOBES, "BIES"), ("BILOU", BILOU, "BILU")]
)
def test_strict_reads_what_seqeval_reads_strictly(scheme, other, marks):
    for tags in sequences(marks, seed=7):
        [expected] = Entities([tags], other).entities
        assert entities_of(tags, mode="strict", scheme=scheme) == [
            Entity(entity.start, entity.end, entity.tag) for entity in expected
        ], tags


def test_well_formed_iob1_reads_as_seqeval_reads_it():
    for row in sequences("BI", seed=3):
        gold = read_tags(row)
        tags = ["O"] * len(row)
        for place, (start, end, label) in enumerate(gold):
            touches = place > 0 and gold[place - 1].end == start and gold[place - 1].label == label
            tags[start:end] = [f"{'B' if touches else 'I'}-{label}", *[f"I-{label}"] * (end - start - 1)]
        [expected] = Entities([tags], IOB1).entities
        assert read_tags(tags, "IOB1") == [Entity(e.start, e.end, e.tag) for e in expected] == gold


@pytest.mark.parametrize(
    ("mode", "options"), [("conlleval", {}), ("strict", {"mode": "strict", "scheme": IOB2})]
)
def test_scores_equal_those_of_seqeval(mode, options):
    for seed in range(100):
        gold, guess = sequences("BI", seed, count=6), sequences("BI", seed + 1000, count=6)
        guess = [(one + ["O"] * 9)[: len(other)] for one, other in zip(guess, gold, strict=True)]
        guess[:3] = gold[:3]
        rows = [
            entity_counts(entities_of(one, mode=mode), entities_of(other, mode=mode))
            for one, other in zip(gold, guess, strict=True)
        ]
        ours = entity_scores(tuple(map(sum, zip(*rows, strict=True))))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = {
                "entity_f1": f1_score(gold, guess, **options),
                "entity_precision": precision_score(gold, guess, **options),
                "entity_recall": recall_score(gold, guess, **options),
            }
        assert ours == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_iob2_written_and_read_again_is_the_same(seed):
    for tags in sequences("BI", seed, count=50):
        entities = read_tags(tags, "IOB2")
        written = write_iob2(entities, len(tags))
        assert read_tags(written, "IOB2") == entities_of(written, mode="strict") == entities
        assert invalid_transitions(written) == 0
