"""The array class: its attributes, and how it behaves among Python's objects."""

import copy
import math
import operator
import pickle
from collections import Counter

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .agreement import assert_same, assert_same_values
from .calls import CALLS, EXCLUDED
from .calls.data import COLUMN, COMPLEX, CUBE, INTEGERS, LABELS, SCALAR, SINGLE, VECTOR, X, Y
from .recording import on_recorded

HOOK = "a hook for subclasses of NumPy's array"
MEMORY = "would let NumPy read the memory of a recorded array without asking"
ABSENT = {
    "__array_finalize__": HOOK,
    "__array_interface__": MEMORY,
    "__array_prepare__": HOOK,
    "__array_struct__": MEMORY,
    "__buffer__": MEMORY,
    "__setstate__": "unpickling makes a new array",
}
VALUES = "T real imag shape size ndim dtype itemsize nbytes strides device mT"
ARRAYS = [X, CUBE, VECTOR, COLUMN, SINGLE, INTEGERS, COMPLEX, SCALAR, X > 0, onp.zeros((0, 2))]


def test_every_attribute_of_numpys_array_is_there():
    public = {name for name in dir(onp.ndarray) if name.startswith("__") or name[0] != "_"}
    missing = {name for name in public if not hasattr(np.ndarray, name)}
    assert missing == set(ABSENT) & set(dir(onp.ndarray))


def test_every_method_has_a_row():
    methods = {
        name
        for name in dir(onp.ndarray)
        if not name.startswith("_") and callable(getattr(onp.ndarray, name))
    }
    assert {f"ndarray.{name}" for name in methods} <= set(CALLS) | set(EXCLUDED)


def test_resize_says_what_to_write():
    with pytest.raises(ValueError, match=r"np\.resize"):
        np.array(X).resize((3, 2))


@pytest.mark.parametrize("raw", ARRAYS, ids=lambda raw: f"{raw.dtype}{raw.shape}")
@pytest.mark.parametrize("name", VALUES.split())
def test_attribute(name, raw):
    if name == "mT" and raw.ndim < 2:
        pytest.skip("one axis cannot be transposed")
    if not hasattr(onp.ndarray, name):
        pytest.skip("new in NumPy 2")
    assert_same(getattr(np.array(raw), name), getattr(raw, name))


def test_attributes_are_recorded():
    def check(x):
        assert minpy.is_recorded(x.T)
        assert minpy.is_recorded(x.real)
        assert minpy.is_recorded(x.flat[1])

    on_recorded(check, X)


def test_real_and_imaginary_part_can_be_set():
    x = np.array(COMPLEX)
    x.real = X + 1
    x.imag[0] = 2.5
    raw = COMPLEX.copy()
    raw.real = X + 1
    raw.imag[0] = 2.5
    assert_same(x, raw)


def test_flat(run):
    def check(x):
        assert [float(value.asnumpy()) for value in x.flat] == list(X.flat)
        assert_same(x.flat[2], X.flat[2])
        assert_same(x.flat[1:3], X.flat[1:3])
        assert len(x.flat) == 6

    run(check, X)


def test_flat_can_be_written():
    x, raw = np.array(X), X.copy()
    for array in (x, raw):
        array.flat[4] = 7.5
        array.flat[:2] = [1.5, 2.5]
    assert_same(x, raw)
    x.flat = 0.5
    assert_same(x, onp.full_like(X, 0.5))


def test_flags_and_base():
    x = np.array(X)
    assert x.flags.c_contiguous
    assert x.T.flags["F_CONTIGUOUS"]
    assert x.base is None
    assert x[1:].base is not None


def test_class_makes_uninitialised_arrays():
    x = np.ndarray((2, 3), onp.float32)
    assert type(x) is np.ndarray
    assert (x.shape, x.dtype) == ((2, 3), onp.float32)
    assert isinstance(np.zeros(2), np.ndarray)
    assert not isinstance(onp.zeros(2), np.ndarray)


# -- conversions

NUMBERS = [2.5, 3, True, -1.25]


@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("convert", [float, int, complex, bool])
def test_conversion(convert, value):
    assert convert(np.array(value)) == convert(value)
    assert convert(np.array(value).sum()) == convert(value)


