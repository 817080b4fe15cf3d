"""Finding the op that makes the first NaN."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

from .expectations import raised


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


def test_blocks_may_end_in_any_order():
    """Two threads that overlap end them in the order in which they began."""
    first, second = minpy.detect_nan(), minpy.detect_nan()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with onp.errstate(invalid="ignore"), pytest.raises(minpy.NanError, match="log"):
        np.log(np.array([-1.0]))
    second.__exit__(None, None, None)
    with onp.errstate(invalid="ignore"):
        assert onp.isnan(np.log(np.array(-1.0)).item())


def test_rules_given_inside_of_the_block_stay_and_are_watched():
    @primitive
    def halve(x):
        return x / 2

    with minpy.detect_nan():
        defvjp(halve, lambda ans, x: lambda g: g * math.nan)
        with pytest.raises(minpy.NanError, match=r"the gradient of halve|multiply"):
            minpy.grad(halve)(1.0)
        defvjp(halve, lambda ans, x: lambda g: g / 2)

        @primitive
        def nothing(x):
            return x * math.nan

        with pytest.raises(minpy.NanError, match="nothing"):
            nothing(np.ones(2))
    assert minpy.grad(halve)(1.0).item() == 0.5
