"""Failing well: each message says what happened, with what, and what to write instead."""

import copy
import math
import operator
import pickle

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive


def raised(error, f, *args, **kwargs):
    """Return the message of the error that ``f(*args, **kwargs)`` raises."""
    with pytest.raises(error) as caught:
        f(*args, **kwargs)
    assert type(caught.value) is error, f"not {error.__name__} but {type(caught.value).__name__}"
    return str(caught.value)


def recorded(f):
    """Return `f` called on a recorded (2, 3) array of ones inside a function that is recorded."""
    return lambda: minpy.grad(lambda x: np.sum(x) + 0 * _number(f(x)))(np.ones((2, 3)))


def _number(_):
    return 1.0


# ----- shapes

MISFITS = {
    "add": (lambda a: a + np.ones((4, 3)), "add", "(2, 3)", "(4, 3)"),
    "add a raw array": (lambda a: a + onp.ones((4, 3)), "add", "(2, 3)", "(4, 3)"),
    "a raw array plus": (lambda a: onp.ones((4, 3)) + a, "add", "(2, 3)", "(4, 3)"),
    "add a list": (lambda a: a + [1.0, 2.0], "add", "(2, 3)", "2"),
    "numpy.multiply": (lambda a: onp.multiply(a, onp.ones(4)), "multiply", "(2, 3)", "(4,)"),
    "maximum": (lambda a: np.maximum(a, np.ones(5)), "maximum", "(2, 3)", "(5,)"),
    "power": (lambda a: a ** np.ones(2), "power", "(2, 3)", "(2,)"),
    "matmul": (lambda a: a @ np.ones((2, 3)), "matmul", "(2, 3)", "(2, 3)"),
    "matmul raw": (lambda a: onp.ones((4, 5)) @ a, "matmul", "(4, 5)", "(2, 3)"),
    "dot": (lambda a: np.dot(a, np.ones((4, 2))), "", "(2, 3)", "(4, 2)"),
    "a.dot": (lambda a: a.dot(np.ones(2)), "", "(2, 3)", "(2,)"),
    "inner": (lambda a: np.inner(a, np.ones(4)), "", "(2, 3)", "(4,)"),
    "tensordot": (lambda a: np.tensordot(a, np.ones((4, 2)), 1), "tensordot", "(2, 3)", "(4, 2)"),
    "reshape": (lambda a: a.reshape(4, 2), "reshape", "(2, 3)", "(4, 2)"),
    "np.reshape": (lambda a: np.reshape(a, (5, -1)), "reshape", "(2, 3)", "(5, -1)"),
    "concatenate": (
        lambda a: np.concatenate([a, np.ones((2, 4))], axis=0), "concatenate", "(2, 3)", "(2, 4)",
    ),
    "concatenate ndim": (
        lambda a: np.concatenate([a, np.ones(3)]), "concatenate", "(2, 3)", "(3,)",
    ),
    "stack": (lambda a: np.stack([a, np.ones((3, 2))]), "stack", "(2, 3)", "(3, 2)"),
    "vstack": (lambda a: np.vstack([a, np.ones((2, 4))]), "vstack", "(2, 3)", "(2, 4)"),
    "hstack": (lambda a: np.hstack([a, np.ones((3, 3))]), "hstack", "(2, 3)", "(3, 3)"),
    "einsum": (
        lambda a: np.einsum("ij,jk->ik", a, np.ones((4, 2))), "einsum", "(2, 3)", "(4, 2)",
    ),
    "where": (lambda a: np.where(a > 0, a, np.ones(4)), "where", "(2, 3)", "(4,)"),
    "broadcast_to": (lambda a: np.broadcast_to(a, (4, 2)), "broadcast_to", "(2, 3)", "(4, 2)"),
    "transpose": (lambda a: a.transpose(0, 1, 2), "transpose", "(2, 3)", "(0, 1, 2)"),
    "squeeze": (lambda a: np.squeeze(a, axis=0), "squeeze", "(2, 3)", ""),
    "getitem": (lambda a: a[5], "getitem", "(2, 3)", "5"),
    "too many indices": (lambda a: a[0, 1, 2], "getitem", "(2, 3)", ""),
    "mask": (lambda a: a[np.ones(4, bool)], "getitem", "(2, 3)", "4"),
    "setitem": (lambda a: a.__setitem__(0, np.ones(4)), "x[i] = value", "(2, 3)", "(4,)"),
    "setitem raw": (lambda a: a.__setitem__(0, onp.ones(4)), "x[i] = value", "(2, 3)", "(4,)"),
    "setitem mask": (
        lambda a: a.__setitem__(a > 0, np.ones(4)), "x[i] = value", "(2, 3)", "(4,)",
    ),
    "setitem list": (
        lambda a: a.__setitem__(0, [1.0, 2.0]), "x[i] = value", "(2, 3)", "(2,)",
    ),
    "copyto": (lambda a: np.copyto(a, np.ones((4, 3))), "", "(2, 3)", "(4, 3)"),
    "+=": (lambda a: operator.iadd(a, np.ones((4, 2, 3))), "add", "(2, 3)", "(4, 2, 3)"),
    "out": (lambda a: np.add(a, a, out=np.zeros((3, 3))), "add", "(2, 3)", "(3, 3)"),
    "solve": (lambda a: np.linalg.solve(a[:, :2], np.ones(3)), "solve", "(2, 2)", "(3,)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_a_shape_that_does_not_fit_is_named_with_the_op(name):
    call, op, first, second = MISFITS[name]
    with pytest.raises((ValueError, IndexError, TypeError, onp.linalg.LinAlgError)) as caught:
        recorded(call)()
    message = str(caught.value)
    for part in (op, first, second):
        assert part in message, f"{part!r} is not in {message!r}"


@pytest.mark.parametrize("name", ["add", "matmul", "reshape", "concatenate", "setitem"])
def test_plain_arrays_fail_as_well(name):
    call, _, first, second = MISFITS[name]
    with pytest.raises(ValueError) as caught:
        call(np.ones((2, 3)))
    assert first in str(caught.value)
    assert second in str(caught.value)


def test_numpys_error_is_the_cause():
    with pytest.raises(ValueError) as caught:
        np.ones(2) + np.ones(3)
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_type_of_numpys_error_stays():
    x = np.ones(2)
    with pytest.raises(IndexError):
        x[5]
    with pytest.raises(IndexError):
        x[5] = 1.0
    with pytest.raises(IndexError):
        x["a"]
    with pytest.raises(onp.exceptions.AxisError, match="axis 3"):
        recorded(lambda a: np.sum(a, axis=3))()
    with pytest.raises(onp.linalg.LinAlgError):
        np.linalg.inv(np.zeros((2, 2)))


# ----- rules that are missing

WITHOUT_RULE = {
    "frexp": lambda x: np.frexp(x),
    "nextafter": lambda x: np.nextafter(x, 2.0),
    "i0": lambda x: np.i0(x),
    "histogram": lambda x: np.histogram(x),
    "unique": lambda x: np.unique(x),
}


@pytest.mark.parametrize("name", WITHOUT_RULE)
def test_a_missing_rule_raises_at_the_call(name):
    message = raised(minpy.NoGradientError, recorded(WITHOUT_RULE[name]))
    assert name in message
    for way in (".detach()", "primitive", "defvjp"):
        assert way in message


def test_numpys_own_function_without_a_rule_raises_too():
    assert "i0" in raised(minpy.NoGradientError, recorded(onp.i0))
    assert "unique" in raised(minpy.NoGradientError, recorded(onp.unique))


def test_an_op_without_a_rule_works_on_plain_arrays():
    assert np.i0(np.zeros(2)).tolist() == [1.0, 1.0]
    minpy.grad(lambda x: np.sum(x) + np.sum(np.i0(x.detach())))(np.ones(2))


def test_no_gradient_error_is_a_type_error():
    assert issubclass(minpy.NoGradientError, TypeError)
    assert issubclass(minpy.ImplicitExitError, TypeError)
    assert issubclass(minpy.NanError, ArithmeticError)


# ----- implicit exits


def _write_into(raw, x):
    raw[0] = x[0]


def _add_to(raw, x):
    raw += x


def _slice_into(raw, x):
    raw[:] = x


EXITS = {
    "float": lambda x: float(x[0, 0]),
    "int": lambda x: int(x[0, 0]),
    "complex": lambda x: complex(x[0, 0]),
    "math.exp": lambda x: math.exp(x[0, 0]),
    "math.sqrt": lambda x: math.sqrt(np.sum(x)),
    "numpy.asarray": lambda x: onp.asarray(x),
    "numpy.array": lambda x: onp.array(x),
    "numpy.array of a list": lambda x: onp.array([x[0, 0], x[0, 1]]),
    "numpy.float64": lambda x: onp.float64(x[0, 0]),
    "plain[0] = x[0]": lambda x: _write_into(onp.zeros((2, 3)), x),
    "plain[:] = x": lambda x: _slice_into(onp.zeros((2, 3)), x),
    "raw += x": lambda x: _add_to(onp.zeros((2, 3)), x),
    "numpy.copyto": lambda x: onp.copyto(onp.zeros((2, 3)), x),
    "out=raw": lambda x: np.add(x, x, out=onp.zeros((2, 3))),
    "tolist": lambda x: x.tolist(),
    "tobytes": lambda x: x.tobytes(),
    "pickle": lambda x: pickle.dumps(x),
    "range": lambda x: range(x[0, 0]),
    "as an index": lambda x: [1, 2, 3][x[0, 0]],
    "as an index of an array": lambda x: np.arange(3)[x],
    "dlpack": lambda x: onp.from_dlpack(x),
    "round": lambda x: math.floor(x[0, 0]),
    "memoryview": lambda x: memoryview(onp.asarray(x)),
    "testing": lambda x: onp.testing.assert_allclose(x, onp.ones((2, 3))),
    "sum(onp)": lambda x: onp.add.reduce(onp.asarray(x)),
}


@pytest.mark.parametrize("name", [n for n in EXITS if n != "testing"])
def test_an_implicit_exit_raises_and_names_the_ways_out(name):
    message = raised(minpy.ImplicitExitError, recorded(EXITS[name]))
    for way in (".detach()", ".asnumpy()", ".item()"):
        assert way in message


def test_numpys_testing_functions_look_or_raise():
    """They compare: that is free; or they refuse by naming the ways out."""
    try:
        recorded(EXITS["testing"])()
    except minpy.ImplicitExitError as error:
        assert ".detach()" in str(error)


@pytest.mark.parametrize("name", [n for n in EXITS if n != "range" and "as an index" not in n])
def test_what_is_not_recorded_leaves_freely(name):
    EXITS[name](np.ones((2, 3)))


def test_what_is_not_recorded_leaves_freely_inside_a_recording():
    def f(x):
        plain = np.ones((2, 3))
        for name in ("float", "math.exp", "numpy.asarray", "plain[:] = x", "raw += x", "tolist"):
            EXITS[name](plain)
            EXITS[name](x.detach())
        return np.sum(x)

    assert minpy.grad(f)(np.ones((2, 3))).tolist() == [[1.0] * 3] * 2


def test_the_explicit_ways_out():
    def f(x):
        assert type(x.asnumpy()) is onp.ndarray
        assert x.asnumpy().tolist() == [1.0, 2.0]
        assert type(x[0].item()) is float
        assert x.item(1) == 2.0
        assert type(x.detach()) is np.ndarray
        assert not minpy.is_recorded(x.detach())
        return np.sum(x * x.detach())

    assert minpy.grad(f)(np.array([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_what_left_is_not_changed_by_later_writes():
    def f(x):
        seen = x.asnumpy()
        detached = x.detach()
        x[0] = 50.0
        assert seen.tolist() == detached.tolist() == [1.0, 2.0]
        seen[1] = 60.0
        detached[1] = 70.0
        assert x.item(1) == 2.0
        return np.sum(x)

    minpy.grad(f)(np.array([1.0, 2.0]))


# ----- what is free


def test_looking_is_free():
    def f(x):
        first = x[0]
        assert repr(x) == "array([1.5, 2.5])"
        assert str(x) == "[1.5 2.5]"
        assert f"{first:.2f}" == "1.50"
        assert f"{first}" == "1.5"
        assert "%s" % first == "1.5"  # noqa: UP031
        assert bool(first) and first
        assert first > 1 and first < 2 and first == 1.5 and first != 2
        assert (x > 2).tolist() == [False, True]
        assert not minpy.is_recorded(x > 2)
        assert np.all(x > 0) and np.any(x > 2) and (x > 0).all()
        assert 2.5 in x
        assert len(x) == x.size == 2
        assert (x.shape, x.ndim, x.dtype) == ((2,), 1, onp.float64)
        assert np.argmax(x) == x.argmax() == 1
        assert np.allclose(x, [1.5, 2.5])
        assert np.isnan(x).tolist() == [False, False]
        assert max(x) is not None
        assert sorted(x)[0].item() == 1.5
        assert isinstance(hash(first), int)
        assert x.strides == (8,)
        if x[0] < x[1]:
            return np.sum(x)
        return None

    assert minpy.grad(f)(np.array([1.5, 2.5])).tolist() == [1.0, 1.0]


def test_an_ambiguous_truth_value_raises_as_in_numpy():
    def f(x):
        return 1.0 if x else 2.0

    with pytest.raises(ValueError, match="ambiguous"):
        minpy.grad(f)(np.ones(2))


def test_copies_are_recorded():
    def f(x):
        return np.sum(copy.copy(x) * copy.deepcopy(x))

    assert minpy.grad(f)(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]


# ----- what is differentiated


def identity(x):
    return x


@pytest.mark.parametrize(
    "value",
    [
        np.array([1, 2]), onp.array([1, 2]), np.array([True]), "text", None, {}, [], {"a": "b"},
        onp.int64(3), True, {"n": 3}, [1, 2], object(),
    ],
    ids=repr,
)  # fmt: skip
def test_nothing_to_differentiate_with_respect_to(value):
    message = raised(TypeError, minpy.grad(identity), value)
    assert "identity" in message
    assert "argument 0" in message
    assert "None" if value is None else type(value).__name__.replace("ndarray", "") in message
    assert "forget to return" not in message
    assert "float" in message


def test_an_integer_array_says_what_to_write():
    message = raised(TypeError, minpy.grad(identity), np.array([1, 2]))
    assert "int64" in message
    assert "astype(float)" in message
    assert "argnum" in message


@pytest.mark.parametrize("argnum", [2, -3, "w", (0, 5), ["x", "w"]])
def test_an_argument_that_is_not_there(argnum):
    def loss(x, y):
        return x * y

    message = raised(TypeError, minpy.grad(loss, argnum=argnum), 1.0, 2.0)
    assert "loss" in message
    assert repr(argnum if isinstance(argnum, int | str) else argnum[1]) in message
    assert "2 positional arguments" in message


def test_a_named_argument_that_was_left_at_its_default():
    def loss(x, scale=2.0):
        return x * scale

    assert "'scale'" in raised(TypeError, minpy.grad(loss, argnum="scale"), 1.0)


@pytest.mark.parametrize("argnum", [1.5, None, b"x"])
def test_an_argnum_of_another_type(argnum):
    assert "argnum" in raised(TypeError, minpy.grad(identity, argnum=argnum), 1.0)


@pytest.mark.parametrize(
    ("result", "called"),
    [
        (None, "nothing"),
        ("text", "str"),
        ({"loss": 1.0}, "dict"),
        ([1.0], "list"),
        ((1.0, 2.0), "tuple"),
        (object(), "object"),
        (print, "builtin_function_or_method"),
    ],
    ids=str,
)
def test_a_function_that_returns_no_array(result, called):
    def loss(x):
        return result

    for make in (minpy.grad, minpy.value_and_grad, minpy.jacobian, minpy.hessian, minpy.make_vjp):
        message = raised(TypeError, make(loss), np.ones(2))
        assert "loss" in message
        assert called in message
        assert "return" in message


def test_a_function_that_forgets_to_return():
    def loss(x):
        np.sum(x)

    assert "forget to return" in raised(TypeError, minpy.grad(loss), np.ones(2))


def test_a_function_that_returns_complex_numbers():
    def loss(x):
        return np.sum(x * 1j)

    message = raised(TypeError, minpy.grad(loss), np.ones(2))
    assert "loss" in message
    assert "complex" in message
    assert "np.real" in message and "np.abs" in message


def test_a_function_that_returns_integers_or_flags():
    def accuracy(x):
        return np.sum(x > 0)

    for result in (accuracy, lambda x: x > 0, lambda x: np.argmax(x)):
        try:
            gradient = minpy.grad(result)(np.ones(2))
        except TypeError as error:
            assert "int" in str(error) or "bool" in str(error)
        else:
            assert gradient.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("g", [onp.ones(3), onp.ones((2, 2)), 1.0, onp.ones((1, 2))], ids=str)
def test_a_vjp_of_a_gradient_with_another_shape(g):
    def loss(x):
        return x * 2

    vjp, _ = minpy.make_vjp(loss)(np.ones(2))
    message = raised(ValueError, vjp, g)
    assert "loss" in message
    assert "(2,)" in message
    assert str(onp.shape(g)) in message


def test_an_empty_result_has_no_jacobian():
    assert "empty" in raised(ValueError, minpy.jacobian(identity), np.zeros(0))


def test_writing_recorded_values_into_integers_says_what_to_write():
    def f(x):
        counts = np.zeros(2, int)
        counts[0] = x[0]
        return np.sum(x)

    message = raised(TypeError, minpy.grad(f), np.ones(2))
    assert "int64" in message
    assert "astype" in message


def test_resizing_in_place_says_what_to_write():
    assert "np.resize" in raised(ValueError, np.ones(2).resize, 3)
    with pytest.raises(AttributeError, match="reshape"):
        np.ones(2).shape = (2, 1)


def test_a_name_that_numpy_does_not_have():
    with pytest.raises(AttributeError, match=f"'fooo'.*NumPy {onp.__version__}"):
        np.fooo  # noqa: B018


# ----- the first NaN


def test_detect_nan_names_the_op_forward():
    with minpy.detect_nan():
        message = raised(minpy.NanError, np.log, np.array([[1.0, -1.0]]))
    for part in ("log", "(1, 2)", "index (0, 1)"):
        assert part in message


def test_detect_nan_names_the_first_op_of_a_recording():
    def f(x):
        y = np.log(x)
        return np.sum(np.exp(y) * y)

    with minpy.detect_nan(), pytest.raises(minpy.NanError, match="log"):
        minpy.grad(f)(np.array([1.0, -1.0]))


@pytest.mark.parametrize(
    ("f", "op"),
    [
        (lambda x: np.divide(x, x), "divide"),
        (lambda x: x / x, "divide"),
        (lambda x: np.sum(x / 0.0 - x / 0.0), "divide|subtract"),
        (lambda x: np.linalg.norm(x) / np.linalg.norm(x), "divide"),
        (lambda x: onp.divide(x, x), "divide"),
    ],
)
def test_detect_nan_through_operators_and_functions(f, op):
    with minpy.detect_nan():
        with pytest.raises(minpy.NanError, match=op):
            f(np.zeros(2))
        with pytest.raises(minpy.NanError, match=op):
            minpy.grad(lambda x: np.sum(f(x)))(np.zeros(2))


def test_detect_nan_names_the_op_backward():
    def f(x):
        return np.sum(np.sqrt(x) * 0.0)

    with onp.errstate(all="ignore"):
        assert onp.isnan(minpy.grad(f)(np.zeros(2)).asnumpy()).all()
    with minpy.detect_nan(), pytest.raises(minpy.NanError, match=r"gradient.*sqrt|sqrt.*gradient"):
        minpy.grad(f)(np.zeros(2))


def test_detect_nan_in_a_rule_of_ones_own():
    @primitive
    def mine(x):
        return x * 1.0

    defvjp(mine, lambda ans, x: lambda g: np.array([1.0, onp.nan]))
    with minpy.detect_nan(), pytest.raises(minpy.NanError, match="mine"):
        minpy.grad(mine)(np.ones(2))


def test_detect_nan_in_a_function_of_ones_own():
    @primitive
    def mine(x):
        return x * onp.nan

    with minpy.detect_nan(), pytest.raises(minpy.NanError, match="mine"):
        mine(np.ones(2))


def test_detect_nan_in_a_second_derivative():
    with minpy.detect_nan():
        assert nth(lambda x: x**3, 2)(2.0).item() == 12.0
        with pytest.raises(minpy.NanError):
            nth(lambda x: np.sqrt(x) * 0.0, 2)(0.0)


def nth(f, n):
    for _ in range(n):
        f = minpy.grad(f)
    return f


def test_detect_nan_lets_what_is_not_nan_pass():
    with minpy.detect_nan():
        assert np.log(np.zeros(2)).tolist() == [-math.inf] * 2
        assert np.arange(3).tolist() == [0, 1, 2]
        assert minpy.grad(lambda x: np.sum(np.where(x > 0, x, 0.0)))(np.ones(2)).tolist() == [1, 1]


def test_detect_nan_restores_on_exit():
    def quietly():
        with onp.errstate(invalid="ignore"):
            assert onp.isnan(np.log(np.array(-1.0)).item())
            x = minpy.grad(lambda x: np.sqrt(x) * 0.0)
            with onp.errstate(divide="ignore"):
                assert onp.isnan(x(0.0).item())

    quietly()
    with minpy.detect_nan(), minpy.detect_nan(), pytest.raises(minpy.NanError):
        np.log(np.array(-1.0))
    quietly()
    with pytest.raises(minpy.NanError), minpy.detect_nan():
        np.log(np.array(-1.0))
    quietly()
    with minpy.detect_nan():
        with minpy.detect_nan():
            pass
        with pytest.raises(minpy.NanError):
            np.log(np.array(-1.0))
    quietly()
    with pytest.raises(KeyError), minpy.detect_nan():
        raise KeyError
    quietly()


def test_detect_nan_restores_numpys_error_state():
    before = onp.geterr()
    with minpy.detect_nan():
        pass
    assert onp.geterr() == before


# ----- names


@pytest.mark.parametrize("error", ["NoGradientError", "ImplicitExitError", "NanError"])
def test_errors_pickle(error):
    made = getattr(minpy, error)("a message")
    assert str(pickle.loads(pickle.dumps(made))) == "a message"
