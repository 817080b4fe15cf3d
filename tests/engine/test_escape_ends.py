"""What is left outside when a recording ends otherwise: vjps, exceptions, threads; and memory."""

import gc
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

from .expectations import assert_plain

X = onp.array([1.0, 2.0, 3.0])


# ----- vjps and their life


def test_a_vjp_keeps_the_graph_until_it_is_dropped(graph):
    left = []

    def f(x):
        h = graph.through(x)
        left.append(h)
        return h * h

    vjp, value = minpy.make_vjp(f)(np.array(X))
    assert vjp(np.ones(3)).tolist() == [32.0, 64.0, 96.0]
    assert graph.alive == 2
    assert vjp(np.ones(3)).tolist() == [32.0, 64.0, 96.0]
    del vjp
    gc.collect()
    assert not minpy.is_recorded(value)
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_a_dropped_vjp_frees_the_graph_at_once(graph):
    vjp, value = minpy.make_vjp(graph.through)(np.array(X))
    assert graph.alive == 2
    del vjp
    assert graph.alive == 0
    assert value.tolist() == [4.0, 8.0, 12.0]


def test_other_recordings_do_not_disturb_a_kept_vjp(graph):
    left = []
    vjp, _ = minpy.make_vjp(lambda x: left.append(x * 2) or graph.through(x) * x)(np.array(X))
    for _ in range(3):
        minpy.grad(lambda x: left.append(x * 3) or np.sum(x))(np.array(X))
    assert vjp(np.ones(3)).tolist() == [8.0, 16.0, 24.0]


def test_a_dropped_jvp(graph):
    jvp = minpy.make_jvp(graph.through)(np.array(X))
    value, product = jvp(np.ones(3))
    assert product.tolist() == [4.0] * 3
    assert not minpy.is_recorded(product)
    assert not minpy.is_recorded(value)
    del jvp
    gc.collect()
    assert graph.alive == 0


# ----- exceptions


def left_by_a_function_that_fails(graph):
    """Return what a function left in a list before it raised."""
    left = []

    def f(x):
        left.append(graph.through(x))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        minpy.grad(f)(np.array(X))
    gc.collect()
    return left


def test_after_an_exception(graph):
    left = left_by_a_function_that_fails(graph)
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_after_an_exception_and_another_gradient(graph):
    left = left_by_a_function_that_fails(graph)
    minpy.grad(np.sum)(np.array(X))
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


