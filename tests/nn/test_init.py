"""Initial parameters: their distributions, dtypes and seeds."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import init

SHAPES = [(300, 200), (64, 30, 3, 3), (50, 40, 7)]


def fans(shape):
    """Counted by hand: what one unit reads, and how many units read one number."""
    if len(shape) == 2:
        return shape
    return math.prod(shape[1:]), shape[0] * math.prod(shape[2:])


@pytest.fixture(autouse=True)
def seeded():
    onp.random.seed(0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("gain", [1.0, 2.0])
def test_xavier_is_the_published_rule(shape, gain):
    w = init.xavier(shape, {"gain": gain}).asnumpy()
    limit = gain * math.sqrt(6 / sum(fans(shape)))
    assert abs(w).max() <= limit
    assert abs(w).max() > 0.999 * limit
    onp.testing.assert_allclose(onp.histogram(w, 10, (-limit, limit))[0], w.size / 10, rtol=0.1)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_xavier_normal(shape):
    w = init.xavier(shape, {"distribution": "normal"}).asnumpy()
    check_normal(w, math.sqrt(2 / sum(fans(shape))))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize("slope", [0.0, 0.5])
def test_kaiming(shape, mode, slope):
    config = {"mode": mode, "negative_slope": slope}
    deviation = math.sqrt(2 / (1 + slope**2) / fans(shape)[mode == "fan_out"])
    check_normal(init.kaiming(shape, config).asnumpy(), deviation)
    uniform = init.kaiming(shape, {**config, "distribution": "uniform"}).asnumpy()
    assert abs(uniform).max() == pytest.approx(math.sqrt(3) * deviation, rel=1e-3)


def check_normal(w, deviation, mean=0.0):
    assert w.mean(dtype=float) == pytest.approx(mean, abs=4 * deviation / math.sqrt(w.size))
    assert w.std(dtype=float) == pytest.approx(deviation, rel=0.03)
    within = (abs(w - mean) < deviation).mean()
    assert within == pytest.approx(0.6827, abs=0.02)


def test_xavier_has_the_limits_of_torch(torch):
    for shape in SHAPES:
        theirs = torch.empty(shape if len(shape) > 2 else shape[::-1])
        torch.nn.init.xavier_uniform_(theirs)
        ours = init.xavier(shape).asnumpy()
        assert abs(ours).max() == pytest.approx(theirs.abs().max().item(), rel=2e-3)
        torch.nn.init.kaiming_normal_(theirs, nonlinearity="relu")
        assert init.kaiming(shape).asnumpy().std() == pytest.approx(theirs.std().item(), rel=0.05)


@pytest.mark.parametrize("shape", [(7, 7), (3, 8), (8, 3), (4, 2, 3, 3), (30, 2, 2)], ids=str)
def test_orthogonal(shape):
    with minpy.use_default_dtype("float64"):
        w = init.orthogonal(shape, {"gain": 3.0}).asnumpy()
    assert w.shape == shape
    w = w.reshape(shape[0], -1) / 3
    small = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    onp.testing.assert_allclose(small, onp.eye(len(small)), atol=1e-12)


def test_orthogonal_matrices_are_all_alike():
    """Without a look at signs, LAPACK would make more of some: the trace has mean 0, variance 1."""
    traces = [onp.trace(init.orthogonal((4, 4)).asnumpy()) for _ in range(1000)]
    assert abs(onp.mean(traces)) < 4 / math.sqrt(1000)
    assert onp.var(traces) == pytest.approx(1, rel=0.2)


def test_constant():
    onp.testing.assert_array_equal(
        init.constant((2, 3), {"value": 2}).asnumpy(), onp.full((2, 3), 2)
    )
    onp.testing.assert_array_equal(init.constant(()).asnumpy(), 0)


def test_gaussian():
    check_normal(init.gaussian((300, 200), {"mu": 2.0, "stdvar": 0.5}).asnumpy(), 0.5, 2.0)
    check_normal(init.gaussian((300, 200), {}).asnumpy(), 0.001)


def test_custom():
    w = init.custom((2, 3), {"function": lambda shape: onp.arange(6).reshape(shape)})
    onp.testing.assert_array_equal(w.asnumpy(), [[0, 1, 2], [3, 4, 5]])
    assert w.dtype == "float32"
    with pytest.raises(ValueError, match=r"shape \(3, 2\) for the shape \(2, 3\)"):
        init.custom((2, 3), {"function": lambda shape: np.zeros(shape[::-1])})
    with pytest.raises(ValueError, match=r"config\['function'\] is a function .*, but is None"):
        init.custom((2, 3), {})


CONFIGS = {"custom": {"function": np.random.random_sample}}


@pytest.mark.parametrize("name", init.RULES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_have_the_dtype_of_networks(name, dtype):
    with minpy.use_default_dtype(dtype):
        w = init.RULES[name]((3, 4), CONFIGS.get(name))
    assert type(w) is np.ndarray and w.dtype == dtype and w.shape == (3, 4)
    w += 1  # they can be written


@pytest.mark.parametrize("name", ["custom", "gaussian", "kaiming", "orthogonal", "xavier"])
def test_seeds(name):
    def drawn(seed):
        np.random.seed(seed)
        return init.RULES[name]((3, 4), CONFIGS.get(name)).asnumpy()

    onp.testing.assert_array_equal(drawn(1), drawn(1))
    assert (drawn(1) != drawn(2)).any()
    with minpy.use_default_dtype("float64"):
        double = drawn(1)
    onp.testing.assert_array_equal(drawn(1), double.astype("float32"))


@pytest.mark.parametrize("name", ["kaiming", "orthogonal", "xavier"])
@pytest.mark.parametrize("shape", [(5,), ()])
def test_biases_are_zero(name, shape):
    onp.testing.assert_array_equal(init.RULES[name](shape, {}).asnumpy(), onp.zeros(shape))


@pytest.mark.parametrize("name", ["kaiming", "orthogonal", "xavier", "gaussian"])
def test_nothing_to_draw(name):
    assert init.RULES[name]((0, 0), {}).shape == (0, 0)


@pytest.mark.parametrize("name", init.RULES)
def test_an_unknown_option_is_explained(name):
    with pytest.raises(ValueError, match=rf"{name} has no option 'std'; it has \w+"):
        init.RULES[name]((2, 2), {"std": 1.0})


def test_wrong_options_are_explained():
    with pytest.raises(ValueError, match=r"xavier: distribution is .*, but is 'gauss'"):
        init.xavier((2, 2), {"distribution": "gauss"})
    with pytest.raises(ValueError, match="kaiming: mode is 'fan_in' or 'fan_out', but is 'in'"):
        init.kaiming((2, 2), {"mode": "in"})


def test_rules_by_name():
    assert init.rule("xavier") is init.xavier
    assert init.rule(fans) is fans
    with pytest.raises(ValueError, match=r"called 'he'; there are constant, .*, kaiming, .*xavier"):
        init.rule("he")


def test_configurations_are_not_changed():
    config = {}
    init.gaussian((2,), config)
    assert config == {}
