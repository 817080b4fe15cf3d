"""Keywords and views that NumPy has and that are easily lost on the way."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

X = onp.arange(6.0).reshape(2, 3)
NUMPY_2_1 = onp.lib.NumpyVersion(onp.__version__) >= "2.1.0"


ORDERS = {
    "array": lambda np, x: np.array(x, order="F"),
    "asarray": lambda np, x: np.asarray(x, order="F"),
    "copy": lambda np, x: np.copy(x, order="F"),
    "x.copy": lambda np, x: x.T.copy(),
    "x.astype": lambda np, x: x.astype(float, order="F"),
    "full": lambda np, x: np.full((2, 3), x[0, 0], order="F"),
    "full_like": lambda np, x: np.full_like(x.T, x[0, 0]),
    "full_like shape": lambda np, x: np.full_like(x, x[0, 1], shape=[4, 2], order="F"),
    "full of rows": lambda np, x: np.full([2, 3], x[1]),
    "ascontiguousarray": lambda np, x: np.ascontiguousarray(x.T),
}


@pytest.mark.parametrize("name", ORDERS)
def test_memory_order_is_followed(name, run):
    make = ORDERS[name]
    expected = make(onp, X)

    def check(x):
        found = make(np, x)
        assert minpy.is_recorded(found) == minpy.is_recorded(x)
        onp.testing.assert_array_equal(found.asnumpy(), expected)
        assert found.flags.c_contiguous == expected.flags.c_contiguous
        assert found.flags.f_contiguous == expected.flags.f_contiguous

    run(check, X)


def test_a_gradient_passes_a_change_of_memory_order():
    weights = onp.arange(6.0).reshape(2, 3)
    for order in "CF":
        g = minpy.grad(lambda x, order=order: np.sum(np.array(x.T, order=order).T * weights))(X)
        onp.testing.assert_array_equal(g.asnumpy(), weights)


@pytest.mark.parametrize("name", ["array", "asarray", "ascontiguousarray", "full", "full_like"])
def test_unknown_keywords_are_refused(name, run):
    def check(x):
        args = {"full": (3, x[0, 0]), "full_like": (x, x[0, 0])}.get(name, (x,))
        with pytest.raises(TypeError, match="bogus"):
            getattr(np, name)(*args, bogus=1)

    run(check, X)


@pytest.mark.skipif(onp.__version__ < "2", reason="asarray has no copy in NumPy 1")
def test_asarray_refuses_a_copy_that_it_would_have_to_make():
    x = np.array(X)
    assert np.asarray(x, copy=False) is x
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, dtype="f4", copy=False)


@pytest.mark.skipif(not NUMPY_2_1, reason="reshape has no copy before NumPy 2.1")
def test_reshape_with_copy(run):
    def check(x):
        view = np.reshape(x, (3, 2), copy=False)
        fresh = np.reshape(x, (3, 2), copy=True)
        x[0, 0] = 7.0
        assert view[0, 0] == 7.0 and fresh[0, 0] == 0.0
        with pytest.raises(ValueError, match="copy"):
            np.reshape(x.T, 6, copy=False)

    run(check, X)


def test_subok_is_followed(run):
    run(lambda x: np.broadcast_to(x, (2, 2, 3), subok=True).asnumpy(), X)


@pytest.mark.filterwarnings("ignore:Indexing flat iterators:DeprecationWarning")  # NumPy 2.4
@pytest.mark.parametrize("index", [True, False])
def test_a_truth_value_as_flat_index(index, run):
    changed = X.copy()
    changed.flat[index] = 5.0

    def check(x):
        onp.testing.assert_array_equal(x.flat[index].asnumpy(), X.flat[index])
        x.flat[index] = 5.0
        onp.testing.assert_array_equal(x.asnumpy(), changed)

    run(check, X)


def test_parts_of_complex_numbers_are_written_from_lists(run):
    def check(z):
        z.imag = [1.0, 2.0]
        z.real = [3, 4]
        assert z.asnumpy().tolist() == [3 + 1j, 4 + 2j]

    run(check, onp.zeros(2, complex))


@pytest.mark.parametrize("subscripts", ["ii->i", "ij->ji", "i...->i..."])
def test_what_is_written_through_a_view_of_einsum_is_written(subscripts, run):
    square = onp.ones((3, 3))
    onp.einsum(subscripts, square)[...] = 0.5

    def check(x):
        np.einsum(subscripts, x)[...] = 0.5
        onp.testing.assert_array_equal(x.asnumpy(), square)

    run(check, onp.ones((3, 3)))


def test_the_gradient_of_a_write_through_a_view_of_einsum():
    def f(x):
        y = x * 1.0
        np.einsum("ii->i", y)[...] = 0.0
        return np.sum(y)

    g = minpy.grad(f)(onp.ones((3, 3))).asnumpy()
    onp.testing.assert_array_equal(g, 1 - onp.eye(3))


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4), (1, 4)])
def test_trim_zeros_of_several_axes(shape, run):
    box = onp.zeros(shape)
    box[..., 1:3] = 2.0

    def check(x):
        try:
            expected = onp.trim_zeros(box)
        except ValueError:  # until NumPy 2.2 it takes one axis
            with pytest.raises(ValueError):
                np.trim_zeros(x)
        else:
            onp.testing.assert_array_equal(np.trim_zeros(x).asnumpy(), expected)

    run(check, box)


@pytest.mark.skipif(onp.__version__ < "2", reason="NumPy 1 has no vecdot")
def test_vecdot_does_not_broadcast_its_vectors(run):
    def check(x):
        with pytest.raises(ValueError):
            np.vecdot(x, x[:, :1])

    run(check, X)


def test_take_refuses_indices_that_are_not_integers(run):
    def check(x):
        with pytest.raises(TypeError):
            np.take(x, np.array(1.0))

    run(check, X)


def test_diff_differentiates_what_is_prepended():
    g = minpy.grad(lambda a: np.sum(np.diff(onp.arange(3.0), prepend=a, append=2 * a) ** 2))(1.3)
    onp.testing.assert_allclose(g.asnumpy(), 2 * 1.3 + 4 * (2 * 1.3 - 2))


def test_fftn_along_an_axis_named_twice(run):
    expected = onp.fft.fftn(X, s=(5, 4), axes=(0, 0))
    run(
        lambda x: onp.testing.assert_allclose(
            np.fft.fftn(x, s=(5, 4), axes=(0, 0)).asnumpy(), expected
        ),
        X,
    )
