"""What a recorded function leaves behind outside itself.

While a recording runs, what is made of its arguments is recorded wherever it is kept.  When the
function that differentiates has returned, it is plain: it has its values, it can be used freely,
and it keeps nothing of the graph alive.
"""

import gc
import threading
import tracemalloc
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

X = onp.array([1.0, 2.0, 3.0])


class Graph:
    """Tells whether raw arrays that only a graph refers to are still alive."""

    def __init__(self):
        self.kept = []

        @primitive
        def double(x):
            ans = 2.0 * x
            self.kept.append(weakref.ref(ans))
            return ans

        defvjp(double, lambda ans, x: lambda g: g * ans / x)
        self.double = double

    def through(self, x):
        """Return x times 4, with two arrays in the graph that nobody else has."""
        return self.double(self.double(x)) * 1.0

    @property
    def alive(self):
        return sum(ref() is not None for ref in self.kept)


@pytest.fixture
def graph():
    return Graph()


def assert_plain(x, values):
    assert not minpy.is_recorded(x)
    assert onp.asarray(x).tolist() == values
    assert (x + 1).asnumpy().tolist() == (onp.array(values) + 1).tolist()
    assert not minpy.is_recorded(x * 2)


DIFFERENTIATE = {
    "grad": lambda f, x: minpy.grad(f)(x),
    "value_and_grad": lambda f, x: minpy.value_and_grad(f)(x),
    "grad_and_loss": lambda f, x: minpy.grad_and_loss(f)(x),
    "jacobian": lambda f, x: minpy.jacobian(f)(x),
    "hessian": lambda f, x: minpy.hessian(f)(x),
    "make_vjp": lambda f, x: minpy.make_vjp(f)(x)[0](1.0),
    "make_jvp": lambda f, x: minpy.make_jvp(f)(x)(onp.ones(3)),
    "hessian_vector_product": lambda f, x: minpy.hessian_vector_product(f)(x, onp.ones(3)),
}


@pytest.fixture(params=DIFFERENTIATE)
def differentiate(request):
    return DIFFERENTIATE[request.param]


# ----- where things can be left


