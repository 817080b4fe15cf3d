"""A real GPU: arrays and gradients there, bytes copied, memory freed, and running out of it."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.array import current_data
from minpy.config import find_config

pytestmark = pytest.mark.cuda

MB = 1_000_000


@pytest.fixture
def memory(torch, gpu0):
    """What PyTorch says of the memory of the GPU; the most it held is counted from here on."""
    torch.cuda.synchronize()
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    return torch.cuda


def test_arrays_are_there(gpu0):
    with gpu0:
        made = (np.ones(2), np.array([1.0, 2.0]), np.arange(3.0), np.random.rand(2), np.eye(2))
    for x in made:
        assert x.context == gpu0
        assert current_data(x).device.type == "cuda"
    x = made[1]
    for y in (x + 1, x @ x, np.exp(x), x.sum(), x[1:], -x, np.ones_like(x)):
        assert y.context == gpu0  # also outside of the block
    assert (x * x).tolist() == [1, 4]


def test_values_and_gradients_are_those_of_numpy(gpu0):
    def loss(w, x):
        return np.sum(np.tanh(x @ w) ** 2)

    rng = onp.random.default_rng(0)
    w, x = rng.normal(size=(5, 3)), rng.normal(size=(4, 5))
    expected, expected_gradient = minpy.value_and_grad(loss)(w, x)
    with gpu0:
        value, gradient = minpy.value_and_grad(loss)(np.array(w), np.array(x))
    assert value.context == gradient.context == gpu0
    onp.testing.assert_allclose(value.asnumpy(), expected, 1e-12)
    onp.testing.assert_allclose(gradient.asnumpy(), expected_gradient, 1e-12)


def test_numpys_arrays_join_and_their_gradients_come_back(gpu0):
    with gpu0:
        x = np.array([1.0, 2.0])
    for_x, for_y = minpy.grad(lambda x, y: (x * y).sum(), argnum=(0, 1))(x, np.array([3.0, 4.0]))
    assert (for_x.context, for_y.context) == (gpu0, minpy.cpu())
    assert (for_x.tolist(), for_y.tolist()) == ([3, 4], [1, 2])


def test_bytes_copied_are_counted(gpu0):
    x = np.zeros((1000, 1000))
    np.policy.reset_op_stat()
    there = x.as_in_context(gpu0)
    assert np.policy.op_stat().bytes_copied == {"to gpu(0)": 8 * MB}
    y = there * 2 + there
    assert np.policy.op_stat().bytes_copied == {"to gpu(0)": 8 * MB}
    y.asnumpy()
    assert np.policy.op_stat().bytes_copied == {"to gpu(0)": 8 * MB, "from gpu(0)": 8 * MB}
    ran = np.policy.op_stat().on("torch on gpu(0)")
    assert (ran["multiply"], ran["add"]) == (1, 1)


def test_memory_is_freed_as_the_backward_pass_goes(memory, gpu0):
    """Twenty results of 8 MB are kept for it; their gradients must not pile up beside them."""

    def chain(x):
        for _ in range(20):
            x = np.sin(x)
        return x.sum()

    with gpu0:
        x = np.ones(1_000_000)
    before = memory.memory_allocated()
    gradient = minpy.grad(chain)(x)
    memory.synchronize()
    assert memory.max_memory_allocated() - before < 26 * 8 * MB
    assert memory.memory_allocated() - before < 1.1 * 8 * MB  # the gradient is left
    assert gradient.shape == x.shape
    del gradient
    assert memory.memory_allocated() == before


def test_out_of_memory_names_the_op_and_the_shapes(memory, gpu0):
    with gpu0:
        x = np.ones((2**20, 1), onp.float32)
        before = memory.memory_allocated()
        message = r"add of \(1048576, 1\) and \(1, 1048576\).*gpu\(0\) has not enough memory"
        with pytest.raises(MemoryError, match=message):
            x + x.T  # 4 TB
        assert memory.memory_allocated() == before
        assert (x[:2] + 1).tolist() == [[2], [2]]  # it goes on


def test_a_gpu_that_is_not_there(memory):
    count = memory.device_count()
    message = rf"sees {count} GPU\(s\), numbered from 0; there is no gpu\({count}\)"
    with pytest.raises(minpy.DeviceError, match=message), minpy.gpu(count):
        pytest.fail("the block was entered")


def test_show_config_names_it(torch, gpu0):
    config = find_config()
    assert torch.cuda.get_device_name(0) in config.devices["gpu(0)"]
    assert "GiB" in config.devices["gpu(0)"]
    assert config.no_gpu == []
