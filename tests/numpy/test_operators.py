"""Operators: between arrays, NumPy's arrays, numbers, lists and foreign objects; promotion."""

import operator
from fractions import Fraction

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .agreement import assert_same, assert_same_values
from .calls.data import FLAGS, INTEGERS, POSITIVE, ROW, SQUARE, TALL, X, Y
from .recording import on_recorded

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "divmod": divmod,
}
COMPARISONS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
BITWISE = {
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": operator.lshift,
    ">>": operator.rshift,
}
IN_PLACE = {
    "+=": operator.iadd,
    "-=": operator.isub,
    "*=": operator.imul,
    "/=": operator.itruediv,
    "//=": operator.ifloordiv,
    "%=": operator.imod,
    "**=": operator.ipow,
    "&=": operator.iand,
    "|=": operator.ior,
    "^=": operator.ixor,
    "<<=": operator.ilshift,
    ">>=": operator.irshift,
}
OTHERS = [2, 2.5, True, onp.float64(1.5), onp.float32(1.5), onp.int64(3), [0.5, 1.5, 2.5]]
OTHERS += [ROW, POSITIVE, INTEGERS, onp.array(2.5), (1, 2, 3)]

DTYPES = ["?", "i1", "u1", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"]
PYTHONS = [True, 3, 2.5, 1.5j]


def by_name(table):
    return pytest.mark.parametrize("op", table.values(), ids=table)


def same_or_same_error(ours, theirs, *raws):
    """Compare two ways to compute the same thing, errors included."""
    try:
        expected = theirs()
    except (TypeError, ValueError, OverflowError) as error:
        with pytest.raises(type(error)):
            ours()
    else:
        assert_same(ours(), expected)


@by_name(ARITHMETIC | COMPARISONS)
@pytest.mark.parametrize("other", OTHERS)
def test_arithmetic_with_what_is_no_array(op, other, run):
    def check(x):
        assert_same(op(x, other), op(POSITIVE, other))
        assert_same(op(other, x), op(other, POSITIVE))

    with onp.errstate(invalid="ignore"):
        run(check, POSITIVE)


@by_name(ARITHMETIC | COMPARISONS)
def test_arithmetic_between_arrays(op, run):
    def check(x, y, row, scalar):
        assert_same(op(x, y), op(POSITIVE, X**2))
        assert_same(op(x, row), op(POSITIVE, POSITIVE[0]))
        assert_same(op(scalar, x), op(2.5, POSITIVE))
        assert_same(op(x.sum(), y), op(POSITIVE.sum(), X**2))

    run(check, POSITIVE, X**2, POSITIVE[0], onp.array(2.5))


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "**"])
def test_arithmetic_is_recorded(symbol):
    op = ARITHMETIC[symbol]

    def check(x):
        for other in OTHERS:
            assert minpy.is_recorded(op(x, other))
            assert minpy.is_recorded(op(other, x))

    with onp.errstate(invalid="ignore"):
        on_recorded(check, POSITIVE)


@by_name(COMPARISONS)
def test_comparisons_are_plain(op):
    on_recorded(lambda x: assert_same(op(x, x.sum()), op(X, X.sum())), X)


@by_name(BITWISE)
@pytest.mark.parametrize("other", [2, INTEGERS, onp.int64(1), [1, 0, 2]])
def test_bitwise(op, other):
    x = np.array(INTEGERS)
    assert_same(op(x, other), op(INTEGERS, other))
    assert_same(op(other, x), op(other, INTEGERS))
    assert_same(op(x, x), op(INTEGERS, INTEGERS))


def test_masks_combine(run):
    def check(x):
        assert_same((x > 0) & ~(x > 0.5) | (x < -0.5), (X > 0) & ~(X > 0.5) | (X < -0.5))
        assert_same(np.array(FLAGS) ^ True, FLAGS ^ True)

    run(check, X)


