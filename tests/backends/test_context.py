"""Contexts: the device of new arrays, what a machine without a GPU says, and mixed arrays."""

import pickle
import types

import numpy as onp
import pytest

import minpy
import minpy.context
import minpy.numpy as np
from minpy import Context, cpu, current_context, gpu, set_context
from minpy.array import current_data

from .pretend import PretendArray
from .threads import in_thread


@pytest.fixture
def restored():
    """Put ``cpu(0)`` back after a test of what is global."""
    yield
    set_context(cpu())


# ----- the object


def test_contexts_are_values():
    assert gpu() == gpu(0) == Context("gpu") == Context("gpu", 0) != gpu(1)
    assert gpu(0) != cpu(0)
    assert {gpu(1): "second"}[gpu(1)] == "second"
    assert (repr(cpu()), str(gpu(2))) == ("cpu(0)", "gpu(2)")
    assert (gpu(2).device_type, gpu(2).device_id) == ("gpu", 2)
    assert pickle.loads(pickle.dumps(gpu(2))) == gpu(2)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("tpu",), "'cpu' or 'gpu', not 'tpu'"),
        (("gpu", -1), r"numbered 0, 1, \.\.\., but was given -1"),
        (("gpu", "0"), "but was given '0'"),
        (("gpu", True), "but was given True"),
    ],
)
def test_no_such_context(arguments, message):
    with pytest.raises(ValueError, match=message):
        Context(*arguments)


def test_the_old_module_has_the_same():
    assert minpy.context.gpu is gpu
    assert minpy.context.Context is Context


# ----- in force, and not any more


def test_blocks_nest_and_restore(pretend):
    assert current_context() == cpu(0)
    with gpu(0) as inner:
        assert inner == current_context() == gpu(0)
        with gpu(1):
            assert current_context() == gpu(1)
            with cpu():
                assert current_context() == cpu(0)
            assert current_context() == gpu(1)
        assert current_context() == gpu(0)
    assert current_context() == cpu(0)


def test_an_exception_restores(pretend):
    with pytest.raises(KeyError), gpu(1):
        raise KeyError
    assert current_context() == cpu(0)


def test_one_object_entered_twice(pretend):
    device = gpu(1)
    with device:
        with gpu(0), device:
            assert current_context() == gpu(1)
        assert current_context() == gpu(1)
    assert current_context() == cpu(0)


def test_a_block_is_not_seen_in_another_thread(pretend):
    with gpu(1):
        assert in_thread(current_context) == cpu(0)


def test_set_context_is_seen_in_another_thread(pretend, restored):
    set_context(gpu(1))
    assert current_context() == in_thread(current_context) == gpu(1)
    with cpu():
        assert current_context() == cpu(0)
        assert in_thread(current_context) == gpu(1)


@pytest.mark.parametrize("given", ["gpu", 0, None, gpu])
def test_set_context_takes_a_context(given):
    with pytest.raises(TypeError, match=r"takes a context, such as gpu\(0\), but was given"):
        set_context(given)


# ----- without a GPU: what was looked for, and what to install


def message_of(context):
    """Return what entering a context says, which is also what setting it says."""
    with pytest.raises(minpy.DeviceError) as entered, context:
        pytest.fail("the block was entered")
    with pytest.raises(minpy.DeviceError) as was_set:
        set_context(context)
    assert current_context() == cpu(0)
    assert str(entered.value) == str(was_set.value)
    return str(entered.value)


def test_without_pytorch(no_torch):
    message = message_of(gpu(0))
    assert "gpu(0)" in message
    assert "PyTorch is not installed: pip install 'minpy-edu[torch]'." in message


def test_with_a_pytorch_that_does_not_import(broken_torch):
    assert "PyTorch is installed, but does not import (" in message_of(gpu(0))


def test_under_only_numpy():
    with minpy.use_policy("only_numpy"):
        assert "NumPy computes on the CPU alone" in message_of(gpu(0))


@pytest.fixture
def a_torch(torch, monkeypatch):
    """PyTorch in a build, with a driver and GPUs, as the test says."""

    from minpy.backends import torch as ours

    def a_torch(cuda, count=0):
        fake = types.SimpleNamespace(is_available=lambda: count > 0, device_count=lambda: count)
        monkeypatch.setattr(torch.version, "cuda", cuda)
        monkeypatch.setattr(torch.version, "hip", None)
        monkeypatch.setattr(torch, "cuda", fake)
        monkeypatch.setattr(ours, "backend_on", ours.backend_on.__wrapped__)  # not from its cache

    return a_torch


def test_with_the_build_for_cpus(a_torch):
    a_torch(cuda=None)
    message = message_of(gpu(0))
    assert "it is the build for CPUs alone" in message
    assert "pytorch.org" in message


def test_without_a_driver(a_torch):
    a_torch(cuda="12.8", count=0)
    message = message_of(gpu(0))
    assert "built for CUDA 12.8, but sees no GPU" in message
    assert "nvidia-smi" in message


