"""Policies: which are in force where and when, and what they allow."""

import asyncio
import threading

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.array import current_data
from minpy.backends import policy as policies

from .pretend import OWN, PretendArray
from .threads import in_thread


def name_in_force():
    return minpy.current_policy().name


@pytest.fixture
def restored():
    """Put ``auto`` back after a test of what is global."""
    yield
    minpy.set_global_policy("auto")


# ----- in force, and not any more


def test_auto_is_the_default():
    assert name_in_force() == "auto"


def test_blocks_nest_and_restore(pretend):
    with minpy.use_policy("only_numpy") as inner:
        assert inner is minpy.current_policy()
        with minpy.use_policy("prefer_pretend"):
            assert name_in_force() == "prefer_pretend"
            with minpy.use_policy("auto"):
                assert name_in_force() == "auto"
            assert name_in_force() == "prefer_pretend"
        assert name_in_force() == "only_numpy"
    assert name_in_force() == "auto"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_restores(error):
    with pytest.raises(error), minpy.use_policy("only_numpy"):
        raise error
    assert name_in_force() == "auto"


def test_an_exception_in_a_decorated_function_restores():
    @minpy.wrap_policy("only_numpy")
    def fails():
        assert name_in_force() == "only_numpy"
        raise ValueError("by intent")

    with pytest.raises(ValueError, match="by intent"):
        fails()
    assert name_in_force() == "auto"


def test_one_object_entered_twice(pretend):
    only_numpy = minpy.use_policy("only_numpy")
    with only_numpy:
        with minpy.use_policy("prefer_pretend"), only_numpy:
            assert name_in_force() == "only_numpy"
        assert name_in_force() == "only_numpy"
    assert name_in_force() == "auto"
    with only_numpy:
        assert name_in_force() == "only_numpy"
    assert name_in_force() == "auto"


def test_a_decorated_function_keeps_its_name_and_may_recur():
    @minpy.use_policy("only_numpy")
    def factorial(n):
        """Multiply."""
        assert name_in_force() == "only_numpy"
        return n * factorial(n - 1) if n else 1

    assert factorial(5) == 120
    assert (factorial.__name__, factorial.__doc__) == ("factorial", "Multiply.")
    assert name_in_force() == "auto"


def test_the_decorator_reads_the_policy_at_each_call(restored):
    @minpy.use_policy("only_numpy")
    def inside():
        return name_in_force()

    minpy.set_global_policy("only_numpy")
    minpy.set_global_policy("auto")
    assert (inside(), name_in_force(), inside()) == ("only_numpy", "auto", "only_numpy")


def test_what_runs_on_after_its_call_is_not_decorated():
    def numbers():
        yield 1

    async def later():
        return 1

    for function in (numbers, later):
        with pytest.raises(TypeError, match=rf"{function.__name__} runs on.*with use_policy\('on"):
            minpy.use_policy("only_numpy")(function)


def test_generators_that_take_turns_restore():
    def under(name):
        with minpy.use_policy(name):
            yield name_in_force()
            yield name_in_force()

    one, other = under("only_numpy"), under("auto")
    assert next(one) == "only_numpy"
    assert next(other) == "auto"
    one.close()
    other.close()
    assert name_in_force() == "auto"


def test_tasks_do_not_see_each_others_blocks():
    async def under(name):
        with minpy.use_policy(name):
            seen = []
            for _ in range(3):
                await asyncio.sleep(0)
                seen.append(name_in_force())
            return seen

    async def both():
        return await asyncio.gather(under("only_numpy"), under("auto"))

    assert asyncio.run(both()) == [["only_numpy"] * 3, ["auto"] * 3]


# ----- threads


def test_a_block_is_not_seen_in_another_thread():
    with minpy.use_policy("only_numpy"):
        assert in_thread(name_in_force) == "auto"
    assert in_thread(name_in_force) == "auto"


def test_the_global_policy_is_seen_in_another_thread(restored):
    minpy.set_global_policy("only_numpy")
    assert in_thread(name_in_force) == "only_numpy"
    in_thread(lambda: minpy.set_global_policy("auto"))
    assert name_in_force() == "auto"


def test_a_block_wins_over_the_global_policy(restored):
    with minpy.use_policy("auto"):
        minpy.set_global_policy("only_numpy")
        assert name_in_force() == "auto"
        assert in_thread(name_in_force) == "only_numpy"
    assert name_in_force() == "only_numpy"


def test_one_object_in_many_threads():
    only_numpy = minpy.use_policy("only_numpy")
    together = threading.Barrier(8, timeout=30)
    seen = []

    def work():
        for _ in range(50):
            with only_numpy:
                together.wait()
                seen.append(name_in_force())
            seen.append(name_in_force())

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen.count("only_numpy") == seen.count("auto") == 400
    assert name_in_force() == "auto"


# ----- what is not there


