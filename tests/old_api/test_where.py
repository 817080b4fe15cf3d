"""`minpy.context`, `minpy.dispatch.policy` and `np.policy`: where things run."""

import importlib.util

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.context import Context, cpu, current_context, gpu, set_context
from minpy.dispatch.policy import OnlyMXNetPolicy, OnlyNumPyPolicy, PreferMXNetPolicy


def test_contexts():
    assert Context("gpu", 0) == gpu(0) == gpu()
    assert Context("cpu", 1) == cpu(1) and cpu() == cpu(0)
    set_context(cpu(0))
    assert current_context() == cpu(0)
    with cpu(1):
        assert current_context() == cpu(1)
    assert current_context() == cpu(0)


def test_policies_by_class_are_those_by_name():
    with minpy.use_policy(OnlyNumPyPolicy()) as in_force:
        assert in_force.name == "only_numpy"
        assert type(np.ones(2).asnumpy()) is onp.ndarray
    minpy.set_global_policy(OnlyNumPyPolicy())
    try:
        assert minpy.current_policy() == OnlyNumPyPolicy()
    finally:
        minpy.set_global_policy("auto")


def test_a_decorated_function_puts_the_policy_back_also_when_it_raises():
    @minpy.wrap_policy(OnlyNumPyPolicy())
    def failing():
        assert minpy.current_policy().name == "only_numpy"
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        failing()
    assert minpy.current_policy().name == "auto"


@pytest.mark.parametrize("policy", [PreferMXNetPolicy, OnlyMXNetPolicy])
def test_the_policies_of_mxnet(policy):
    if importlib.util.find_spec("mxnet") is None:
        pytest.skip("needs MXNet, which is not installed")
    with minpy.use_policy(policy()) as in_force:
        assert in_force.name == {PreferMXNetPolicy: "prefer_mxnet"}.get(policy, "only_mxnet")
        assert np.ones(2)._backend.name == "mxnet"


def test_statistics(capsys):
    np.policy.reset_op_stat()
    for _ in range(3):
        np.add(np.ones(2), 1.0)
    np.policy.show_op_stat()
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("add"))
    assert line.split() == ["add", "numpy", "3", "50.0%"]
