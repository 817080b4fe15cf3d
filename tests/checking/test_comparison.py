"""`compare`: right is right, wrong is found and located, and nothing that comes back can cheat."""

import sys

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.checking import CallContext, Comparison, compare, raised, unwritten
from minpy.checking.comparison import REVEALED, VERDICTS
from minpy.checking.relative_error import heat_map, relative_errors, where
from minpy.checking.untrusted import MOST_ELEMENTS, receive

RNG = onp.random.default_rng(0)
RIGHT = RNG.normal(size=(4, 10))


def test_right_values_pass():
    found = compare("dW", RIGHT * (1 + 1e-9), RIGHT)
    assert found and found.passed and found.verdict == "right"
    assert found.error == pytest.approx(1e-9, rel=1e-3)
    assert (found.wrong, found.heat, found.where) == (0, None, None)
    assert found.shape == found.expected_shape == (4, 10)
    assert found.dtype == "float64"


def test_the_worst_entry_and_its_values():
    wrong = RIGHT.copy()
    wrong[2, 3] *= 1.5
    wrong[0, 3] *= 1.1
    found = compare("dW", wrong, RIGHT)
    assert not found and found.verdict == "value"
    assert found.index == (2, 3)
    assert (found.value, found.expected) == (wrong[2, 3], RIGHT[2, 3])
    assert found.error == pytest.approx(1 / 3)
    assert found.wrong == 2
    assert str(found.where) == "2 of 40 entries are wrong, all of them in column 3."
    assert [found.heat[0][3], found.heat[2][3]] == [0.091, 0.33]
    assert sum(map(sum, found.heat)) == pytest.approx(0.421)


@pytest.mark.parametrize("tolerance, passes", [(1e-6, False), (1e-3, True)])
def test_the_tolerance_is_of_the_relative_error(tolerance, passes):
    assert compare("dW", RIGHT * (1 + 1e-4), RIGHT, tolerance=tolerance).passed is passes


def test_an_entry_that_is_zero_up_to_rounding_is_measured_by_the_others():
    expected = onp.array([5.0, 0.0])
    (_, error) = relative_errors(onp.array([5.0, 1e-10]), expected)
    assert error == pytest.approx(1e-10 / 5e-3)
    assert compare("b", onp.array([5.0, 1e-10]), expected).passed
    assert not compare("b", onp.array([5.0, 1e-10]), expected, floor=1e-5).passed
    # what is wrong elsewhere does not make the floor higher
    assert not compare("b", onp.array([5e9, 1e-4]), expected).passed
    assert compare("b", onp.array([5e9, 1e-4]), expected).wrong == 2


@pytest.mark.parametrize("value", [onp.nan, onp.inf, -onp.inf])
def test_nan_and_infinity_are_infinitely_wrong(value):
    wrong = RIGHT.copy()
    wrong[1, 2] = value
    found = compare("dW", wrong, RIGHT, tolerance=1e300)
    assert (found.verdict, found.error, found.index) == ("not_finite", onp.inf, (1, 2))
    assert compare("dW", wrong, wrong).passed  # where they are expected they are right
    assert not compare("dW", RIGHT, wrong).passed


def test_complex_values():
    assert compare("z", RIGHT + 1j, RIGHT + 1j).passed
    assert compare("z", RIGHT + 1j, RIGHT - 1j).value.imag == 1
    assert compare("z", RIGHT + 0j, RIGHT).verdict == "dtype"


@pytest.mark.parametrize(
    "given, expected",
    [((10, 4), (4, 10)), ((4, 10, 1), (4, 10)), ((), (4,)), ((0,), (4,)), ((3,), (0,))],
)
def test_shapes(given, expected):
    found = compare("dW", onp.ones(given), onp.ones(expected))
    assert found.verdict == "shape"
    assert (found.shape, found.expected_shape) == (given, expected)
    assert str(given) in found.reason and str(expected) in found.reason


def test_numbers_that_minpy_computed_are_numbers():
    import minpy.numpy as np

    total = np.sum(np.ones(3))
    assert compare("loss", total, 3.0)
    assert compare("losses", [total, 2 * total], [3.0, 6.0])
    assert compare("loss", total, 4.0).verdict == "value"


def test_empty_and_zero_dimensional():
    assert compare("e", onp.ones((0, 3)), onp.ones((0, 3))).passed
    found = compare("loss", 2.0, onp.float64(1.0))
    assert (found.index, found.value, found.heat, found.where) == ((), 2.0, None, None)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int64", "bool", "longdouble"])
def test_other_dtypes_are_compared_by_value(dtype):
    right = onp.array([0.0, 1.0])
    found = compare("x", right.astype(dtype), right)
    assert found.passed and found.dtype == str(onp.dtype(dtype))


def test_a_dtype_can_be_demanded():
    found = compare("x", RIGHT.astype("float32"), RIGHT, tolerance=1e-6, dtype="float64")
    assert found.verdict == "dtype"
    assert "float32" in found.reason and "float64" in found.reason
    assert compare("x", RIGHT.astype("float32"), RIGHT, dtype="float32").passed
    # wrong values are the worse fault
    assert compare("x", 2 * RIGHT.astype("float32"), RIGHT, dtype="float64").verdict == "value"


