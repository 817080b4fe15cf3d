"""Series and frames of pandas meet our arrays as they meet NumPy's."""

import operator

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

pd = pytest.importorskip("pandas", reason="needs pandas")

X = onp.array([1.0, 2.0, 4.0])
SERIES = pd.Series([3.0, 1.0, 2.0], index=list("abc"))
FRAME = pd.DataFrame({"u": X, "v": 2 * X})
OPERATORS = ("add", "sub", "mul", "truediv", "pow", "matmul", "mod", "floordiv", "lt", "ge")


@pytest.mark.parametrize("name", OPERATORS)
@pytest.mark.parametrize("other", [SERIES, FRAME], ids=["series", "frame"])
def test_an_operator_gives_what_numpy_gives(name, other):
    call = getattr(operator, name)
    if other is FRAME and name != "matmul":
        other = FRAME.T  # so that the lengths fit
    expected, found = call(X, other), call(np.array(X), other)
    assert type(found) is type(expected) or isinstance(found, type(expected))
    if isinstance(expected, pd.Series):
        pd.testing.assert_series_equal(found, expected)
    elif isinstance(expected, pd.DataFrame):
        pd.testing.assert_frame_equal(found, expected)
    else:
        assert found == expected


def test_a_ufunc_gives_what_numpy_gives():
    pd.testing.assert_series_equal(np.add(np.array(X), SERIES), onp.add(X, SERIES))
    pd.testing.assert_series_equal(np.maximum(SERIES, np.array(X)), onp.maximum(SERIES, X))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "pow", "matmul"])
def test_a_recorded_array_refuses_and_says_what_to_write(name):
    with pytest.raises(minpy.ImplicitExitError, match=r"Series.*to_numpy\(\)"):
        minpy.grad(lambda x: np.sum(getattr(operator, name)(x, SERIES)))(X)


def test_what_it_says_is_right():
    g = minpy.grad(lambda x: np.sum(x * SERIES.to_numpy()))(X)
    onp.testing.assert_array_equal(g.asnumpy(), SERIES.to_numpy())


def test_another_object_that_computes_by_itself_is_left_the_operator():
    class Own(onp.lib.mixins.NDArrayOperatorsMixin):
        def __array_ufunc__(self, function, how, *inputs, **kwargs):
            return f"{function.__name__} by itself"

    assert np.array(X) * Own() == Own() * np.array(X) == "multiply by itself"
    assert np.hypot(np.array(X), Own()) == "hypot by itself"
