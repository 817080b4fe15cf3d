"""What a recorded function leaves behind outside itself.

While a recording runs, what is made of its arguments is recorded wherever it is kept.  When the
function that differentiates has returned, it is plain: it has its values, it can be used freely,
and it keeps nothing of the graph alive.
"""

import gc

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .expectations import assert_plain

X = onp.array([1.0, 2.0, 3.0])


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