@pytest.mark.parametrize("op", [operator.neg, operator.pos, operator.abs])
def test_unary(op, run):
    def check(x):
        assert_same(op(x), op(X))
        assert minpy.is_recorded(op(x)) == minpy.is_recorded(x)
        assert op(x) is not x

    run(check, X)


def test_invert():
    assert_same(~np.array(INTEGERS), ~INTEGERS)
    assert_same(~np.array(FLAGS), ~FLAGS)


def test_unary_operators_that_numpy_refuses():
    for op, raw in [(operator.neg, FLAGS), (operator.invert, X), (operator.sub, FLAGS)]:
        operands = (np.array(raw),) * (2 if op is operator.sub else 1)
        with pytest.raises(TypeError):
            op(*operands)


@pytest.mark.parametrize(
    ("left", "right"), [(X, TALL), (ROW, TALL), (SQUARE, ROW), (ROW, ROW), (INTEGERS, TALL)]
)
def test_matmul(left, right, run):
    def check(x, y):
        for ours in (x @ y, left @ y, x @ right):
            assert_same(ours, left @ right)
        assert minpy.is_recorded(x @ y) == minpy.is_recorded(y)
        if right.ndim == 2:
            assert_same(left.tolist() @ y, left @ right)

    run(check, left, right)


@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.matmul])
def test_shapes_that_do_not_fit(op, run):
    def check(x):
        with pytest.raises(ValueError, match=r"\(2, ?3\)|mismatch"):
            op(x, onp.ones((4, 2)))

    run(check, X)


# -- promotion


@pytest.mark.parametrize("right", [*DTYPES, *PYTHONS])
@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("symbol", ["+", "*", "/", "**"])
def test_promotion(symbol, left, right):
    op = ARITHMETIC[symbol]
    a = onp.array([1, 0, 1]).astype(left)
    b = onp.array([1, 2, 3]).astype(right) if isinstance(right, str) else right
    y = np.array(b) if isinstance(right, str) else b
    with onp.errstate(all="ignore"):
        same_or_same_error(lambda: op(np.array(a), y), lambda: op(a, b))
        same_or_same_error(lambda: op(y, np.array(a)), lambda: op(b, a))
        same_or_same_error(lambda: op(np.array(a[0]), y), lambda: op(a[0], b))


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_promotion_while_recorded(dtype):
    raw = POSITIVE.astype(dtype)

    def check(x):
        for other in [*PYTHONS, onp.float64(1.5), onp.float32(1.5), INTEGERS, Y]:
            for op in (operator.add, operator.mul, operator.truediv):
                assert_same(op(x, other), op(raw, other))
                assert_same(op(other, x), op(other, raw))

    on_recorded(check, raw)


def test_numbers_out_of_range():
    raw = onp.array([1, 2], dtype="u1")
    same_or_same_error(lambda: np.array(raw) + 300, lambda: raw + 300)
    same_or_same_error(lambda: np.array(raw) + -1, lambda: raw + -1)


# -- in place


@pytest.mark.parametrize("symbol", ["+=", "-=", "*=", "/=", "//=", "%=", "**="])
@pytest.mark.parametrize("other", OTHERS)
def test_in_place(symbol, other, run):
    op = IN_PLACE[symbol]

    def check(x):
        y, view = x, x[1:]
        x = op(x, other)
        assert x is y
        assert_same(x, op(POSITIVE.copy(), other))
        assert_same(view, op(POSITIVE.copy(), other)[1:])

    run(check, POSITIVE)


@pytest.mark.parametrize("symbol", ["+=", "-=", "*=", "/=", "//=", "%=", "**="])
def test_in_place_between_arrays(symbol, run):
    op = IN_PLACE[symbol]

    def check(x, y):
        z = x
        x = op(x, y)
        assert x is z
        assert_same(x, op(POSITIVE.copy(), X**2))
        assert_same(y, X**2)
        assert minpy.is_recorded(x) == minpy.is_recorded(y)

    run(check, POSITIVE, X**2)


