"""Checkpoints, and ops of one's own with their rules."""

import tracemalloc

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.extend import defvjp, primitive

from .expectations import close, nth_derivative

X = onp.array([0.3, -0.7, 1.1])


# ----- checkpoint


def test_checkpoint_gives_the_same_gradients():
    def wave(x, y, scale=1.0):
        return np.sin(np.exp(x) * y) * scale

    kept = minpy.checkpoint(wave)
    args = np.array(X), np.array(X[::-1].copy())
    close(kept(*args), wave(*args).asnumpy())
    for call in (
        lambda f: minpy.grad(f, argnum=(0, 1))(*args),
        lambda f: minpy.grad(f, argnum=(0, 1))(*args, scale=2.0),
        lambda f: minpy.grad(lambda s: f(*args, scale=s))(3.0),
        lambda f: minpy.grad(lambda x: np.sum(minpy.grad(f)(x, args[1]) ** 2))(args[0]),
        lambda f: minpy.hessian(lambda x: np.sum(f(x, x)))(args[0]),
        lambda f: minpy.grad(lambda x: f(f(x, x), x))(args[0]),
    ):
        expected, actual = call(wave), call(kept)
        if type(expected) is not list:
            expected, actual = [expected], [actual]
        for e, a in zip(expected, actual, strict=True):
            close(a, e.asnumpy())


def test_checkpoint_of_nested_arguments():
    layer = minpy.checkpoint(lambda p, x: np.tanh(x @ p["w"] + p["b"]))
    p = {"w": np.ones((3, 2)), "b": np.zeros(2)}
    plain = minpy.grad(lambda p: np.sum(np.tanh(np.array(X) @ p["w"] + p["b"])))(p)
    kept = minpy.grad(lambda p: np.sum(layer(p, np.array(X))))(p)
    for name in p:
        close(kept[name], plain[name].asnumpy())


def test_checkpoint_of_a_function_with_several_results():
    halves = minpy.checkpoint(lambda x: (np.sin(x), np.cos(x)))

    def f(x):
        s, c = halves(x)
        return np.sum(s * c * 2)  # sin 2x

    close(minpy.grad(f)(np.array(X)), 2 * onp.cos(2 * X))


def test_checkpoint_refuses_a_closure_over_a_recorded_array():
    def f(x):
        return np.sum(minpy.checkpoint(lambda y: y * x)(np.ones(3)))

    with pytest.raises(TypeError, match=r"checkpoint.*pass it as an argument"):
        minpy.grad(f)(np.array(X))


def test_checkpoint_saves_memory():
    def deep(x):
        for _ in range(30):
            x = np.sin(x)
        return x

    def peak(f):
        x = np.ones(100_000)
        tracemalloc.start()
        minpy.grad(lambda x: np.sum(f(f(f(x)))))(x)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(minpy.checkpoint(deep)) < 0.6 * peak(deep)


# ----- ops of one's own


def cube_and_rule():
    @primitive
    def cube(x, scale=1.0):
        assert type(x) in (onp.ndarray, onp.float64)
        return x**3 * scale

    defvjp(cube, lambda ans, x, scale=1.0: lambda g: g * 3 * x**2 * scale)
    return cube


def test_primitive():
    cube = cube_and_rule()
    close(cube(np.array(X)), X**3)
    assert type(cube(np.array(X))) is np.ndarray
    close(minpy.grad(cube)(np.array(X)), 3 * X**2)
    close(minpy.grad(cube)(np.array(X), scale=2.0), 6 * X**2)
    close(minpy.grad(cube)(2.0), 12.0)


def test_a_primitive_may_compute_with_minpys_numpy():
    @primitive
    def cube(x):
        assert type(x) is onp.ndarray
        return np.array(x) ** 3

    defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
    close(cube(np.array(X)), X**3)
    close(minpy.grad(cube)(np.array(X)), 3 * X**2)


