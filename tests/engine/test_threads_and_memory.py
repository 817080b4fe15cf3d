"""Several threads at once; long chains; and memory that is freed."""

import sys
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

from .expectations import close, field, field_jacobian, nth_derivative

X = onp.array([0.3, -0.7, 1.1])


# ----- threads


def test_many_threads_differentiate_at_once():
    def work(k):
        results = []
        for i in range(30):
            x = np.array(X * (k + 1) / 7)
            raw = x.asnumpy()
            y = np.ones(3)
            y *= x
            results.append(
                (minpy.grad(lambda v: np.sum(np.sin(v) * v))(x) + i * 0).asnumpy()
                - (onp.sin(raw) + raw * onp.cos(raw))
            )
            nested = minpy.grad(lambda v: np.sum(minpy.grad(lambda u: np.sum(u**3 * v))(v)))(x)
            results.append(nested.asnumpy() - 9 * raw**2)
        return onp.max(onp.abs(results))

    with ThreadPoolExecutor(8) as pool:
        assert max(pool.map(work, range(24))) < 1e-9


@pytest.fixture
def eager_switching():
    """Let threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_ending_one_threads_recording_leaves_the_others_alone(eager_switching):
    """Each recording leaves something outside, so that it is looked for while others run."""

    def work(k):
        left = []
        x = np.array(X * k)

        def f(v):
            left.append(v * 2)
            return np.sum(np.sin(v) * v)

        for _ in range(25):
            close(minpy.grad(f)(x), onp.sin(k * X) + k * X * onp.cos(k * X))
            nested = minpy.grad(lambda v: np.sum(minpy.grad(lambda u: np.sum(u**3 * v))(v)))
            close(nested(x), 9 * (k * X) ** 2)
            assert tuple(i for i in range(50)) == tuple(range(50))
            left.clear()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(1, 17)))


def test_threads_share_an_argument():
    shared = np.array(X)
    barrier = threading.Barrier(6)

    def work(k):
        barrier.wait()
        for _ in range(50):
            gradient = minpy.grad(lambda v: np.sum(v * v) * k)(shared)
            close(gradient, 2 * k * X)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(1, 7)))
    assert not minpy.is_recorded(shared)
    assert shared.tolist() == X.tolist()


def test_threads_share_an_argument_that_each_writes():
    shared = np.array(X)
    barrier = threading.Barrier(6)

    def work(k):
        def f(v):
            v *= k
            v[0] = 0.0
            return np.sum(v * v)

        barrier.wait()
        for _ in range(50):
            close(minpy.grad(f)(shared), [0, *(2 * k * k * X[1:])])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(1, 7)))
    assert shared.tolist() == X.tolist()


def test_a_pool_inside_a_recorded_function():
    with ThreadPoolExecutor(4) as pool:

        def f(x):
            parts = list(pool.map(lambda k: np.sum(np.sin(x * k)), range(1, 9)))
            return sum(parts)

        expected = sum(k * onp.cos(k * X) for k in range(1, 9))
        close(minpy.grad(f)(np.array(X)), expected)
        second = minpy.grad(lambda x: np.sum(minpy.grad(f)(x)))(np.array(X))
        close(second, sum(-k * k * onp.sin(k * X) for k in range(1, 9)))


def test_a_gradient_in_a_thread_inside_a_recorded_function():
    with ThreadPoolExecutor(2) as pool:

        def f(x):
            slopes = pool.map(lambda k: minpy.grad(lambda y: np.sum(y**k * x))(x), [2, 3])
            return np.sum(sum(slopes))  # 2 x^2 + 3 x^3

        close(minpy.grad(f)(np.array(X)), 4 * X + 9 * X**2)


def test_a_vjp_is_used_in_another_thread():
    vjp, _ = minpy.make_vjp(field)(np.array(X))
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda e: vjp(np.array(e)).asnumpy(), onp.eye(4)))
    close(rows, field_jacobian(X))


# ----- length and memory


def test_a_chain_of_100_000_ops():
    def f(x):
        y = x
        for _ in range(100_000):
            y = y * 1.00001
        return y

    value, gradient = minpy.value_and_grad(f)(2.0)
    assert value.item() == pytest.approx(2 * 1.00001**100_000)
    assert gradient.item() == pytest.approx(1.00001**100_000)


def test_a_long_chain_through_two_paths_and_to_second_order():
    def f(x):
        y = x
        for _ in range(5_000):
            y = y + x * 0.001
        return y * y

    close(nth_derivative(f, 1)(1.0), 72.0)
    close(nth_derivative(f, 2)(1.0), 72.0)


def test_a_long_chain_that_nobody_differentiates_is_freed_without_recursion():
    def f(x):
        y = x
        for _ in range(100_000):
            y = np.sin(y)
        kept = y
        del y, kept
        return x

    assert minpy.grad(f)(2.0).item() == 1.0


def test_a_long_chain_in_a_dropped_vjp_is_freed_without_recursion():
    def f(x):
        for _ in range(100_000):
            x = x * 1.0
        return x

    vjp, value = minpy.make_vjp(f)(2.0)
    assert vjp(np.array(1.0)).item() == 1.0
    del vjp, value


def test_memory_is_freed_as_the_backward_pass_goes():
    """When the pass has reached an early op, what the later ones kept is gone."""
    alive = []

    @primitive
    def checked(x, number):
        ans = onp.exp(x * 0.0)
        alive.append(weakref.ref(ans))
        return ans

    seen = {}

    def rule(ans, x, number):
        def pull(g):
            seen[number] = sum(ref() is not None for ref in alive)
            return g * ans

        return pull

    defvjp(checked, rule)

    def f(x):
        for number in range(20):
            x = checked(x, number)
        return np.sum(x)

    minpy.grad(f)(np.ones(4))
    assert seen[19] >= 19
    assert seen[0] <= 3


def test_the_peak_of_memory_is_that_of_the_forward_pass():
    size, steps = 50_000, 40
    peaks = []

    @primitive
    def end_of_forward(x):
        peaks.append(tracemalloc.get_traced_memory()[1])
        return x

    defvjp(end_of_forward, lambda ans, x: lambda g: g)

    def f(x):
        y = x
        for _ in range(steps):
            y = np.sin(y)
        return end_of_forward(np.sum(y))

    x = np.ones(size)
    tracemalloc.start()
    minpy.grad(f)(x)
    peaks.append(tracemalloc.get_traced_memory()[1])
    tracemalloc.stop()
    assert peaks[1] - peaks[0] <= 4 * 8 * size
    assert peaks[0] <= (steps + 4) * 8 * size


def test_what_no_rule_reads_is_not_kept():
    """Adding keeps shapes: the values of a long sum need not be kept."""
    size, steps = 50_000, 40

    def f(x):
        y = x
        for _ in range(steps):
            y = y + x
            y = -y
            y = y.reshape(10, -1).T.reshape(-1)
        return np.sum(y)

    x = np.ones(size)
    tracemalloc.start()
    minpy.grad(f)(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 8 * 8 * size
