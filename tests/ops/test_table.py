"""The table has a row for everything, and the checks really fail."""

import numpy as onp
import pytest

import minpy.numpy as np
from minpy.numpy._namespace import FFT, LINALG, OURS
from minpy.tape import Op, apply, every_op

from .checker import (
    NUMPY_2,
    C,
    Trial,
    X,
    check_gradient,
    check_second_order,
    check_single,
    check_value,
    row,
)
from .rows import ALL

ROWS = {row.name for row in ALL}

# What HIPS autograd 1.9 differentiates of numpy, numpy.linalg and numpy.fft.
HIPS = """
abs absolute add amax amin angle append arccos arccosh arcsin arcsinh arctan arctan2 arctanh array
array_split astype atleast_1d atleast_2d atleast_3d broadcast_to clip column_stack concatenate conj
conjugate cos cosh cross cumsum deg2rad degrees diag diff divide dot dsplit einsum exp exp2
expand_dims expm1 fabs fliplr flipud fmax fmin full gradient hsplit hstack hypot imag inner kron
linspace log log10 log1p log2 logaddexp logaddexp2 matmul max maximum mean min minimum mod moveaxis
multiply nan_to_num negative outer pad partition power prod rad2deg radians ravel real real_if_close
reciprocal remainder repeat reshape roll rollaxis rot90 select sin sinc sinh sort split sqrt square
squeeze stack std subtract sum swapaxes tan tanh tensordot tile trace transpose tril triu
true_divide var vsplit vstack where
linalg.cholesky linalg.det linalg.eig linalg.eigh linalg.inv linalg.norm linalg.pinv linalg.slogdet
linalg.solve linalg.svd
fft.fft fft.fft2 fft.fftn fft.fftshift fft.ifft fft.ifft2 fft.ifftn fft.ifftshift fft.irfft
fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn
"""


def public_functions():
    """Return the differentiable functions of the three namespaces by their names."""
    functions = dict(OURS)
    functions |= {f"linalg.{name}": function for name, function in LINALG.items()}
    return functions | {f"fft.{name}": function for name, function in FFT.items()}


def without_row(functions):
    """Return the names that have no row, nor another name that has one."""
    covered = {id(function) for name, function in functions.items() if name in ROWS}
    return sorted(n for n, f in functions.items() if n not in ROWS and id(f) not in covered)


def test_every_op_has_a_row():
    inner = {name: op.call for name, op in every_op.items() if not name.startswith("nn.")}
    public = {id(function) for function in public_functions().values()}
    assert len(inner) > 100
    assert without_row({n: f for n, f in inner.items() if id(f) not in public}) == []


def test_every_public_function_has_a_row():
    assert len(public_functions()) > 200
    assert without_row(public_functions()) == []


def test_a_function_without_a_row_is_found():
    assert without_row({"exp": np.exp, "fresh": lambda x: x}) == ["fresh"]


@pytest.mark.parametrize("name", HIPS.split())
def test_what_hips_autograd_differentiates_has_a_row(name):
    assert name in ROWS or name in public_functions()


# ---------------------------------------------------------------------------- planted mistakes


def planted(*rules, name="planted", raw=onp.sin, reads="all ans"):
    """Return a trial of an op that is not in the table, with these rules."""
    record = Op(name, rules, reads, raw)
    case = C(*(X(3) for _ in rules))

    def call(np, *args):
        return raw(*args) if np is onp else apply(record, *args)

    return lambda dtype=float: Trial(row(name, case, call=call), case, dtype)


def right(g, ans, x):
    return g * np.cos(x) if isinstance(x, np.ndarray) else g * onp.cos(x)


def test_right_rule_passes():
    trial = planted(right)
    for check in (check_value, check_gradient, check_second_order):
        check(trial())
    check_single(trial(onp.float32))


def test_wrong_rule_fails():
    trial = planted(lambda g, ans, x: right(g, ans, x) * 1.0001)
    check_value(trial())
    with pytest.raises(AssertionError, match="gradient"):
        check_gradient(trial())


def test_rule_that_is_wrong_for_one_argument_fails():
    trial = planted(lambda g, ans, x, y: g * y, lambda g, ans, x, y: g * y, raw=onp.multiply)
    with pytest.raises(AssertionError, match="gradient"):
        check_gradient(trial())


def test_rule_that_leaves_the_recording_fails():
    trial = planted(lambda g, ans, x: g * onp.cos(onp.asarray(getattr(x, "_data", x))))
    check_gradient(trial())
    with pytest.raises(AssertionError, match="second derivative"):
        check_second_order(trial())


@pytest.mark.skipif(not NUMPY_2, reason="NumPy 1 promotes of its own accord")
def test_rule_that_promotes_fails():
    trial = planted(lambda g, ans, x: right(g, ans, x) * onp.ones(3))
    check_gradient(trial())
    with pytest.raises(AssertionError, match="became float64"):
        check_single(trial(onp.float32))


def test_rule_that_writes_its_argument_fails():
    def rule(g, ans, x):
        share = right(g, ans, x)
        x[0] = 0
        return share

    with pytest.raises((AssertionError, ValueError), match=r"written|read-only"):
        check_gradient(planted(rule)())


def test_rule_with_a_wrong_shape_fails():
    trial = planted(lambda g, ans, x: right(g, ans, x)[None])
    with pytest.raises(AssertionError, match="shape"):
        check_gradient(trial())


def test_wrong_value_fails():
    record = Op("planted", (right,), "all", lambda x: onp.sin(x) + 1e-6)
    wrong = row(
        "planted", C(X(3)), call=lambda np, x: onp.sin(x) if np is onp else apply(record, x)
    )
    with pytest.raises(AssertionError):
        check_value(Trial(wrong, wrong.cases[0], float))