def test_a_primitive_that_uses_a_recorded_array_is_refused():
    def f(x):
        @primitive
        def times_x(y):
            return x * y

        defvjp(times_x, lambda ans, y: lambda g: g * x)
        return times_x(np.ones(3))

    with pytest.raises(TypeError, match="times_x uses a recorded array that is no argument"):
        minpy.grad(f)(np.array(X))


def test_a_primitive_to_higher_order():
    cube = cube_and_rule()
    close(nth_derivative(cube, 2)(2.0), 12.0)
    close(nth_derivative(cube, 3)(2.0), 6.0)
    close(minpy.hessian(lambda x: np.sum(cube(x)))(np.array(X)), onp.diag(6 * X))


def test_a_primitive_of_several_arguments():
    @primitive
    def scaled(a, x, b):
        return a * x + b

    defvjp(scaled, lambda ans, a, x, b: lambda g: np.sum(g * x), None)
    defvjp(scaled, lambda ans, a, x, b: lambda g: g * 1.0, argnums=[2])
    ga, gb = minpy.grad(scaled, argnum=(0, 2))(2.0, np.array(X), np.zeros(3))
    close(ga, X.sum())
    close(gb, onp.ones(3))
    assert minpy.grad(scaled, argnum=1)(2.0, np.array(X), np.zeros(3)).tolist() == [0.0] * 3


def test_a_primitive_without_a_rule_raises_at_the_call():
    called = []

    @primitive
    def clip_at_one(x):
        called.append(True)
        return onp.minimum(x, 1.0)

    assert clip_at_one(np.array([2.0])).tolist() == [1.0]
    reached = []

    def f(x):
        y = clip_at_one(x)
        reached.append(True)
        return y

    with pytest.raises(minpy.NoGradientError, match=r"clip_at_one.*argument 0"):
        minpy.grad(f)(np.ones(2))
    assert not reached


def test_a_primitive_with_a_rule_for_another_argument_raises_at_the_call():
    @primitive
    def power(x, n):
        return x**n

    defvjp(power, lambda ans, x, n: lambda g: g * n * x ** (n - 1))
    assert minpy.grad(power)(3.0, 2.0).item() == 6.0
    with pytest.raises(minpy.NoGradientError, match=r"power.*argument 1"):
        minpy.grad(power, argnum=1)(3.0, 2.0)


def test_defvjp_refuses_what_is_no_primitive():
    with pytest.raises(TypeError, match="primitive"):
        defvjp(np.exp, lambda ans, x: lambda g: g)
    with pytest.raises(TypeError, match="primitive"):
        defvjp(lambda x: x, lambda ans, x: lambda g: g)


def test_customop():
    @minpy.customop("numpy")
    def my_softmax(x, y):
        assert type(x) is onp.ndarray
        probs = onp.exp(x - onp.max(x, axis=1, keepdims=True))
        return probs / onp.sum(probs, axis=1, keepdims=True)

    def rule(ans, x, y):
        def pull(g):
            n = x.shape[0]
            return (ans - np.eye(x.shape[1])[y.astype(int)]) / n * g

        return pull

    my_softmax.def_grad(rule)
    x, y = np.array(onp.random.default_rng(1).normal(size=(2, 3))), np.array([0, 2])
    probs = my_softmax(x, y).asnumpy()
    close(probs.sum(axis=1), onp.ones(2))
    close(minpy.grad(my_softmax)(x, y), (probs - onp.eye(3)[[0, 2]]) / 2)


def test_customop_for_several_arguments_and_to_second_order():
    @minpy.customop("numpy")
    def times(x, y):
        return x * y

    times.def_grad(lambda ans, x, y: lambda g: g * y)
    with pytest.raises(minpy.NoGradientError, match=r"times.*argument 1"):
        minpy.grad(times, argnum=1)(2.0, 3.0)
    times.def_grad(lambda ans, x, y: lambda g: g * x, argnum=1)
    assert [g.item() for g in minpy.grad(times, argnum=(0, 1))(2.0, 3.0)] == [3.0, 2.0]
    assert nth_derivative(lambda x: times(x, x), 2)(2.0).item() == 2.0
    assert nth_derivative(lambda x: times(x, times(x, x)), 3)(2.0).item() == 6.0


