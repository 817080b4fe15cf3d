"""Programs that once gave other results on another library than on NumPy."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.backends.libraries import LIBRARIES
from minpy.nn import functional as F


@pytest.fixture(params=LIBRARIES)
def library(request, find_backend):
    """Each library that is installed, by its name."""
    return find_backend(request.param).name


def shuffled(shuffle):
    x = np.arange(6.0).reshape(3, 2)
    shuffle(x)
    return x


def written(write):
    x = np.zeros(3)
    write(x)
    return x


def counted_up():
    mean = np.mean(np.arange(3.0))
    before = mean
    mean += 1
    return np.stack([before, mean])


def read_backwards_and_added_to():
    x = np.zeros(4)
    y = x[::-1]
    y[0] = 3.0
    x[0] += 1.0
    return np.concatenate([x, y])


def nothing_written_to_one_number():
    x = np.sum(np.ones((2, 2))).reshape(1)
    x[1:] = x[:-1]
    x[:] = x + 1
    return x


def overlapping():
    x = np.arange(6.0)
    x[1:] = x[:-1]
    return x


PROGRAMS = {
    "nothing written to one number": nothing_written_to_one_number,
    "shuffle": lambda: shuffled(lambda x: (np.random.seed(0), np.random.shuffle(x))),
    "shuffle of a generator": lambda: shuffled(lambda x: np.random.default_rng(0).shuffle(x)),
    "put": lambda: written(lambda x: np.put(x, [0], 7)),
    "place": lambda: written(lambda x: np.place(x, x == 0, 7)),
    "putmask": lambda: written(lambda x: np.putmask(x, x == 0, 7)),
    "sign of NaN": lambda: np.sign(np.array([1.0, onp.nan, -2.0])),
    "relu of NaN": lambda: minpy.grad(lambda x: F.relu(x).sum())(np.array([onp.nan, 0.0, 1.0])),
    "softmax of nothing": lambda: F.softmax(np.zeros((3, 0))),
    "log_softmax of nothing": lambda: F.log_softmax(np.zeros((0, 3)), axis=0),
    "logsumexp of a number": lambda: F.logsumexp(np.array(5.0)),
    "a scalar counted up": counted_up,
    "a view backwards": read_backwards_and_added_to,
    "an overlapping write": overlapping,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_result_is_numpys(name, library):
    results = {}
    for policy in ("only_numpy", f"prefer_{library}"):
        with minpy.use_policy(policy):
            results[policy] = PROGRAMS[name]().asnumpy()
    theirs, numpys = results[f"prefer_{library}"], results["only_numpy"]
    onp.testing.assert_array_equal(theirs, numpys)
    assert theirs.dtype == numpys.dtype


def test_a_checkpoint_runs_where_its_arrays_are(library):
    with minpy.use_policy(f"only_{library}"):
        gradient = minpy.grad(minpy.checkpoint(lambda x: np.sum(np.tanh(x) * x)))(np.ones(2))
    assert gradient.asnumpy() == pytest.approx(onp.tanh(1) + 1 - onp.tanh(1) ** 2)


def test_a_dtype_that_a_library_lacks_says_what_to_do(library):
    title = LIBRARIES[library].title
    with (
        minpy.use_policy(f"prefer_{library}"),
        pytest.raises(TypeError, match=rf"{title} has no dtype <U1.*use_policy\('only_numpy'\)"),
    ):
        np.array(["a"])


def test_draws_into_an_array_fill_it(library):
    with minpy.use_policy(f"prefer_{library}"):
        out = np.zeros(3)
        np.random.default_rng(0).random(out=out)
    assert out.tolist() == onp.random.default_rng(0).random(3).tolist()