def test_byte_order_does_not_matter():
    assert compare("x", RIGHT.astype(">f8"), RIGHT, dtype="float64").passed


@pytest.mark.parametrize("order", ["C", "F"])
def test_memory_order_does_not_matter(order):
    assert compare("x", onp.asarray(RIGHT, order=order), RIGHT).passed
    assert compare("x", RIGHT.T.copy().T[::-1][::-1], RIGHT).passed


def test_what_is_no_ndarray():
    assert compare("x", np.array(RIGHT), RIGHT).passed
    assert compare("x", RIGHT.tolist(), RIGHT).passed
    assert compare("x", tuple(map(tuple, RIGHT.tolist())), RIGHT).passed
    assert compare("x", onp.ma.array(RIGHT), RIGHT).passed
    assert compare("x", onp.float32(1.5), 1.5).passed
    assert compare("x", True, 1).passed


# ------------------------------------------------------------------------- what comes back at all


class Bomb:
    """Whatever is asked of it, it raises; and says that it was asked."""

    asked = []

    def __getattribute__(self, name):
        Bomb.asked.append(name)
        raise RuntimeError(name)

    def __array__(self, *args, **kwargs):
        Bomb.asked.append("__array__")
        raise RuntimeError("__array__")

    __len__ = __iter__ = __float__ = __eq__ = __repr__ = __str__ = __bool__ = __array__


class Liar(onp.ndarray):
    """An array that is equal to everything."""

    def __eq__(self, other):
        return onp.ones(self.shape, bool)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return onp.zeros(onp.shape(inputs[0]))

    def __array_function__(self, func, types, args, kwargs):
        return True

    def __array_finalize__(self, other):
        Bomb.asked.append("__array_finalize__")

    shape = property(lambda self: (4, 10))
    dtype = property(lambda self: onp.dtype("float64"))
    view = copy = astype = property(lambda self: 1 / 0)


class Metaclass(type):
    __name__ = property(lambda cls: 1 / 0)

    def __instancecheck__(cls, instance):
        raise RuntimeError

    def __subclasscheck__(cls, other):
        raise RuntimeError


class Nameless(metaclass=Metaclass):
    @property
    def __class__(self):
        return onp.ndarray  # isinstance believes this


class Title(str):
    """A part of a dtype's name that is asked for when the dtype is printed."""

    def __repr__(self):
        Bomb.asked.append("__repr__")
        raise RuntimeError

    __str__ = __format__ = __repr__


class Float(float):
    def __float__(self):
        raise RuntimeError


class NumpyFloat(onp.float64):
    def __array__(self, *args, **kwargs):
        raise RuntimeError


class Listing(list):
    def __len__(self):
        raise RuntimeError


deep = []
for _ in range(100):
    deep = [deep]
circular = []
circular.append(circular)
wide = [1.0] * 1000
for _ in range(10):
    wide = [wide] * 1000  # 10**33 numbers

bombs = onp.empty(1, dtype=object)
bombs[0] = Bomb()

