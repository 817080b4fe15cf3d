"""Indexing of every kind NumPy knows: reading, writing, and which results are views."""

import hypothesis.extra.numpy as hnp
import numpy as onp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minpy
import minpy.numpy as np

from .agreement import assert_same
from .recording import on_recorded

BOX = onp.sin(onp.arange(60.0)).reshape(3, 4, 5)
MASK = onp.cos(onp.arange(60.0)).reshape(3, 4, 5) > 0.2

INDICES = [
    0,
    -1,
    onp.int64(2),
    onp.uint8(1),
    (1, 2),
    (1, 2, 3),
    (-1, -2, -3),
    slice(1, None),
    slice(None, None, -1),
    slice(None, None, 2),
    slice(-2, None),
    slice(5, 2),
    (slice(None), 1),
    (slice(None), slice(1, 4, 2), slice(None, None, -2)),
    (slice(onp.int64(1), onp.int64(3)),),
    ...,
    (..., 1),
    (1, ...),
    (0, ..., slice(2)),
    None,
    (None, 1, None, ...),
    (..., None),
    (1, 2, 3, ...),
    (),
    [0, 2],
    [],
    [True, False, True],
    range(2),
    (range(3), [0, 1, 3]),
    (range(3), 1, [4, 3, 2]),
    onp.array([2, 0, 0]),
    onp.array([[0, 1], [2, -1]]),
    onp.array(1),
    (onp.array([0, 2]), onp.array([1, 3])),
    (onp.array([0, 2]), slice(None), onp.array([1, 3])),
    (slice(None), onp.array([0, 2]), onp.array([[1], [3]])),
    (slice(1, 3), onp.array([3, 0])),
    (0, onp.array([3, 0])),
    (onp.array([1, 2]), None, 0),
    (..., onp.array([1, 2]), None),
    onp.ix_([0, 2], [1, 3], [0, 4]),
    MASK,
    onp.zeros((3, 4, 5), bool),
    MASK[0, 0, :3],
    MASK[:, :, 0],
    (slice(None), MASK[0, :, 0]),
    (slice(None), slice(None), MASK[0, 0]),
    (MASK[:, 0, 0], 1),
    (onp.array([0, 2]), MASK[0, :, 0] & onp.array([True, True, False, False]) | MASK[1, :, 0]),
    True,
    False,
    (onp.True_, 0),
]
WRONG = [3, (0, 0, 0, 0), (0, 9), 1.0, "a", [0, 9], onp.array([0.5]), slice(0.5, 1), (..., ...)]
WRONG += [onp.ones((2, 4), bool), (onp.array([0, 1]), onp.array([0, 1, 2])), object()]

indices = pytest.mark.parametrize("index", INDICES)


def ours(index):
    """The same index with minpy's arrays in it."""
    if type(index) is tuple:
        return tuple(ours(part) for part in index)
    return np.array(index) if type(index) is onp.ndarray else index


@indices
def test_reading(index, run):
    def check(x):
        for chosen in (index, ours(index)):
            assert_same(x[chosen], BOX[index])
            assert minpy.is_recorded(x[chosen]) == minpy.is_recorded(x)

    run(check, BOX)


@indices
def test_reading_integers_and_flags(index):
    integers = (BOX * 100).astype(int)
    assert_same(np.array(integers)[index], integers[index])
    assert_same(np.array(MASK)[ours(index)], MASK[index])


@indices
def test_writing(index, run):
    shape = onp.shape(BOX[index])
    values = [2.5, onp.cos(onp.arange(onp.prod(shape, dtype=int))).reshape(shape)]

    def check(x):
        expected = BOX.copy()
        for value in values:
            expected[index] = value
            x[ours(index)] = np.array(value)
            assert_same(x, expected)
            x[index] = value
            assert_same(x, expected)

    run(check, BOX)


@indices
@pytest.mark.parametrize("how", ["+=", "*="])
def test_augmented_writing(index, how, run):

    def augment(array, index):
        if how == "+=":
            array[index] += 1.5
        else:
            array[index] *= array[index] + 2.0

    def check(x):
        expected = BOX.copy()
        augment(expected, index)
        augment(x, ours(index))
        assert_same(x, expected)

    run(check, BOX)


@indices
def test_view_or_copy_as_numpys(index, run):

    def write_result(array):
        part = array[index]
        part += 1.0

    def write_original(array):
        part = array[index]
        array += 1.0
        return part

    def check(x):
        expected = BOX.copy()
        write_result(expected)
        write_result(x)
        assert_same(x, expected)
        theirs = write_original(expected)
        assert_same(write_original(x), theirs)

    run(check, BOX)