@pytest.mark.parametrize("put", [minpy.use_policy, minpy.wrap_policy, minpy.set_global_policy])
@pytest.mark.parametrize("name", ["only_nump", "", None, ["auto"]])
def test_an_unknown_name(put, name):
    with pytest.raises(ValueError, match=r"no policy .*; there are auto, only_numpy, prefer_mxnet"):
        put(name)
    assert name_in_force() == "auto"


@pytest.mark.parametrize("name", ["prefer_torch", "only_torch"])
def test_without_the_library(no_torch, name):
    how = r"PyTorch is not installed: pip install 'minpy-edu\[torch\]'"
    with pytest.raises(minpy.BackendError, match=how):
        minpy.set_global_policy(name)
    with pytest.raises(minpy.BackendError, match=how), minpy.use_policy(name):
        pytest.fail("the block was entered")
    decorated = minpy.wrap_policy(name)(name_in_force)  # it may be installed by then
    with pytest.raises(minpy.BackendError, match=how):
        decorated()
    assert name_in_force() == "auto"


def test_with_a_library_that_does_not_import(broken_torch):
    for _ in range(2):
        with (
            pytest.raises(minpy.BackendError, match="PyTorch is installed, but does not import"),
            minpy.use_policy("prefer_torch"),
        ):
            pytest.fail("the block was entered")
    assert np.ones(2).sum() == 2


def test_a_policy_whose_library_cannot_use_the_device_in_force(pretend):
    with (
        minpy.gpu(1),
        pytest.raises(minpy.DeviceError, match=r"'only_numpy'(.|\n)*gpu\(1\)(.|\n)*CPU alone"),
        minpy.use_policy("only_numpy"),
    ):
        pytest.fail("the block was entered")


# ----- what policies do


@pytest.mark.parametrize(
    "name, kind",
    [
        ("auto", onp.ndarray),
        ("only_numpy", onp.ndarray),
        ("prefer_pretend", PretendArray),
        ("only_pretend", PretendArray),
    ],
)
def test_whose_arrays_are_made(pretend, name, kind):
    with minpy.use_policy(name):
        made = (np.ones(2), np.array([1.0]), np.arange(3.0), np.random.rand(2), np.eye(2))
        assert {type(current_data(x)) for x in made} == {kind}


@pytest.mark.parametrize("name", ["prefer_torch", "only_torch"])
def test_whose_arrays_are_made_with_pytorch(torch, name):
    with minpy.use_policy(name):
        assert type(current_data(np.ones(2))) is torch.Tensor
    assert type(current_data(np.ones(2))) is onp.ndarray


def test_prefer_runs_on_numpy_what_is_missing(pretend):
    assert "sqrt" not in OWN
    with minpy.use_policy("prefer_pretend"):
        root = np.sqrt(np.array([4.0]))
        assert type(current_data(root)) is PretendArray
        assert root.tolist() == [2.0]
    assert np.policy.op_stat().on("numpy for pretend") == {"sqrt": 1}


def test_only_names_what_is_missing(pretend):
    message = "pretend has no sqrt, .*'only_pretend' nothing else.* under 'prefer_pretend' NumPy"
    with minpy.use_policy("only_pretend"):
        x = np.array([4.0])
        assert (x * 2 + 1).tolist() == [9.0]
        with pytest.raises(minpy.BackendError, match=message):
            np.sqrt(x)
        with pytest.raises(minpy.BackendError, match=r"pretend has no linalg\.inv"):
            np.linalg.inv(np.ones((1, 1)))
        with pytest.raises(minpy.BackendError, match="pretend has no i0"):
            np.i0(x)  # without a gradient rule
        with pytest.raises(minpy.BackendError, match="pretend has no sqrt"):
            minpy.grad(lambda x: np.sqrt(x).sum())(x)
    assert not np.policy.op_stat().on("numpy for pretend")


def test_only_numpy_refuses_others(pretend):
    with minpy.use_policy("prefer_pretend"):
        x = np.ones(2)
    with minpy.use_policy("only_numpy"):
        for use in (lambda: x + 1, lambda: np.exp(x), lambda: np.i0(x), lambda: x.sum()):
            with pytest.raises(
                minpy.BackendError, match=r"'only_numpy' does not allow.*pretend.*asn"
            ):
                use()
        assert x.asnumpy().tolist() == [1, 1]  # what the message says to write
    assert (x + 1).tolist() == [2, 2]


def test_only_refuses_numpys_arrays_no_more_than_numbers(pretend):
    """They join, and are brought to the library; see the mixing rule."""
    x = np.ones(2)
    with minpy.use_policy("only_pretend"):
        assert type(current_data(np.ones(2) + x)) is PretendArray


def test_gradients_are_made_where_the_arrays_are(pretend):
    with minpy.use_policy("only_pretend"):
        x = np.array([1.0, 2.0])
    gradient = minpy.grad(lambda x: (x * x).sum())(x)  # back under auto
    assert type(current_data(gradient)) is PretendArray
    assert gradient.tolist() == [2.0, 4.0]


def test_the_policies_are_documented():
    for name in policies.POLICIES:
        assert f"``{name}``" in policies.__doc__
