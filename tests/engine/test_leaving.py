"""Leaving the recorded world: explicit, refused, or free because it only looks."""

import copy
import math
import pickle

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .expectations import raised, recorded

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


def test_a_view_of_an_array_that_was_written_meanwhile_does_not_leave():
    def f(x):
        y = np.zeros(3)
        view = y[:1]
        y[0] = x
        with pytest.raises(minpy.ImplicitExitError):
            onp.asarray(view)
        return np.sum(y)

    assert minpy.grad(f)(2.0) == 1.0


@pytest.mark.parametrize(
    ("f", "way"),
    [
        (lambda x: np.array(x.asnumpy()).sum(), r"x\.asnumpy\(\)"),
        (lambda x: x[0].item() * 2.0, r"x\.item\(\)"),
        (lambda x: np.sum(x.detach()), r"x\.detach\(\)"),
    ],
)
def test_a_result_made_constant_by_an_explicit_exit_is_told(f, way):
    with pytest.warns(UserWarning, match=rf"does not depend on argument 0.*{way}"):
        gradient = minpy.grad(f)(np.ones(3))
    assert not gradient.any()


def test_exits_beside_the_way_to_the_result_are_not_told():
    losses = []

    def f(x):
        loss = np.sum(x * x)
        losses.append(loss.item())
        return loss

    assert minpy.grad(f)(np.ones(2)).tolist() == [2.0, 2.0]
    assert minpy.grad(lambda x: np.sum(np.ones(2)))(np.ones(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("differentiate", [minpy.grad, minpy.value_and_grad, minpy.make_vjp])
def test_what_is_no_function_is_refused_at_once(differentiate):
    with pytest.raises(TypeError, match=r"3\.0; write grad\(f\)\(x\)"):
        differentiate(3.0)


def test_a_comparison_has_no_gradient():
    with pytest.raises(TypeError, match="dtype bool"):
        minpy.grad(lambda x: x > 0)(np.ones(2))


def test_exits_inside_of_the_library_are_not_told():
    """`nanmax` looks for NaN, and its gradient is constant."""
    slope = minpy.grad(np.nanmax)
    assert minpy.grad(lambda x: np.sum(slope(x)))(np.array([1.0, 2.0])).tolist() == [0.0, 0.0]
    assert minpy.grad(lambda x: np.sum(x.astype(int)))(np.ones(2)).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("of", [minpy.grad, minpy.value_and_grad, minpy.jacobian])
def test_the_warning_of_a_constant_result_names_the_callers_line(of):
    with pytest.warns(UserWarning, match="does not depend on argument 0") as caught:
        of(lambda x: np.sum(x.detach()))(np.ones(2))
    assert [warning.filename for warning in caught] == [__file__]
