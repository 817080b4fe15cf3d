"""`minpy.numpy.random`: the stream is NumPy's, and a seed means the same every time."""

import numpy as onp
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minpy
import minpy.numpy as np

from .agreement import assert_same, assert_same_values
from .calls.data import INTEGERS, PAIR, POSITIVE, VECTOR, WEIGHTS, X
from .recording import on_recorded

GENERATOR_CALLS = {
    "beta": (1.5, 2.5, 3),
    "binomial": (5, 0.4, 3),
    "bytes": (4,),
    "chisquare": (2.5, 3),
    "choice": (VECTOR, 3),
    "dirichlet": ([1.0, 2.0], 3),
    "exponential": (2.0, (2, 3)),
    "f": (2.5, 3.5, 3),
    "gamma": (2.5, 1.5, 3),
    "geometric": (0.4, 3),
    "gumbel": (0.5, 1.5, 3),
    "hypergeometric": (5, 4, 3, 3),
    "integers": (0, 9, (2, 3)),
    "laplace": (0.5, 1.5, 3),
    "logistic": (0.5, 1.5, 3),
    "lognormal": (0.5, 1.5, 3),
    "logseries": (0.4, 3),
    "multinomial": (6, WEIGHTS, 3),
    "multivariate_hypergeometric": ([3, 4], 5, 3),
    "multivariate_normal": (PAIR, onp.eye(2), 3),
    "negative_binomial": (3, 0.4, 3),
    "noncentral_chisquare": (2.5, 1.5, 3),
    "noncentral_f": (2.5, 3.5, 1.5, 3),
    "normal": (X, POSITIVE),
    "pareto": (2.5, 3),
    "permutation": (VECTOR,),
    "permuted": (X,),
    "poisson": (2.5, 3),
    "power": (2.5, 3),
    "random": ((2, 3),),
    "rayleigh": (2.5, 3),
    "shuffle": (VECTOR,),
    "spawn": (2,),
    "standard_cauchy": (3,),
    "standard_exponential": (3,),
    "standard_gamma": (2.5, 3),
    "standard_normal": ((2, 3), onp.float32),
    "standard_t": (2.5, 3),
    "triangular": (0.0, 0.5, 1.0, 3),
    "uniform": (X, POSITIVE),
    "vonmises": (0.5, 1.5, 3),
    "wald": (1.5, 2.5, 3),
    "weibull": (2.5, 3),
    "zipf": (2.5, 3),
}


def draw(random):
    return [random.randn(3), random.rand(2, 2), random.randint(0, 9, 4), random.permutation(5)]


@pytest.mark.parametrize("seed", [0, 231, [1, 2, 3]])
def test_seed_means_numpys_stream(seed):
    onp.random.seed(seed)
    expected = draw(onp.random)
    for _ in range(2):
        np.random.seed(seed)
        assert_same(draw(np.random), expected)


def test_no_seed_means_another_stream_each_time():
    np.random.seed()
    first = np.random.randn(8).asnumpy()
    np.random.seed()
    assert (first != np.random.randn(8).asnumpy()).any()


def test_stream_goes_on():
    np.random.seed(3)
    first, second = np.random.randn(4), np.random.randn(4)
    assert (first.asnumpy() != second.asnumpy()).all()
    np.random.seed(3)
    assert_same(np.random.randn(8), onp.concatenate([first.asnumpy(), second.asnumpy()]))


@pytest.mark.parametrize("legacy", [True, False])
def test_state_can_be_put_back(legacy):
    np.random.seed(5)
    np.random.randn(3)
    state = np.random.get_state(legacy=legacy)
    expected = draw(np.random)
    np.random.set_state(state)
    for ours, theirs in zip(draw(np.random), expected, strict=True):
        assert_same(ours, theirs.asnumpy())


def test_state_is_numpys():
    np.random.seed(5)
    np.random.set_state(onp.random.RandomState(6).get_state())
    assert_same(np.random.rand(3), onp.random.RandomState(6).rand(3))
    random = onp.random.RandomState(7)
    np.random.seed(8)
    random.set_state(np.random.get_state())
    assert_same(np.random.rand(3), random.rand(3))


