import numpy as np
import pytest

from lib.analysis.teacher_attention import TeacherAttention, layer_map
from lib.errors import UserError


def one_hot(*keys: int, heads: int = 2) -> np.ndarray:
    """float[layers, heads, 2, 4]: in each layer both queries of every head read one key alone."""
    found = np.zeros((len(keys), heads, 2, 4))
    for layer, key in enumerate(keys):
        found[layer, :, :, key] = 1.0
    return found


def test_a_student_that_reads_as_its_layers_of_the_teacher_is_nowhere_apart() -> None:
    found = TeacherAttention.of(one_hot(0, 2), one_hot(0, 1, 2), [0, 2])
    assert found.layers == (0, 2)
    assert not found.averaged.any() and found.heads is not None and not found.heads.any()


def test_a_head_with_nothing_in_common_is_one_bit_apart_and_the_mean_of_the_heads_less() -> None:
    student = one_hot(0, 0)
    student[1, 1] = one_hot(3)[0, 0]
    found = TeacherAttention.of(student, one_hot(0, 0), [0, 1])
    assert found.heads is not None
    np.testing.assert_allclose(found.heads, [[0, 0], [0, 1]], atol=1e-12)
    # The mean gives (½, 0, 0, ½) against (1, 0, 0, 0): their middle is (¾, 0, 0, ¼).
    expected = 0.5 * (0.5 * np.log2(0.5 / 0.75) + 0.5 * np.log2(0.5 / 0.25)) + 0.5 * np.log2(1 / 0.75)
    np.testing.assert_allclose(found.averaged, [0, expected])


def test_other_numbers_of_heads_are_compared_by_their_mean_alone() -> None:
    found = TeacherAttention.of(one_hot(0, 1, heads=3), one_hot(0, 1, heads=2), layer_map(2, 2))
    assert found.heads is None and not found.averaged.any()


def test_other_tokens_are_refused() -> None:
    with pytest.raises(UserError):
        TeacherAttention.of(one_hot(0), one_hot(0)[..., :3], [0])