def test_in_an_outer_list(differentiate, graph):
    left = []

    def f(x):
        h = graph.through(x)
        left.append(h)
        assert minpy.is_recorded(h)
        return np.sum(h * h)

    differentiate(f, np.array(X))
    gc.collect()
    for h in left:
        assert_plain(h, [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_on_an_object(differentiate, graph):
    class Model:
        cache = None

    model = Model()

    def f(x):
        model.cache = {"h": graph.through(x), "more": [(x,)]}
        return np.sum(model.cache["h"] ** 2)

    differentiate(f, np.array(X))
    gc.collect()
    assert_plain(model.cache["h"], [4.0, 8.0, 12.0])
    assert_plain(model.cache["more"][0][0], [1.0, 2.0, 3.0])
    assert graph.alive == 0


def test_written_into_an_outer_array(differentiate, graph):
    out = np.zeros((2, 3))
    row = out[0]

    def f(x):
        out[0] = graph.through(x)
        out[1] += out[0]
        out[1] *= 0.5
        return np.sum(out * out)

    differentiate(f, np.array(X))
    gc.collect()
    assert row.tolist() == [4.0, 8.0, 12.0]
    assert_plain(out[0], [4.0, 8.0, 12.0])
    assert not minpy.is_recorded(out)
    assert not minpy.is_recorded(row)
    assert graph.alive == 0


def test_an_outer_array_written_as_a_whole(graph):
    out = np.zeros(3)

    def f(x):
        out[...] = graph.through(x)
        return np.sum(out)

    minpy.grad(f)(np.array(X))
    assert_plain(out, [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_an_outer_array_augmented(graph):
    total = np.zeros(3)

    def f(x):
        nonlocal total
        total += graph.through(x)
        return np.sum(x)

    for _ in range(3):
        minpy.grad(f)(np.array(X))
    assert_plain(total, [12.0, 24.0, 36.0])
    assert graph.alive == 0


def test_the_argument_itself(graph):
    left = []
    given = np.array(X)

    def f(x):
        left.append(x)
        graph.through(x)
        return np.sum(x)

    minpy.grad(f)(given)
    assert_plain(left[0], X.tolist())
    left[0][0] = 50.0
    assert given.tolist() == X.tolist()
    assert graph.alive == 0


def test_a_view_of_the_argument():
    left = []

    def f(x):
        left.append(x[1:])
        return np.sum(x)

    given = np.array(X)
    minpy.grad(f)(given)
    assert_plain(left[0], [2.0, 3.0])
    left[0][:] = 9.0
    assert given.tolist() == X.tolist()


def test_a_view_that_is_made_anew_after_the_end(graph):
    left = []

    def f(x):
        h = graph.through(x)
        left.append(h[1:])
        h[0] = x[2]
        left.append(h)
        return np.sum(h)

    minpy.grad(f)(np.array(X))
    gc.collect()
    assert_plain(left[0], [8.0, 12.0])
    assert_plain(left[1], [3.0, 8.0, 12.0])
    left[1][2] = 7.0
    assert left[0].tolist() == [8.0, 7.0]
    assert graph.alive == 0


def test_a_generator_with_a_recorded_array_in_it(graph):
    left = []

    def f(x):
        left.append(row for row in graph.through(x))
        return np.sum(x)

    minpy.grad(f)(np.array(X))
    assert not any(minpy.is_recorded(row) for row in left[0])
    left.clear()
    assert graph.alive == 0


def test_a_closure_over_a_recorded_array(graph):
    left = []

    def f(x):
        h = graph.through(x)
        left.append(lambda: h)
        return np.sum(x)

    minpy.grad(f)(np.array(X))
    assert_plain(left[0](), [4.0, 8.0, 12.0])
    assert graph.alive == 0


# ----- off the path to the result


def test_what_is_not_on_the_path_to_the_result(differentiate, graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        graph.through(x)
        return np.sum(x * x)

    differentiate(f, np.array(X))
    gc.collect()
    for h in left:
        assert_plain(h, [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_when_the_result_is_constant(graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        return 3.0

    assert minpy.grad(f)(np.array(X)).tolist() == [0.0] * 3
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_what_depends_on_one_argument_of_several(graph):
    left = []

    def f(x, y):
        left.append(graph.through(y))
        return np.sum(x)

    minpy.grad(f, argnum=(0, 1))(np.array(X), np.array(X))
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_many_things(graph):
    left = {}

    def f(x):
        for i in range(200):
            left[i] = np.sin(graph.through(x) * i)
        return np.sum(x)

    minpy.grad(f)(np.array(X))
    assert not any(map(minpy.is_recorded, left.values()))
    assert graph.alive == 0


# ----- nested recordings


def test_left_by_an_inner_recording(graph):
    left = []

    def inner(y):
        left.append(graph.through(y))
        return np.sum(y * y)

    def f(x):
        return np.sum(minpy.grad(inner)(x * 1.0) * x)

    minpy.grad(f)(np.array(X))
    gc.collect()
    for h in left:
        assert_plain(h, [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_left_by_an_inner_recording_that_has_nothing_to_do_with_the_outer_one(graph):
    left = []

    def inner(y):
        left.append(graph.through(y))
        return np.sum(y * y)

    def f(x):
        slope = minpy.grad(inner)(np.array(X))
        return np.sum(slope * x)

    assert minpy.grad(f)(np.array(X)).tolist() == [2.0, 4.0, 6.0]
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_left_by_the_outer_recording_stays_recorded_while_it_runs(graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        minpy.grad(lambda y: np.sum(y * y))(np.ones(2))
        assert minpy.is_recorded(left[0])
        return np.sum(left[0] * x)

    assert minpy.grad(f)(np.array(X)).tolist() == [8.0, 16.0, 24.0]
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_left_by_second_derivatives(graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        return np.sum(x**3)

    minpy.hessian(f)(np.array(X))
    minpy.grad(lambda x: np.sum(minpy.grad(f)(x)))(np.array(X))
    gc.collect()
    for h in left:
        assert_plain(h, [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_an_escaped_array_enters_the_next_recording_as_a_constant(graph):
    left = []

    def f(x):
        h = graph.through(x)
        previous = left[-1] if left else 1.0
        left.append(h)
        return np.sum(h * previous)

    assert minpy.grad(f)(np.array(X)).tolist() == [4.0, 4.0, 4.0]
    assert minpy.grad(f)(np.array(X)).tolist() == [16.0, 32.0, 48.0]
    assert graph.alive == 0


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


def test_after_an_exception(graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        minpy.grad(f)(np.array(X))
    gc.collect()
    assert_plain(left[0], [4.0, 8.0, 12.0])
    assert graph.alive == 0


def test_after_an_exception_and_another_gradient(graph):
    left = []

    def f(x):
        left.append(graph.through(x))
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        minpy.grad(f)(np.array(X))
    gc.collect()
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