def test_bit_generator_can_be_replaced():
    old = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(onp.random.PCG64(4))
        same = onp.random.RandomState(onp.random.PCG64(4))
        assert_same(np.random.normal(size=3), same.normal(size=3))
    finally:
        np.random.set_bit_generator(old)


@given(
    shape=st.one_of(
        st.none(), st.integers(0, 4), st.lists(st.integers(0, 3), max_size=3).map(tuple)
    ),
    name=st.sampled_from(["normal", "uniform", "exponential", "standard_normal", "randint"]),
)
def test_any_size(shape, name):
    args = (7,) if name == "randint" else ()
    onp.random.seed(1)
    expected = getattr(onp.random, name)(*args, size=shape)
    np.random.seed(1)
    assert_same(getattr(np.random, name)(*args, size=shape), expected)


def test_moments():
    np.random.seed(11)
    samples = np.random.normal(2.0, 3.0, 40_000).asnumpy()
    assert abs(samples.mean() - 2.0) < 4 * 3.0 / 200
    assert abs(samples.std() - 3.0) < 0.05
    samples = np.random.uniform(-1.0, 3.0, 40_000).asnumpy()
    assert -1.0 <= samples.min() < samples.max() < 3.0
    assert abs(samples.mean() - 1.0) < 0.03


def test_shuffle_in_place():
    for raw in (VECTOR, X, INTEGERS):
        x, expected = np.array(raw), raw.copy()
        np.random.seed(2)
        assert np.random.shuffle(x) is None
        onp.random.seed(2)
        onp.random.shuffle(expected)
        assert_same(x, expected)


def test_minibatches():
    """Choosing rows of a recorded array with random integers, as a training loop does."""

    def check(x):
        np.random.seed(4)
        rows = np.random.choice(2, 5)
        mask = np.random.rand(*x.shape) < 0.5
        onp.random.seed(4)
        chosen = onp.random.choice(2, 5)
        kept = onp.random.rand(2, 3) < 0.5
        assert_same(x[rows], X[chosen])
        assert_same(x * mask / 0.5, X * kept / 0.5)
        assert minpy.is_recorded(x * np.random.randn(2, 3))

    on_recorded(check, X)


# -- generators


def test_every_method_of_a_generator_has_a_row():
    public = {name for name in dir(onp.random.Generator) if not name.startswith("_")}
    assert public - {"bit_generator"} <= set(GENERATOR_CALLS)


@pytest.mark.parametrize("name", GENERATOR_CALLS)
def test_generator(name):
    args = GENERATOR_CALLS[name]
    theirs = [arg.copy() if isinstance(arg, onp.ndarray) else arg for arg in args]
    ours = [np.array(arg) if isinstance(arg, onp.ndarray) else arg for arg in args]
    expected = getattr(onp.random.default_rng(9), name)(*theirs)
    actual = getattr(np.random.default_rng(9), name)(*ours)
    if isinstance(expected, onp.ndarray):
        assert_same_values(onp.asarray(actual), expected)
        assert_same(np.ones(()) * actual, onp.ones(()) * expected)
    elif name == "shuffle":
        assert_same(ours[0], theirs[0])
    elif name != "spawn":
        assert actual == expected


def test_generator_is_one():
    assert isinstance(np.random.default_rng(3), np.random.Generator)
    rng = np.random.default_rng(onp.random.PCG64(3))
    assert np.random.default_rng(rng) is rng
    assert_same(np.random.RandomState(3).randn(2) * np.ones(2), onp.random.RandomState(3).randn(2))


def test_generator_while_recording():
    def check(x):
        rng = np.random.default_rng(1)
        noise = rng.standard_normal(x.shape)
        assert minpy.is_recorded(x + 0.1 * noise)
        assert minpy.is_recorded(noise * x)
        assert minpy.is_recorded(x[rng.permutation(2)])
        assert minpy.is_recorded(x * (rng.random(x.shape) < 0.5))

    on_recorded(check, X)


def test_recorded_parameters_are_refused_or_recorded():
    def check(x):
        for normal in (np.random.normal, np.random.default_rng(1).normal):
            try:
                sample = normal(x, 1.0)
            except (minpy.NoGradientError, minpy.ImplicitExitError):
                continue
            assert minpy.is_recorded(sample)

    on_recorded(check, X)