def test_conversion_of_several_elements_is_refused():
    for convert in (float, int, complex, bool, operator.index):
        with pytest.raises((TypeError, ValueError)):
            convert(np.array(X))


def test_index():
    letters = "abcdef"
    assert letters[np.array(3)] == "d"
    assert letters[np.argmax(np.array(X))] == "e"
    assert list(range(np.array(INTEGERS)[0, 1])) == [0]
    with pytest.raises(TypeError):
        letters[np.array(3.0)]


@pytest.mark.parametrize("function", [math.exp, math.sqrt, math.floor, math.isnan, math.log1p])
def test_math_function(function):
    assert function(np.array([1.5, 2.5]).sum()) == function(4.0)


def test_truth(run):
    def check(x):
        assert x.sum()
        assert not x.sum() * 0
        assert ("large" if x[0] > 0.3 else "small") == "large"
        assert bool((x > 5).any()) is False
        with pytest.raises(ValueError, match="ambiguous"):
            bool(x)

    run(check, VECTOR)


# -- iteration and Python's functions


def test_length_and_iteration(run):
    def check(x):
        assert len(x) == 2
        first, second = x
        assert_same(second, X[1])
        assert [row.shape for row in x] == [(3,), (3,)]
        assert minpy.is_recorded(first) == minpy.is_recorded(x)
        a, *others = x[0]
        assert minpy.is_recorded(a) == minpy.is_recorded(x)
        assert len(others) == 2
        for i, (ours, theirs) in enumerate(zip(x, X, strict=True)):
            assert_same(ours, theirs)
            assert_same(x[i], theirs)
        assert_same(next(reversed(x)), X[1])

    run(check, X)


def test_zero_dimensional_array_has_no_length():
    for use in (len, iter, list):
        with pytest.raises(TypeError):
            use(np.array(1.5))


def test_membership(run):
    def check(x):
        assert 0.31 in x
        assert 0.32 not in x
        assert x[0, 1] in x

    run(check, X)


def test_pythons_functions(run):
    def check(x):
        same = [
            (sum(x), sum(VECTOR)),
            (max(x), max(VECTOR)),
            (min(x), min(VECTOR)),
            (sorted(x)[1], sorted(VECTOR)[1]),
            (abs(x), abs(VECTOR)),
            (round(x, 1), VECTOR.round(1)),
            (pow(x, 2), VECTOR**2),
            (divmod(x, 2.5), divmod(VECTOR, 2.5)),
            (list(x), list(VECTOR)),
            (sum([x, x]), VECTOR + VECTOR),
            (math.prod([x[0], x[2]]), VECTOR[0] * VECTOR[2]),
        ]
        for ours, theirs in same:
            assert_same(ours, theirs)
        assert all(minpy.is_recorded(value) == minpy.is_recorded(x) for value in (sum(x), max(x)))

    run(check, VECTOR)


# -- hashing


def test_only_scalars_are_hashable(run):
    def check(x):
        with pytest.raises(TypeError, match="unhashable"):
            hash(x)
        assert isinstance(hash(x.sum()), int)

    run(check, X)


def test_plain_scalar_hashes_by_value():
    assert hash(np.array([1.5, 1.0]).sum()) == hash(2.5)
    assert {np.array(2.5): "here"}[2.5] == "here"
    assert len({np.float64(2.5), np.array(2.5), np.array([2.5]).sum()}) == 1


def test_recorded_scalar_hashes_by_identity():
    def check(x):
        same, other = x.sum(), x.sum()
        assert len({same, other}) == 2
        assert {same: 1}[same] == 1

    on_recorded(check, VECTOR)


def test_labels_can_be_counted():
    labels = np.array(LABELS)
    assert Counter(labels) == {2: 3, 0: 2, 1: 1}
    assert Counter(labels[np.array([0, 1, 2])]).most_common(1) == [(2, 2)]
    assert {0: "cat", 1: "dog", 2: "bird"}[labels[1]] == "bird"
    assert Counter(np.array(X).argmax(axis=1)) == {2: 1, 1: 1}
    assert isinstance(labels.max(), onp.integer)
    assert isinstance((labels == 2).any(), onp.bool_)
    assert isinstance((labels == 2).sum(), onp.integer)


