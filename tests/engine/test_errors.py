"""Failing well: each message says what happened, with what, and what to write instead."""

import operator
import pickle

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .expectations import raised, recorded

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


def test_numpys_error_is_not_shown_twice():
    with pytest.raises(ValueError, match="add of") as caught:
        np.ones(2) + np.ones(3)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


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
    "histogram": lambda x: np.histogram(x),
    "nextafter": lambda x: np.nextafter(x, 2.0),
    "spacing": lambda x: np.spacing(x),
    "union1d": lambda x: np.union1d(x, x),
}


@pytest.mark.parametrize("name", WITHOUT_RULE)
def test_a_missing_rule_raises_at_the_call(name):
    message = raised(minpy.NoGradientError, recorded(WITHOUT_RULE[name]))
    assert name in message
    for way in (".detach()", "primitive", "defvjp"):
        assert way in message


def test_numpys_own_function_without_a_rule_raises_too():
    assert "spacing" in raised(minpy.NoGradientError, recorded(onp.spacing))
    assert "union1d" in raised(minpy.NoGradientError, recorded(lambda x: onp.union1d(x, x)))


def test_an_op_without_a_rule_works_on_plain_arrays():
    assert np.spacing(np.ones(2)).tolist() == [2.0**-52, 2.0**-52]
    minpy.grad(lambda x: np.sum(x) + np.sum(np.spacing(x.detach())))(np.ones(2))


def test_no_gradient_error_is_a_type_error():
    assert issubclass(minpy.NoGradientError, TypeError)
    assert issubclass(minpy.ImplicitExitError, TypeError)
    assert issubclass(minpy.NanError, ArithmeticError)


# ----- what is differentiated


def identity(x):
    return x


@pytest.mark.parametrize(
    "value",
    [
        np.array([1, 2]), onp.array([1, 2]), np.array([True]), "text", None, {}, [], {"a": "b"},
        onp.int64(3), True, {"n": 3}, [1, 2], object(),
    ],
    ids=lambda value: repr(value).split(" at ")[0],
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

    assert minpy.grad(loss, argnum="scale")(3.0).item() == 3.0
    assert "'scale'" in raised(TypeError, minpy.grad(lambda x, scale: x, argnum="scale"), 1.0)


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
    ids=lambda value: type(value).__name__,
)
def test_a_function_that_returns_no_array(result, called):
    def loss(x):
        return result

    makers = [minpy.grad, minpy.value_and_grad]
    if called not in ("dict", "list", "tuple"):  # which these three differentiate leaf by leaf
        makers += [minpy.jacobian, minpy.hessian, minpy.make_vjp]
    for make in makers:
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


@pytest.mark.parametrize(
    "g",
    [onp.ones(3), onp.ones((2, 2)), 1.0, onp.ones((1, 2))],
    ids=lambda value: type(value).__name__,
)
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
    x = np.ones((2, 3))
    row = x[0]
    with pytest.raises(AttributeError, match="reshape"):
        x.shape = (6,)
    assert row.shape == (3,)


def test_a_name_that_numpy_does_not_have():
    with pytest.raises(AttributeError, match=f"'fooo'.*NumPy {onp.__version__}"):
        np.fooo  # noqa: B018


# ----- names


@pytest.mark.parametrize("error", ["NoGradientError", "ImplicitExitError", "NanError"])
def test_errors_pickle(error):
    made = getattr(minpy, error)("a message")
    assert str(pickle.loads(pickle.dumps(made))) == "a message"