def test_with_too_few_gpus(a_torch):
    a_torch(cuda="12.8", count=2)
    assert "sees 2 GPU(s), numbered from 0; there is no gpu(5)" in message_of(gpu(5))


# ----- where arrays are


def test_new_arrays_are_made_there(pretend):
    with gpu(1):
        made = (np.ones(2), np.array([1.0]), np.arange(3.0), np.random.rand(2), np.eye(2))
    assert {x.context for x in made} == {gpu(1)}
    assert {type(current_data(x)) for x in made} == {PretendArray}
    assert np.ones(2).context == cpu(0)


def test_an_op_runs_where_its_arrays_are(pretend):
    with gpu(1):
        x = np.array([1.0, 2.0])
    with gpu(0):
        for y in (x + 1, x * x, np.exp(x), np.sqrt(x), x.sum(), np.ones_like(x), -x):
            assert y.context == gpu(1)
        assert np.ones(2).context == gpu(0)


def test_gradients_are_there_too(pretend):
    with gpu(1):
        x = np.array([1.0, 2.0])
    value, gradient = minpy.value_and_grad(lambda x: (x * np.sqrt(x)).sum())(x)
    assert value.context == gradient.context == gpu(1)
    onp.testing.assert_allclose(gradient.asnumpy(), 1.5 * onp.sqrt([1, 2]))


def test_moving(pretend):
    x = np.array([1.0, 2.0])
    there = x.as_in_context(gpu(1))
    assert (x.context, there.context) == (cpu(0), gpu(1))
    assert there.as_in_context(gpu(1)) is there
    assert there.as_in_context(gpu(0)).context == gpu(0)
    assert type(there.as_in_context(cpu()).asnumpy()) is onp.ndarray
    assert there.asnumpy().tolist() == there.as_in_context(cpu()).tolist() == [1, 2]


def test_the_gradient_comes_back_to_where_its_array_is(pretend):
    gradient = minpy.grad(lambda x: (x.as_in_context(gpu(1)) * 3).sum())(np.ones(2))
    assert gradient.context == cpu(0)
    assert gradient.tolist() == [3, 3]


def test_cpus_are_one_device(pretend):
    with cpu(1):
        x = np.ones(2)
    assert (x + np.ones(2)).tolist() == [2, 2]
    with minpy.use_policy("prefer_pretend"):
        with cpu(1):
            x = np.ones(2)
        assert (x + np.ones(2)).tolist() == [2, 2]


# ----- the mixing rule: NumPy's arrays, lists and numbers join; two devices do not mix


def test_what_is_numpys_joins(pretend):
    with gpu(1):
        x = np.array([1.0, 2.0])
    ours, plain = np.array([10.0, 20.0]), onp.array([10.0, 20.0])
    for other in (ours, plain, [10, 20], (10.0, 20.0)):
        for y in (x + other, other + x, np.add(x, other), np.add(other, x)):
            assert y.context == gpu(1)
            assert y.tolist() == [11, 22]
    for number in (1, 1.0, True, onp.float64(1), onp.int64(1)):
        assert (x + number).context == (number + x).context == gpu(1)
    assert np.concatenate([ours, x]).context == gpu(1)
    assert np.where(onp.array([True, False]), ours, x).tolist() == [10, 2]


def test_the_gradient_of_what_joined_is_where_it_was(pretend):
    with gpu(1):
        x = np.array([1.0, 2.0])
    for_x, for_y = minpy.grad(lambda x, y: (x * y).sum(), argnum=(0, 1))(x, np.array([3.0, 4.0]))
    assert (for_x.context, for_y.context) == (gpu(1), cpu(0))
    assert (for_x.tolist(), for_y.tolist()) == ([3, 4], [1, 2])


def test_two_devices_do_not_mix(pretend):
    with gpu(0):
        x = np.ones(2)
    with gpu(1):
        y = np.ones(2)
    message = r"(?=.*gpu\(0\))(?=.*gpu\(1\)).*x\.as_in_context\(\.\.\.\).*x\.asnumpy\(\)"
    for mix in (
        lambda: x + y,
        lambda: np.add(y, x),
        lambda: np.concatenate([x, y]),
        lambda: np.nextafter(x, y),  # without a gradient rule
        lambda: minpy.grad(lambda x: (x * y).sum())(x),
    ):
        with pytest.raises(minpy.BackendError, match=message):
            mix()
    assert (x + y.as_in_context(gpu(0))).context == gpu(0)  # what the message says to write
    assert (x + y.asnumpy()).context == gpu(0)


def test_two_libraries_do_not_mix(pretend, torch):
    from minpy.backends import torch as ours
    from minpy.backends import using

    with minpy.use_policy("prefer_pretend"):
        x = np.ones(2)
    with using(ours.backend_on(cpu())):
        y = np.ones(2)
    with pytest.raises(minpy.BackendError, match=r"(?=.*pretend)(?=.*torch).*as_in_context"):
        x + y
