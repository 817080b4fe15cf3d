"""Switching gradients off, also in blocks that overlap."""

import pytest

import minpy
from minpy.checking.forbid import GradientsForbiddenError, gradients_off


def square(x):
    return x * x


def test_relatives_of_grad_are_refused_and_named():
    with gradients_off("square_backward") as asked:
        for differentiate in (minpy.grad, minpy.jacobian, minpy.make_vjp, minpy.value_and_grad):
            with pytest.raises(GradientsForbiddenError, match="square_backward asked the engine"):
                differentiate(square)(3.0)
    assert asked == ["square"] * 4
    assert minpy.grad(square)(3.0).item() == 6.0


def test_blocks_may_end_in_any_order():
    """Two threads that overlap end them in the order in which they began."""
    first, second = gradients_off("first"), gradients_off("second")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    with pytest.raises(GradientsForbiddenError, match="second"):
        minpy.grad(square)(3.0)
    second.__exit__(None, None, None)
    assert minpy.grad(square)(3.0).item() == 6.0
