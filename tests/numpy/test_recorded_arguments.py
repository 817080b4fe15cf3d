"""What public functions do with recorded arguments: results without a gradient, lists, masks."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

X = onp.array([3.0, 1.0, 2.0])
M = onp.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])

DISCRETE = {
    "lexsort": lambda xp, x: xp.lexsort((x,)),
    "isin": lambda xp, x: xp.isin(x, [1.0, 5.0]),
    "digitize": lambda xp, x: xp.digitize(x, [1.5, 2.5]),
    "isreal": lambda xp, x: xp.isreal(x),
    "iscomplex": lambda xp, x: xp.iscomplex(x),
    "isposinf": lambda xp, x: xp.isposinf(x),
    "nanargmax": lambda xp, x: xp.nanargmax(x),
    "argsort": lambda xp, x: xp.argsort(x),
    "matrix_rank": lambda xp, x: xp.linalg.matrix_rank(x[:, None]),
    "array_equiv": lambda xp, x: xp.array_equiv(x, [3.0, 1.0, 2.0]),
    "isscalar": lambda xp, x: xp.isscalar(x),
    "result_type": lambda xp, x: xp.result_type(x, onp.float32),
    "array2string": lambda xp, x: xp.array2string(x),
    "less.outer": lambda xp, x: xp.less.outer(x, x),
}


@pytest.mark.parametrize("call", DISCRETE.values(), ids=DISCRETE)
def test_result_without_a_gradient_takes_the_values(call):
    found = []

    def f(x):
        found.append(call(np, x))
        return x.sum()

    assert minpy.grad(f)(X).tolist() == [1.0, 1.0, 1.0]
    expected = call(onp, X)
    assert onp.array_equal(found[0], expected) and not minpy.is_recorded(found[0])


@pytest.mark.parametrize("name", ["spacing", "nextafter"])
def test_floating_result_without_a_rule_is_refused(name):
    args = (X,) if name == "spacing" else (X, X + 1)
    with pytest.raises(minpy.NoGradientError, match=name):
        minpy.grad(lambda x: getattr(np, name)(x, *args[1:]).sum())(X)


def test_a_file_is_not_written_with_recorded_values(tmp_path):
    with pytest.raises(minpy.NoGradientError, match="save"):
        minpy.grad(lambda x: np.save(tmp_path / "x.npy", x))(X)
    assert not list(tmp_path.iterdir())


# ----- lists

LISTS = {
    "mean": (lambda a: np.mean([x * x for x in a]), 2 * X / 3),
    "sum": (lambda a: np.sum([[a[0], 1.0], [a[1], 2.0]]), [1.0, 1.0, 0.0]),
    "max": (lambda a: np.max([a[2], a[0]]), [1.0, 0.0, 0.0]),
    "norm": (lambda a: np.linalg.norm([a[0], a[2], 0.0]) ** 2, [6.0, 0.0, 4.0]),
    "dot": (lambda a: np.dot([a[0], 2.0], [a[1], a[2]]), [1.0, 3.0, 2.0]),
    "exp": (lambda a: np.sum(np.log([a[0], a[1]])), [1 / 3, 1.0, 0.0]),
    "add": (lambda a: np.sum(np.add([a[0], a[1]], 1.0)), [1.0, 1.0, 0.0]),
    "keyword": (lambda a: np.average([1.0, 2.0], weights=[a[1], a[1] * 3]), [0.0, 0.0, 0.0]),
    "interp": (lambda a: np.interp(0.5, [0.0, 1.0], [a[0], a[1]]), [0.5, 0.5, 0.0]),
    "stack": (lambda a: np.sum(np.stack([a[:2], a[1:]])), [1.0, 2.0, 1.0]),
    "std": (lambda a: np.std([a[0], a[1]]), [0.5, -0.5, 0.0]),
}


@pytest.mark.parametrize("case", LISTS.values(), ids=LISTS)
def test_list_of_recorded_numbers(case):
    f, expected = case
    onp.testing.assert_allclose(minpy.grad(f)(X), expected, atol=1e-12)


def test_mean_of_the_losses_of_batches():
    batches = onp.split(onp.arange(6.0), 3)

    def loss(w):
        return np.mean([((w * batch - 1) ** 2).mean() for batch in batches])

    whole = minpy.grad(lambda w: ((w * onp.arange(6.0) - 1) ** 2).mean())(0.7)
    onp.testing.assert_allclose(minpy.grad(loss)(0.7), whole)


# ----- joining by indexing

JOINED = {
    "r_ with a slice": lambda xp, x: xp.r_[x, 1:3, x],
    "r_ with numbers": lambda xp, x: xp.r_[x[0], 5, x[1:], -1.5],
    "r_ with an imaginary step": lambda xp, x: xp.r_[-1:1:3j, x],
    "r_ along an axis": lambda xp, x: xp.r_["1,2,0", x, [1.0, 2.0, 3.0]],
    "r_ stacks": lambda xp, x: xp.r_["0,2", x, x],
    "r_ of one": lambda xp, x: xp.r_[x],
    "r_ of a list": lambda xp, x: xp.r_[[x[0], x[2]], x],
    "c_": lambda xp, x: xp.c_[x, x**2],
    "c_ of matrices": lambda xp, x: xp.c_[x[:, None], M.T, x],
}


@pytest.mark.parametrize("join", JOINED.values(), ids=JOINED)
def test_joining_has_a_gradient(join):
    weights = onp.cos(onp.arange(onp.size(join(onp, X)))).reshape(onp.shape(join(onp, X)))
    vjp, value = minpy.make_vjp(lambda x: join(np, x))(X)
    onp.testing.assert_array_equal(value, join(onp, X))
    assert value.dtype == join(onp, X).dtype
    for i in range(3):
        e = onp.eye(3)[i]
        change = ((join(onp, X + 1e-6 * e) - join(onp, X - 1e-6 * e)) * weights).sum() / 2e-6
        assert vjp(weights)[i].item() == pytest.approx(change, rel=1e-6)


def test_joining_single_precision():
    x = X.astype(onp.float32)
    assert minpy.make_vjp(lambda x: np.r_[x, x])(x)[1].dtype == onp.float32


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_a_matrix_is_refused():
    with pytest.raises(minpy.NoGradientError, match="matrix"):
        minpy.grad(lambda x: np.r_["r", x].sum())(X)


# ----- methods of ufuncs

METHODS = {
    "reduce": lambda xp, m: xp.logaddexp.reduce(m),
    "reduce of all": lambda xp, m: xp.hypot.reduce(m, axis=(0, 1)),
    "reduce with keepdims": lambda xp, m: xp.subtract.reduce(m, axis=1, keepdims=True),
    "reduce of axis -1": lambda xp, m: xp.divide.reduce(m, axis=-1),
    "accumulate": lambda xp, m: xp.maximum.accumulate(m, axis=1),
    "accumulate minima": lambda xp, m: xp.minimum.accumulate(m),
    "accumulate of powers": lambda xp, m: xp.logaddexp.accumulate(m, axis=-1),
    "reduceat": lambda xp, m: xp.add.reduceat(m, [0, 2, 1], axis=1),
    "reduceat of products": lambda xp, m: xp.multiply.reduceat(m, [1, 0], axis=0),
    "reduceat of maxima": lambda xp, m: xp.maximum.reduceat(m, [0, 1], axis=1),
    "outer": lambda xp, m: xp.arctan2.outer(m[0], m[1]),
}


def assert_gradient(f, x, step=1e-6):
    """Compare value and gradient of ``f(xp, x)`` with NumPy's value and differences."""
    expected = onp.asarray(f(onp, x.copy()))
    weights = onp.cos(onp.arange(expected.size)).reshape(expected.shape)
    vjp, value = minpy.make_vjp(lambda x: f(np, x))(x)
    onp.testing.assert_allclose(value, expected, rtol=1e-12)
    numeric = onp.empty(x.shape)
    for i in onp.ndindex(x.shape):
        e = onp.zeros(x.shape)
        e[i] = step
        numeric[i] = ((f(onp, x + e) - f(onp, x - e)) * weights).sum() / (2 * step)
    onp.testing.assert_allclose(vjp(weights), numeric, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("call", METHODS.values(), ids=METHODS)
def test_method_of_a_ufunc(call):
    assert_gradient(call, M)


AT = {
    "maximum": lambda xp, y, x: xp.maximum.at(y, [0, 2], x[1] * 3),
    "named twice": lambda xp, y, x: xp.multiply.at(y, [0, 1, 0, 0], xp.stack([x, x]).ravel()[:4]),
    "a mask": lambda xp, y, x: xp.subtract.at(y, y > 2, 2 * x[0]),
    "one argument": lambda xp, y, x: xp.square.at(y, [1, 1]),
    "add": lambda xp, y, x: xp.add.at(y, [1, 1], x[:2]),
    "put": lambda xp, y, x: xp.put(y, [0, 4], x[:2] * 3, mode="wrap"),
    "put repeats": lambda xp, y, x: xp.put(y, [2, 0, -1], x[1:2]),
    "putmask": lambda xp, y, x: xp.putmask(y, onp.array([True, False, True]), x * 2),
    "putmask repeats": lambda xp, y, x: xp.putmask(y, onp.array([True, False, True]), x[:2]),
    "place": lambda xp, y, x: xp.place(y, onp.array([True, False, True]), x[1:]),
}


@pytest.mark.parametrize("write", AT.values(), ids=AT)
def test_writing_function(write):
    def f(xp, x):
        y = x * 1.5
        write(xp, y, x)
        return y

    assert_gradient(f, X)


# ----- where=

MASK = onp.array([[True, False, True], [True, True, False]])
MASKED = {
    "mean": lambda xp, m: xp.mean(m, where=MASK),
    "mean of rows": lambda xp, m: xp.mean(m, axis=1, where=MASK, keepdims=True),
    "var": lambda xp, m: xp.var(m, axis=1, where=MASK, ddof=1),
    "std": lambda xp, m: xp.std(m, axis=1, where=MASK),
    "mask of one row": lambda xp, m: xp.mean(m, axis=0, where=MASK[1]),
    "nanmean": lambda xp, m: xp.nanmean(m, axis=1, where=MASK),
    "nanmax": lambda xp, m: xp.nanmax(m, axis=1, where=MASK, initial=-9.0),
    "method": lambda xp, m: m.std(where=MASK),
}


@pytest.mark.parametrize("call", MASKED.values(), ids=MASKED)
@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_where(call):
    with onp.errstate(invalid="ignore"):
        if onp.isnan(call(onp, M)).any():
            value = minpy.make_vjp(lambda m: call(np, m))(M)[1]
            onp.testing.assert_allclose(value, call(onp, M))
        else:
            assert_gradient(call, M)


# ----- arrays of objects


def test_elements_of_an_array_of_objects():
    x = np.array([None, 1, "a", (1, 2)], dtype=object)
    assert [x[0], x[1], x[2], x[3]] == [None, 1, "a", (1, 2)]
    assert x[onp.int64(3)] == (1, 2) and list(x) == [None, 1, "a", (1, 2)]
    assert np.array({"w": 1}, dtype=object)[()] == {"w": 1}


def test_a_file_of_objects(tmp_path):
    onp.save(tmp_path / "x.npy", {"w": onp.ones(2)}, allow_pickle=True)
    assert list(np.load(tmp_path / "x.npy", allow_pickle=True)[()]) == ["w"]