@pytest.mark.parametrize("symbol", ["&=", "|=", "^=", "<<=", ">>=", "+=", "//="])
def test_in_place_on_integers(symbol):
    op = IN_PLACE[symbol]
    x = y = np.array(INTEGERS)
    x = op(x, np.array([1, 2, 1]))
    assert x is y
    assert_same(x, op(INTEGERS.copy(), [1, 2, 1]))


def test_in_place_keeps_dtype(run):
    raw = X.astype(onp.float32)

    def check(x):
        x *= onp.float64(2.5)
        x += Y
        assert_same(x, raw * onp.float32(2.5) + Y.astype(onp.float32))

    run(check, raw)


def test_in_place_that_numpy_refuses():
    for raw, other in [(INTEGERS, 0.5), (X, 1j), (ROW, X)]:
        with pytest.raises((TypeError, ValueError)):
            operator.iadd(np.array(raw), other)
        with pytest.raises((TypeError, ValueError)):
            operator.iadd(np.array(raw), np.array(other))


def test_in_place_with_itself(run):
    def check(x):
        x += x
        x *= x[::-1]
        assert_same(x, 4 * X * X[::-1])

    run(check, X)


def test_plain_array_becomes_recorded():
    def check(x):
        total = np.zeros((2, 3))
        total += x
        assert minpy.is_recorded(total)
        assert_same(total, X)

    on_recorded(check, X)


# -- NumPy's arrays


def test_numpys_array_in_place():
    raw = X.copy()
    same = raw
    raw += np.array(Y)
    raw[0] = np.array(ROW)
    raw[np.array([1, 1]), np.array([0, 2])] = np.array([0.5, 1.5])
    raw[np.array(FLAGS)] *= np.array(2.0)
    assert raw is same
    assert type(raw) is onp.ndarray
    expected = X + Y
    expected[0] = ROW
    expected[[1, 1], [0, 2]] = [0.5, 1.5]
    expected[FLAGS] *= 2.0
    assert_same_values(raw, expected)


def test_recorded_array_does_not_vanish_in_numpys():
    def check(x):
        raw = onp.ones((2, 3))
        for exit in (
            lambda: operator.iadd(raw, x),
            lambda: operator.setitem(raw, 0, x[0]),
            lambda: onp.add(Y, x, out=raw),
            lambda: onp.copyto(raw, x),
        ):
            with pytest.raises((minpy.ImplicitExitError, minpy.NoGradientError)):
                exit()
        assert_same_values(raw, onp.ones((2, 3)))

    on_recorded(check, X)


# -- foreign objects


class Foreign:
    """An operand that NumPy leaves alone."""

    __array_ufunc__ = None

    def answer(self, other):
        return "foreign"

    __add__ = __radd__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = answer
    __eq__ = __lt__ = __gt__ = answer
    __hash__ = None


def test_foreign_object_answers(run):
    def check(x):
        for op in (operator.add, operator.mul, operator.matmul):
            assert op(x, Foreign()) == op(Foreign(), x) == "foreign"
        assert (x == Foreign()) == (Foreign() == x) == "foreign"
        assert (x < Foreign()) == "foreign"
        with pytest.raises(TypeError):
            x - Foreign()

    run(check, X)


@pytest.mark.parametrize("other", ["text", None, object(), {}])
@pytest.mark.parametrize("op", [operator.add, operator.mul, operator.matmul])
def test_operand_without_arithmetic(op, other, run):
    def check(x):
        with pytest.raises((TypeError, ValueError)):
            op(x, other)
        with pytest.raises((TypeError, ValueError)):
            op(other, x)

    run(check, X)


def test_comparison_with_none(run):
    def check(x):
        assert_same(x == None, onp.zeros((2, 3), bool))  # noqa: E711
        assert_same(x != None, onp.ones((2, 3), bool))  # noqa: E711

    run(check, X)


def test_fractions():
    assert_same(np.array(X) + Fraction(1, 2), X + Fraction(1, 2))
    assert_same(Fraction(1, 2) * np.array(INTEGERS), Fraction(1, 2) * INTEGERS)