BAD = {
    "None": (None, "missing"),
    "text": ("1.0", "type"),
    "bytes": (b"1.0", "type"),
    "dict": ({"dW": RIGHT}, "type"),
    "function": (compare, "type"),
    "class": (float, "type"),
    "bomb": (Bomb(), "type"),
    "nameless": (Nameless(), "type"),
    "float subclass": (Float(1.0), "type"),
    "numpy float subclass": (NumpyFloat(1.0), "type"),
    "list subclass": (Listing([1.0]), "type"),
    "objects": (bombs, "numbers"),
    "floats as objects": (RIGHT.astype(object), "numbers"),
    "strings": (RIGHT.astype(str), "numbers"),
    "dates": (onp.array(["2020-01-01"], dtype="datetime64[D]"), "numbers"),
    "records": (onp.zeros(3, dtype=[("<b>", "f8")]), "numbers"),
    "records with a title": (onp.zeros(3, dtype=[((Title("t"), "a"), "f8")]), "numbers"),
    "huge integer": (10**400, "numbers"),
    "list of bombs": ([1.0, [Bomb()]], "numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], "numbers"),
    "deep": (deep, "numbers"),
    "circular": (circular, "numbers"),
    "wide": (wide, "numbers"),
    "empty list": ([], "shape"),
    "matrix": (onp.array([[1.0]]).view(onp.matrix), "shape"),
    "a huge array": (onp.broadcast_to(onp.float64(1), (10**6, 10**6)), "shape"),
}


@pytest.mark.parametrize("name", BAD)
def test_nothing_that_comes_back_is_trusted_or_raises(name):
    value, verdict = BAD[name]
    Bomb.asked.clear()
    found = compare("dW", value, RIGHT)
    assert found.verdict == verdict
    assert Bomb.asked == []
    assert Comparison.from_json(found.to_json()) == found
    assert found.reason and str(found)


def test_a_subclass_that_lies_is_judged_by_its_numbers():
    lie, short = (RIGHT + 1).view(Liar), onp.ones(3).view(Liar)
    Bomb.asked.clear()
    found = compare("dW", lie, RIGHT)
    assert (found.verdict, found.wrong) == ("value", 40)
    assert compare("dW", short, RIGHT).shape == (3,)
    assert Bomb.asked == []
    assert compare("dW", RIGHT.view(Liar), RIGHT).passed


def test_a_masked_entry_is_judged_by_its_number():
    wrong = RIGHT.copy()
    wrong[1, 1] = 7
    hidden = onp.ma.array(wrong, mask=wrong == 7)
    assert compare("dW", hidden, RIGHT).index == (1, 1)


def test_numbers_are_copied_once():
    given = RIGHT.copy()
    received = receive(given)
    given[:] = 0
    assert (received.array == RIGHT).all()
    assert type(received.array) is onp.ndarray


@pytest.mark.skipif(sys.maxsize < 2**32, reason="an array of 2**40 entries needs 64 bits")
def test_what_is_too_large_is_not_read():
    huge = onp.broadcast_to(onp.float32(1), (2**20, 2**20))
    assert receive(huge).array is None
    assert compare("dW", huge, RIGHT).verdict == "shape"
    with pytest.raises(ValueError, match=f"at most {MOST_ELEMENTS} elements"):
        compare("dW", huge, huge)


def test_expected_values_are_the_authors_matter():
    with pytest.raises(ValueError, match="of type NoneType"):
        compare("dW", RIGHT, None)


# ------------------------------------------------------------------------------------- its parts


def test_a_heat_map_is_small_and_keeps_the_largest():
    errors = onp.zeros((100, 7, 9))
    errors[57, 3, 4] = 0.5
    heat = onp.array(heat_map(errors))
    assert heat.shape == (16, 16)
    assert (heat > 0).sum() == 1 and heat.max() == 0.5
    assert onp.argwhere(heat)[0].tolist() == [9, 8]  # 57 of 100, and 3 * 9 + 4 of 63


@pytest.mark.parametrize(
    "index, words",
    [
        ((slice(None), 1), "4 of 40 entries are wrong, all of them in column 1."),
        ((2, slice(None)), "10 of 40 entries are wrong, all of them in row 2."),
        ((slice(1, 3), slice(None)), "20 of 40 entries are wrong, all of them in rows 1, 2."),
        (
            (slice(None), slice(7, 10)),
            "12 of 40 entries are wrong, all of them in columns 7, 8, 9.",
        ),
        ((2, 2), "One of 40 entries is wrong."),
        ((slice(0, 3), slice(0, 5)), "15 of 40 entries are wrong."),
        (..., "All 40 entries are wrong."),
    ],
)
def test_where_it_is_wrong_in_words(index, words):
    bad = onp.zeros((4, 10), bool)
    bad[index] = True
    assert str(where(bad)) == words


def test_where_along_an_axis():
    bad = onp.zeros((2, 3, 9), bool)
    bad[:, :, 8] = True
    assert str(where(bad)) == "6 of 54 entries are wrong, all at 8 along axis 2."


@pytest.mark.parametrize("actual", [RIGHT, RIGHT + 1, RIGHT.T, None, RIGHT * onp.nan, RIGHT * 1j])
def test_json_and_back(actual):
    found = compare("dW", actual, RIGHT)
    text = found.to_json()
    again = Comparison.from_json(text)
    assert again == found and hash(again) == hash(found)
    assert str(again) == str(found)
    assert type(again.heat) is type(found.heat)
    assert len(text) < 10_000


@pytest.mark.parametrize(
    "found", [{}, {"name": "x"}, {"name": "x", "verdict": "good"}, {"x": 1}, []]
)
def test_what_is_not_a_comparison_is_refused(found):
    with pytest.raises(ValueError):
        Comparison.from_dict(found)


def test_made_without_an_array():
    assert unwritten("f").verdict == "unwritten"
    found = raised("f\x1b[31m", "Value\nError", "bad " * 1000)
    assert found.reason.startswith("`f?[31m` raised `Value Error: bad bad")
    assert len(found.reason) < 300


def test_how_much_is_revealed():
    wrong = RIGHT.copy()
    wrong[:, 1] = 7.25
    found = compare("dW", wrong, RIGHT)
    shown = {how: found.reveal(how).to_json() for how in REVEALED}
    assert not any(found.reveal(how).passed for how in REVEALED)
    assert "7.25" in shown["inputs"]
    assert "where.column" in shown["diagnosis"] and "7.25" not in shown["diagnosis"]
    assert "where" not in shown["category"] and '"value"' in shown["category"]
    assert shown["nothing"] == '{"name": "dW", "verdict": "withheld", "tolerance": 0.0, "wrong": 0}'
    assert all(compare("dW", RIGHT, RIGHT).reveal(how).passed for how in REVEALED)
    with pytest.raises(ValueError, match="everything"):
        found.reveal("everything")


def test_every_verdict_has_its_words():
    for verdict in VERDICTS:
        assert Comparison("dW", verdict).reason.startswith("`dW`") or verdict in (
            "mutated",
            "failed",
        )


def test_evidence_is_optional():
    assert compare("dW", RIGHT, RIGHT, context=CallContext(batch=4)).passed