@pytest.mark.parametrize("index", WRONG)
def test_wrong_index(index, run):
    def check(x):
        with pytest.raises((IndexError, TypeError)) as theirs:
            BOX[index]
        with pytest.raises(theirs.type):
            x[index]
        with pytest.raises(theirs.type):
            x[index] = 0.0

    run(check, BOX)


@pytest.mark.parametrize("value", [onp.ones(7), onp.ones((3, 1, 1)), [1.0, 2.0], "text"])
def test_value_that_does_not_fit(value, run):
    def check(x):
        with pytest.raises(ValueError):
            x[1:] = ours(value)
        assert_same(x, BOX)

    run(check, BOX)


def test_elements_cannot_be_deleted():
    x = np.array(BOX)
    with pytest.raises((AttributeError, TypeError, ValueError)):
        del x[0]


def test_zero_dimensional(run):
    raw = onp.array(1.5)

    def check(x):
        for index in ((), ..., None, (None, None), True, onp.array(True)):
            assert_same(x[index], raw[index])
            assert minpy.is_recorded(x[index]) == minpy.is_recorded(x)
        with pytest.raises(IndexError):
            x[0]
        x[()] = 2.5
        assert_same(x, onp.array(2.5))
        x[...] = 3.5
        assert_same(x, onp.array(3.5))

    run(check, raw)


def test_views_of_views(run):
    def operate(x):
        rows = x[1:]
        column = rows[..., ::2].transpose(2, 0, 1)
        column[0] = 5.0
        part = column[1:].swapaxes(0, 1)
        part[0] *= 3.0
        rows[0, 0] -= 1.0
        flat = x.reshape(-1)
        flat[:3] = [7.0, 8.0, 9.0]
        x.T[0] += 0.5
        x[::2][0, 0, 0] = 100.0
        return [x, rows, column, part, flat]

    def check(x):
        assert_same(operate(x), operate(BOX.copy()))

    run(check, BOX)


def test_write_is_seen_by_views_made_before(run):
    def check(x):
        view, copied = x[1:, 2], x[[1, 2], 2]
        x[2, 2] = 5.0
        x *= 2.0
        expected = BOX.copy()
        expected[2, 2] = 5.0
        assert_same(view, (expected * 2.0)[1:, 2])
        assert_same(copied, BOX[[1, 2], 2])

    run(check, BOX)


def test_overlapping_write(run):
    def check(x):
        x[1:] = x[:-1]
        x[0, 1:] += x[0, :-1]
        expected = BOX.copy()
        expected[1:] = expected[:-1].copy()
        expected[0, 1:] += expected[0, :-1].copy()
        assert_same(x, expected)

    run(check, BOX)


def test_repeated_indices(run):
    def check(x):
        expected = BOX.copy()
        for array in (x, expected):
            array[[0, 0, 1]] += 1.0
            array[[2, 2], 0, 0] = [5.0, 6.0]
        assert_same(x, expected)

    run(check, BOX)


def test_scores_of_labels(run):
    labels = onp.array([0, 2, 1])

    def check(scores):
        expected = BOX[0, :3].copy()
        for array, y in ((scores, np.array(labels)), (expected, labels)):
            array[range(3), y] -= 1.0
            array[array < 0] = 0.0
            array[np.arange(3) if array is scores else onp.arange(3), y] += 2.0
        assert_same(scores, expected)

    run(check, BOX[0, :3])


def test_recorded_array_written_into_a_plain_one():
    def check(x):
        out = np.zeros((2, 3, 4, 5))
        out[0] = x
        out[1, 1:] = x[1:]
        assert minpy.is_recorded(out)
        expected = onp.zeros((2, 3, 4, 5))
        expected[0] = BOX
        expected[1, 1:] = BOX[1:]
        assert_same(out, expected)

    on_recorded(check, BOX)


def test_plain_array_cannot_be_indexed_with_recorded_floats():
    def check(x):
        with pytest.raises((IndexError, TypeError)):
            np.arange(3)[x]

    on_recorded(check, BOX)


def both_ways(shape):
    return st.one_of(
        hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
        hnp.integer_array_indices(shape),
        hnp.arrays(bool, shape),
    )


@given(
    index=hnp.array_shapes(max_dims=4).flatmap(
        lambda shape: st.tuples(st.just(shape), both_ways(shape))
    )
)
def test_any_index(index):
    shape, index = index
    raw = onp.sin(onp.arange(float(onp.prod(shape, dtype=int)))).reshape(shape)
    x, expected = np.array(raw), raw.copy()
    assert_same(x[index], expected[index])
    assert_same(x[ours(index)], expected[index])
    x[index] = 1.5
    expected[index] = 1.5
    assert_same(x, expected)
    x[index] += 0.5
    expected[index] += 0.5
    assert_same(x, expected)
