"""Switching gradients off, also in blocks that overlap."""

import json
import sys

import pytest

import minpy
from minpy.checking.forbid import (
    GradientsForbiddenError,
    LibraryForbiddenError,
    gradients_off,
    libraries_off,
)
from minpy.checking.loops import count_steps


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


def test_a_library_is_refused_while_it_is_off():
    before = sys.gettrace()
    refused = pytest.raises(LibraryForbiddenError, match=r"parse calls json\.dumps")
    with libraries_off("parse", ("json",)) as called, refused:
        json.dumps([])
    assert called == ["json.dumps"]
    assert sys.gettrace() is before
    assert json.dumps([]) == "[]"


def test_steps_are_counted_while_a_library_is_off():
    def add(x):
        return sum(value for value in x)

    counts = []
    for length in (10, 20):
        with count_steps() as count, libraries_off("add", ("json",)):
            add(range(length))
        counts.append(count.steps)
    assert count.complete
    assert counts[1] - counts[0] >= 10
