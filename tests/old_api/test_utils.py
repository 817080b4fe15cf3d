"""`minpy.utils`: the profiler and the quick gradient check."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.primitive import customop
from minpy.utils.gradient_checker import quick_grad_check
from minpy.utils.minprof import minprof

X = onp.random.default_rng(0).normal(size=(3, 4))


def test_the_profiler_as_a_decorator(capsys):
    @minprof
    def train():
        return minpy.grad(lambda x: np.sum(np.tanh(x)))(np.array(X))

    assert train.__name__ == "train"
    assert train().shape == (3, 4)
    out = capsys.readouterr().out
    assert out.startswith("train: ")
    calls = {line.split()[0]: line.split()[1] for line in out.splitlines() if "tanh" in line}
    assert calls["tanh"] == "1"


def test_the_profiler_as_a_block(capsys):
    with minprof("ten sums"):
        for _ in range(10):
            np.sum(np.array(X))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("ten sums: ")
    assert lines[2].split() == ["op", "calls", "time", "share"]
    assert next(line for line in lines if line.startswith("sum")).split()[1] == "10"


def test_a_right_gradient_passes():
    assert quick_grad_check(lambda x: np.tanh(x) * x, X) is True
    assert quick_grad_check(np.exp, X.astype("float32"), rs=onp.random.RandomState(3)) is True
    assert quick_grad_check(np.exp, 1.0, eps=1e-5, rtol=1e-6, atol=0) is True


def test_a_wrong_gradient_raises():
    @customop("numpy")
    def square(x):
        return x * x

    square.def_grad(lambda ans, x: lambda g: g * x)
    with pytest.raises(AssertionError, match=r"gradient of square.*with a step of 0\.0001"):
        quick_grad_check(square, X)


def test_the_tolerances_are_used():
    @customop("numpy")
    def nearly(x):
        return x * x

    nearly.def_grad(lambda ans, x: lambda g: g * 2.002 * x)
    with pytest.raises(AssertionError):
        quick_grad_check(nearly, X)
    assert quick_grad_check(nearly, X, rtol=1e-2)
    assert quick_grad_check(nearly, X, atol=1.0)