def test_customop_knows_its_backends():
    with pytest.raises(ValueError, match="'cuda'"):
        minpy.customop("cuda")


def test_a_rule_may_write_into_its_gradient_and_its_arguments():
    """A rule is user code: it must not be able to spoil what others still need."""

    @primitive
    def double(x):
        return x * 2

    def rule(ans, x):
        def pull(g):
            g *= 2
            x[:] = 0.0
            ans[:] = 0.0
            return g

        return pull

    defvjp(double, rule)

    def f(x):
        return np.sum(double(x) * x + x * x)

    close(minpy.grad(f)(np.array(X)), 6 * X)
    vjp, _ = minpy.make_vjp(double)(np.array(X))
    seed = np.ones(3)
    assert vjp(seed).tolist() == vjp(seed).tolist() == [2.0] * 3
    assert seed.tolist() == [1.0] * 3


def test_a_rule_of_none_gives_zeros_of_the_arguments_shape():
    @primitive
    def scaled_sum(x, scale):
        return (x * scale).sum()

    defvjp(scaled_sum, lambda ans, x, scale: lambda g: g * scale, None)
    dx, dscale = minpy.grad(scaled_sum, (0, 1))(np.array(X), np.array(X, dtype="f"))
    close(dx, X.astype("f"))
    assert dscale.shape == X.shape and dscale.dtype == "f" and not dscale.any()


@pytest.mark.parametrize(
    "rule, error, parts",
    [
        (lambda ans, x, b: lambda g: g, ValueError, ["shift", "argument 1", "(2, 3)", "(3,)"]),
        (lambda ans, x, b: lambda g: 1.0, ValueError, ["shift", "argument 1", "()", "(3,)"]),
        (lambda ans, x, b: lambda g: None, TypeError, ["shift", "argument 1", "nothing"]),
    ],
)
def test_a_rule_that_returns_another_shape_is_named(rule, error, parts):
    @primitive
    def shift(x, b):
        return x + b

    defvjp(shift, lambda ans, x, b: lambda g: g, rule)
    with pytest.raises(error) as raised:
        minpy.grad(lambda b: np.sum(shift(np.ones((2, 3)), b)))(np.array(X))
    for part in parts:
        assert part in str(raised.value)


def test_gradcheck_of_an_op_with_a_wrong_rule_shows_its_card():
    @primitive
    def cube(x):
        return x**3

    defvjp(cube, lambda ans, x: lambda g: g * 2 * x**2)
    result = minpy.gradcheck(lambda x: np.sum(cube(x)), np.array(X))
    assert not result
    assert "wrong" in str(result)


# ----- checkpoint, and what its second run draws


def drop(v, draw):
    return np.where(draw(50) > 0.5, 2 * v, 0.0)


def value_and_sum_of_gradient(block):
    value, gradient = minpy.value_and_grad(lambda v: minpy.checkpoint(block)(v).sum())(np.ones(50))
    return float(value), float(gradient.sum())


def test_checkpoint_draws_the_same_random_numbers_again():
    np.random.seed(0)
    value, total = value_and_sum_of_gradient(lambda v: drop(v, np.random.rand))
    assert value == total != 50
    after = np.random.rand()
    np.random.seed(0)
    np.random.rand(50)
    assert after == np.random.rand()  # as without a checkpoint


@pytest.mark.parametrize("library", [np, onp], ids=["minpy", "numpy"])
def test_checkpoint_draws_the_same_from_a_generator_that_it_reads(library):
    rng = library.random.default_rng(3)
    value, total = value_and_sum_of_gradient(lambda v: drop(v, rng.random))
    assert value == total != 50


def test_checkpoint_refuses_numbers_that_it_cannot_draw_again():
    class Noise:
        rng = onp.random.default_rng(3)

    noise = Noise()
    with pytest.raises(RuntimeError, match="pass the generator as an argument"):
        value_and_sum_of_gradient(lambda v: drop(v, noise.rng.random))
