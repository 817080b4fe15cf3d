"""`minpy.core`: gradients and conversions, as programs of the old minpy call them."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.core import (
    convert_args,
    grad,
    grad_and_loss,
    minpy_to_numpy,
    numpy_to_minpy,
    return_numpy,
)


def test_these_are_the_functions_of_minpy_itself():
    assert grad is minpy.grad and grad_and_loss is minpy.grad_and_loss


def test_the_modules_need_no_import_of_their_own():
    assert minpy.core.grad is grad
    assert minpy.primitive.customop is minpy.customop
    assert minpy.context.gpu is minpy.gpu
    assert minpy.dispatch.policy.OnlyNumPyPolicy().name == "only_numpy"
    assert minpy.utils.minprof.minprof is minpy.profile
    assert minpy.utils.gradient_checker.quick_grad_check(np.exp, 1.0)


def test_grad_of_a_number():
    assert grad(lambda x: x)(3) == 1.0


def test_argnum_gives_one_gradient_bare_and_several_as_a_list():
    def f(x, y):
        return x * x * y

    assert grad(f)(3.0, 5.0) == 30.0
    assert grad(f, argnum=1)(3.0, 5.0) == 9.0
    both = grad(f, argnum=[0, 1])(3.0, 5.0)
    assert type(both) is list and both == [30.0, 9.0]
    assert type(grad(f, (1,))(3.0, 5.0)) is list


def test_grad_and_loss_gives_gradients_first():
    gradients, loss = grad_and_loss(lambda x, y: np.sum(x * y), argnum=(0, 1))(
        np.ones(2), 3 * np.ones(2)
    )
    assert [g.tolist() for g in gradients] == [[3, 3], [1, 1]]
    assert loss == 6


def test_a_result_with_axes_is_seeded_with_ones():
    assert grad(lambda x: x * x)(np.array([1.0, 2.0])).tolist() == [2, 4]


def test_gradients_of_gradients_are_not_zero():
    assert grad(grad(lambda x: x**3))(2.0) == 12.0


def test_keywords_and_nested_containers():
    def f(params, scale=1.0):
        return scale * np.sum(params["w"][0] * params["w"][1])

    found = grad(f)({"w": [np.array([1.0, 2.0]), np.array([3.0, 4.0])]}, scale=10.0)
    assert [g.tolist() for g in found["w"]] == [[30, 40], [10, 20]]


def test_conversions_reach_into_lists_and_dicts():
    nested = {"a": [onp.ones(2)], "b": 3}
    there = numpy_to_minpy(nested)
    assert type(there["a"][0]) is np.ndarray and there["b"] == 3
    back = minpy_to_numpy(there)
    assert type(back["a"][0]) is onp.ndarray
    assert type(numpy_to_minpy(onp.ones(2))) is np.ndarray


def test_a_recorded_array_does_not_leave_in_silence():
    with pytest.raises(minpy.ImplicitExitError):
        grad(lambda x: onp.sum(float(x)))(2.0)
    assert grad(lambda x: x * minpy_to_numpy(x))(2.0) == 2.0  # asnumpy() is explicit


def test_decorators_convert_arguments_and_results():
    @return_numpy
    @convert_args
    def scaled(x, by):
        assert type(x) is np.ndarray and type(by["factor"]) is np.ndarray
        return {"out": x * by["factor"]}

    out = scaled(onp.ones(2), by={"factor": onp.array(3.0)})["out"]
    assert type(out) is onp.ndarray and out.tolist() == [3, 3]
    assert scaled.__name__ == "scaled"


def test_arrays_have_the_old_methods():
    x = np.ones((2, 3))
    x.wait_to_read()
    assert type(x.asnumpy()) is onp.ndarray
    assert x.context == minpy.cpu(0)
    assert (x.shape, x.dtype) == ((2, 3), onp.float64)