@pytest.mark.parametrize("result", [None, "text", {}, 1j], ids=str)
def test_after_a_refused_result(result, graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        return result

    with pytest.raises(TypeError):
        minpy.grad(f)(np.array(X))
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_after_an_exception_in_a_rule(graph):
    left = []

    @primitive
    def fails(x):
        return x * 1.0

    def rule(ans, x):
        raise RuntimeError("in the rule")

    defvjp(fails, rule)

    def f(x):
        left.append(graph.through(x))
        return np.sum(fails(left[0]))

    with pytest.raises(RuntimeError, match="in the rule"):
        minpy.grad(f)(np.array(X))
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_an_exception_in_an_inner_recording_that_is_caught(graph):
    left = []

    def inner(y):
        left.append(graph.through(y))
        raise RuntimeError("stop")

    def f(x):
        try:
            minpy.grad(inner)(x)
        except RuntimeError:
            return np.sum(left[0] * x)

    assert minpy.grad(f)(np.array(X)).tolist() == [8.0, 16.0, 24.0]
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_after_a_vjp_of_a_function_that_raises(graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minpy.make_vjp(f)(np.array(X))
    gc.collect()
    minpy.grad(np.sum)(np.array(X))
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


# ----- threads


def test_several_threads(graph):
    left = [[] for _ in range(8)]

    def work(k):
        def f(x):
            left[k].append(graph.through(x * (k + 1)))
            return np.sum(x * x)

        for _ in range(20):
            minpy.grad(f)(np.array(X))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    gc.collect()
    for k, arrays in enumerate(left):
        for h in arrays:
            assert_plain(h, (4 * (k + 1) * X).tolist())
    assert graph.alive == 0


def test_while_another_thread_is_recording(graph):
    """Another thread's recording, however long it runs, keeps nothing of ours recorded."""
    begun, may_end = threading.Event(), threading.Event()

    def long_running(x):
        begun.set()
        assert may_end.wait(30)
        return np.sum(x * x)

    left = []

    def f(x):
        left.append(graph.through(x))
        return np.sum(x)

    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(minpy.grad(long_running), np.array(X))
        assert begun.wait(30)
        try:
            minpy.grad(f)(np.array(X))
            recorded, alive = minpy.is_recorded(left[0]), graph.alive
        finally:
            may_end.set()
        assert other.result().tolist() == [2.0, 4.0, 6.0]
    assert not recorded
    assert alive == 0


def test_another_threads_recording_is_not_cut(graph):
    """Ending a recording leaves alone what a running one, also an older or younger one, made."""
    begun, may_end = threading.Event(), threading.Event()

    def long_running(x):
        y = x * x
        begun.set()
        assert may_end.wait(30)
        return np.sum(y * x)

    left = []
    with ThreadPoolExecutor(1) as pool:

        def f(x):
            left.append(graph.through(x))
            left.append(pool.submit(minpy.grad(long_running), np.array(X)))
            assert begun.wait(30)
            return np.sum(x)

        minpy.grad(f)(np.array(X))
        may_end.set()
        assert left[1].result(30).tolist() == [3.0, 12.0, 27.0]
    minpy.grad(np.sum)(np.array(X))
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


# ----- memory over many calls


def grown(step, calls=30):
    """Return how many bytes `calls` calls of `step` left behind, once things have settled."""
    for _ in range(3):
        step()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(calls):
        step()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return after - before


BIG = 50_000


def test_a_running_total_does_not_grow():
    total = np.zeros(BIG)

    def loss(x):
        nonlocal total
        h = np.exp(x)
        total = total + h
        return np.sum(h)

    assert grown(lambda: minpy.grad(loss)(np.zeros(BIG))) < 3 * 8 * BIG
    assert total.tolist()[0] == 33.0


def test_a_running_total_in_place_does_not_grow():
    total = np.zeros(BIG)

    def loss(x):
        h = np.exp(x)
        total[...] += h
        return np.sum(h)

    assert grown(lambda: minpy.grad(loss)(np.zeros(BIG))) < 3 * 8 * BIG


def test_running_statistics_and_losses_do_not_grow():
    state = {"mean": np.zeros(BIG)}
    losses = []

    def loss(x):
        h = np.sin(x) * np.cos(x)
        state["mean"] = 0.9 * state["mean"] + 0.1 * h
        losses.append(np.mean(h))
        return losses[-1]

    assert grown(lambda: minpy.grad(loss)(np.ones(BIG))) < 3 * 8 * BIG
    assert not any(map(minpy.is_recorded, losses))


def test_vjps_that_are_dropped_do_not_grow():
    def step():
        vjp, _ = minpy.make_vjp(np.exp)(np.ones(BIG))
        vjp(np.ones(BIG))

    assert grown(step) < 3 * 8 * BIG


def test_exceptions_do_not_grow():
    def fails(x):
        np.exp(x) * np.sin(x)
        raise RuntimeError

    def step():
        try:
            minpy.grad(fails)(np.ones(BIG))
        except RuntimeError:
            pass

    assert grown(step) < 3 * 8 * BIG


def test_second_derivatives_do_not_grow():
    left = [None]

    def loss(x):
        left[0] = np.exp(x) * np.sin(x)
        return np.sum(left[0])

    def step():
        minpy.hessian_vector_product(loss)(np.ones(BIG), np.ones(BIG))

    assert grown(step) < 3 * 8 * BIG