# -- printing


@pytest.mark.parametrize("raw", [*ARRAYS[:-3], X > 0, onp.arange(2000.0)], ids=str)
def test_repr(raw):
    assert repr(np.array(raw)) == repr(raw)
    assert str(np.array(raw)) == str(raw)


def test_printing_is_free_and_the_same_while_recorded(run, capsys):
    def check(x):
        assert repr(x) == repr(X)
        assert f"{x}" == str(X)
        total = X.sum()
        assert f"{x.sum():.3f} {x.sum():8.2e} {x.sum()}" == f"{total:.3f} {total:8.2e} {total}"
        assert str(x[0, 0]) == "0.31"
        assert f"{x[0, 1]:5.1f}|{x[0]}" == f"{X[0, 1]:5.1f}|{X[0]}"
        print(x, x.sum())
        with np.printoptions(precision=1):
            assert repr(x) == repr(X) == "array([[ 0.3, -0.7,  0.6],\n       [-0.2,  0.9, -0.4]])"

    run(check, X)
    assert capsys.readouterr().out == f"{X} {X.sum()}\n"


def test_percent_format():
    total = np.array(VECTOR).sum()
    assert "%.2f %d" % (total, np.array(INTEGERS).sum()) == "3.67 21"  # noqa: UP031


def test_format_of_several_elements_is_refused_as_numpy_does():
    with pytest.raises(TypeError, match="format"):
        f"{np.array(X):.2f}"


# -- copying


@pytest.mark.parametrize("raw", ARRAYS, ids=lambda raw: f"{raw.dtype}{raw.shape}")
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickling(raw, protocol):
    assert_same(pickle.loads(pickle.dumps(np.array(raw), protocol)), raw)


@pytest.mark.parametrize(
    "copied",
    [copy.copy, copy.deepcopy, np.copy, np.array, lambda x: x.copy(), lambda x: x[:].copy()],
)
def test_copies_are_independent(copied, run):
    def check(x):
        y = copied(x)
        assert minpy.is_recorded(y) == minpy.is_recorded(x)
        x[0] = 9.5
        assert_same(y, X)
        y[1] = 7.5
        assert_same_values(x.asnumpy()[1], X[1])

    run(check, X)


def test_deepcopy_keeps_sharing():
    x = np.array(X)
    first, second = copy.deepcopy([x, x])
    assert first is second
    assert first is not x


# -- names and what they stand for


def test_result_of_a_reduction_is_not_changed_through_another_name(run):
    def check(x):
        s = x.sum()
        t = s
        s += 1.0
        assert_same(t, VECTOR.sum())
        assert_same(s, VECTOR.sum() + 1.0)

    run(check, VECTOR)


def test_an_element_is_a_value(run):
    def check(x):
        element = x[0]
        element += 10.0
        assert_same(x, VECTOR)
        first = x[1]
        x[1] = 5.5
        assert_same(first, VECTOR[1])
        for value in x:
            value *= 0.0
        assert_same(x[0], VECTOR[0])
        best = x[0]
        best -= 1.0
        best *= 2.0
        assert_same(best, (VECTOR[0] - 1.0) * 2.0)

    run(check, VECTOR)


def test_a_row_is_a_view(run):
    def check(x):
        row = x[0]
        row += 10.0
        assert_same(x[0], X[0] + 10.0)

    run(check, X)


def test_a_zero_dimensional_array_that_was_made_is_an_array(run):
    def check(x):
        y = x
        y += 1.0
        assert y is x
        assert_same_values(x.asnumpy(), SCALAR + onp.ones(()))
        view = x[...]
        view *= 2.0
        assert_same_values(x.asnumpy(), (SCALAR + onp.ones(())) * 2.0)

    run(check, SCALAR)


def test_total_starts_from_a_number(run):
    def check(x, y):
        total = 0.0
        for a, b in zip(x, y, strict=True):
            total += (a * b).sum()
        assert_same(total, sum((a * b).sum() for a, b in zip(X, Y, strict=True)))
        assert minpy.is_recorded(total) == minpy.is_recorded(x)

    run(check, X, Y)
