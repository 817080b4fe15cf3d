"""Windows over arrays, shapes changed in place, and CS231n's fast layers, unchanged."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.numpy.lib.stride_tricks import as_strided, sliding_window_view

X = onp.random.default_rng(0).normal(size=(4, 6))


def central_differences(f, x, h=1e-6):
    g = onp.zeros_like(x)
    for i in onp.ndindex(x.shape):
        plus, minus = x.copy(), x.copy()
        plus[i] += h
        minus[i] -= h
        g[i] = (f(plus) - f(minus)) / (2 * h)
    return g


@pytest.mark.parametrize(
    ("f", "theirs"),
    [
        (
            lambda x: as_strided(x, (3, 2, 3), (48, 8, 16)),
            lambda x: onp.lib.stride_tricks.as_strided(x, (3, 2, 3), (48, 8, 16)),
        ),
        (
            lambda x: as_strided(x.T, (6, 4), (8, 48)),
            lambda x: onp.lib.stride_tricks.as_strided(x.T, (6, 4), (8, 48)),
        ),
        (
            lambda x: as_strided(x[:, ::2], (4, 2), (48, 16)),
            lambda x: onp.lib.stride_tricks.as_strided(x[:, ::2], (4, 2), (48, 16)),
        ),
        (
            lambda x: np.lib.stride_tricks.as_strided(x, strides=(48, 0)),
            lambda x: onp.lib.stride_tricks.as_strided(x, strides=(48, 0)),
        ),
        (
            lambda x: sliding_window_view(x, (2, 3)),
            lambda x: onp.lib.stride_tricks.sliding_window_view(x, (2, 3)),
        ),
        (
            lambda x: onp.lib.stride_tricks.sliding_window_view(x, 4, axis=1),
            lambda x: onp.lib.stride_tricks.sliding_window_view(x, 4, axis=1),
        ),
    ],
)
def test_windows_have_gradients(f, theirs):
    expected = theirs(X)
    onp.testing.assert_array_equal(f(np.array(X)).asnumpy(), expected)
    weights = onp.random.default_rng(1).normal(size=expected.shape)

    def loss(x):
        return np.sum(weights * f(x) ** 3)

    value, g = minpy.value_and_grad(loss)(np.array(X))
    assert value.item() == pytest.approx((weights * expected**3).sum())
    numeric = central_differences(lambda x: (weights * theirs(x) ** 3).sum(), X)
    onp.testing.assert_allclose(g.asnumpy(), numeric, rtol=1e-6, atol=1e-8)
    minpy.gradcheck(lambda x: np.sum(minpy.grad(loss)(x) ** 2), np.array(X))


def test_of_a_plain_array_windows_are_views():
    x = np.array(X)
    windows = as_strided(x, (3, 2), (48, 8))
    x[0, 0] = 7.0
    assert windows[0, 0].item() == 7.0
    assert onp.shares_memory(windows.asnumpy(), x.asnumpy())


@pytest.mark.parametrize(
    ("shape", "strides"), [((4, 7), (48, 8)), ((2, 2), (48, 4)), ((2,), (-8,)), ((5, 6), (48, 8))]
)
def test_places_outside_of_a_recorded_array_are_refused(shape, strides):
    with pytest.raises(ValueError, match="reach outside of the recorded array"):
        minpy.grad(lambda x: np.sum(as_strided(x, shape, strides)))(np.array(X))


def test_the_rest_of_numpys_lib_is_there():
    assert np.lib.NumpyVersion is onp.lib.NumpyVersion


# ---------------------------------------------------------------------------- shapes in place


def test_a_shape_is_changed_in_place():
    def loss(x):
        y = x * 2
        y.shape = (3, 8)
        assert y.shape == (3, 8)
        z = y[1:]
        return np.sum(z**2) + np.sum(y)

    def by_reshape(x):
        y = np.reshape(x * 2, (3, 8))
        return np.sum(y[1:] ** 2) + np.sum(y)

    x = np.array(X)
    onp.testing.assert_array_equal(minpy.grad(loss)(x), minpy.grad(by_reshape)(x))
    assert x.shape == (4, 6)
    x.shape = -1
    assert x.shape == (24,)
    x.shape = (2, 12)
    x[1, 0] = 5.0
    assert x.asnumpy()[1, 0] == 5.0


def test_the_shape_of_an_argument_changes_for_the_function_alone():
    def loss(x):
        x.shape = (24,)
        return np.sum(x[:3] ** 2)

    x = np.array(X)
    g = minpy.grad(loss)(x)
    assert g.shape == x.shape == (4, 6)
    onp.testing.assert_array_equal(g.asnumpy()[0, :3], 2 * X[0, :3])


def test_the_shape_of_a_view_is_changed_in_place():
    def loss(x):
        y = x * 1
        view = y[1:3]
        view.shape = (12,)
        view[0] = 10.0  # of y[1, 0]
        y[1, 1] = 20.0
        assert (view[0].item(), view[1].item()) == (10.0, 20.0)
        return np.sum(y**2) + np.sum(view * 3)

    g = minpy.grad(loss)(np.array(X)).asnumpy()
    expected = 2 * X
    expected[1:3] += 3
    expected[1, :2] = 0
    onp.testing.assert_allclose(g, expected)


def test_shapes_that_cannot_be_changed_in_place():
    y = np.array(X).T
    with pytest.raises(AttributeError, match=r"not in one piece.*write x = x.reshape"):
        y.shape = (24,)
    with pytest.raises(AttributeError, match="not in one piece"):
        minpy.grad(lambda x: setattr(x.T, "shape", (24,)))(np.array(X))
    x = np.array(X)
    row = x[0]
    with pytest.raises(AttributeError, match="while there are views of it"):
        x.shape = (24,)
    assert x.shape == (4, 6)
    del row
    x.shape = (24,)
    with pytest.raises(ValueError, match="reshape"):
        x.shape = (5, 5)
    assert x.shape == (24,)


# ---------------------------------------------------------------------------- a homework, unchanged


def conv_forward_strides(x, w, b, stride, pad):
    """Convolve as CS231n's fast_layers.py does."""
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x_padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    H += 2 * pad
    W += 2 * pad
    out_h = (H - HH) // stride + 1
    out_w = (W - WW) // stride + 1
    shape = (C, HH, WW, N, out_h, out_w)
    strides = (H * W, W, 1, C * H * W, stride * W, stride)
    strides = x.itemsize * np.array(strides)
    x_stride = np.lib.stride_tricks.as_strided(x_padded, shape=shape, strides=strides)
    x_cols = np.ascontiguousarray(x_stride)
    x_cols.shape = (C * HH * WW, N * out_h * out_w)
    res = w.reshape(F, -1).dot(x_cols) + b.reshape(-1, 1)
    res.shape = (F, N, out_h, out_w)
    return np.ascontiguousarray(res.transpose(1, 0, 2, 3))


@pytest.mark.parametrize(("stride", "pad"), [(1, 1), (2, 0), (2, 1)])
def test_a_convolution_by_strides(stride, pad):
    rng = onp.random.default_rng(2)
    arrays = [np.array(rng.normal(size=shape)) for shape in ((2, 3, 7, 7), (4, 3, 3, 3), (4,))]
    F = minpy.nn.functional

    def by_strides(x, w, b):
        return np.sum(np.sin(conv_forward_strides(x, w, b, stride, pad)))

    def by_kernel(x, w, b):
        return np.sum(np.sin(F.conv2d(x, w, b, stride=stride, padding=pad)))

    found = minpy.value_and_grad(by_strides, argnum=(0, 1, 2))(*arrays)
    expected = minpy.value_and_grad(by_kernel, argnum=(0, 1, 2))(*arrays)
    assert found[0].item() == pytest.approx(expected[0].item())
    for g, e in zip(found[1], expected[1], strict=True):
        onp.testing.assert_allclose(g.asnumpy(), e.asnumpy(), rtol=1e-9, atol=1e-12)


def test_the_product_of_a_plain_array_says_what_to_write():
    with pytest.raises(minpy.ImplicitExitError, match=r"plain\.dot\(x\).*write plain @ x"):
        minpy.grad(lambda x: np.sum(X.dot(x)))(np.array(X.T))
    g = minpy.grad(lambda x: np.sum(X @ x))(np.array(X.T))
    onp.testing.assert_allclose(g.asnumpy(), X.T @ onp.ones((4, 4)))


# ---------------------------------------------------------------------------- what computes nothing


def test_questions_about_arrays_are_no_fallback():
    pytest.importorskip("torch", reason="needs PyTorch")
    with minpy.use_policy("only_torch"):
        x, n = np.ones((2, 3), dtype="float32"), np.array(2)
        assert (np.shape(x), np.ndim(x), np.size(x), np.size(x, 1)) == ((2, 3), 2, 6, 3)
        assert np.result_type(x, "float64") == onp.result_type(onp.ones(3, "f4"), "float64")
        assert np.result_type(x, n) == onp.result_type(onp.ones((2, 3), "f4"), onp.array(2))
        assert np.can_cast(x.dtype, "float64")
        assert (np.isscalar(x), np.iterable(x)) == (False, True)
        assert (np.iscomplexobj(x), np.isrealobj(x)) == (False, True)
        assert np.common_type(x, x) is onp.float32
        assert minpy.grad(lambda x: np.sum(x) * np.size(x))(x)[0, 0].item() == 6.0


@pytest.mark.parametrize("policy", ["only_torch", "prefer_torch"])
def test_windows_of_arrays_of_pytorch(policy):
    pytest.importorskip("torch", reason="needs PyTorch")
    with minpy.use_policy(policy):
        x = np.array(X)
        windows = sliding_window_view(x, (2, 3))
        assert isinstance(windows, np.ndarray) and windows.shape == (3, 4, 2, 3)
        g = minpy.grad(lambda x: np.sum(as_strided(x, (3, 2), (48, 8))))(x)
        assert g.asnumpy().sum() == 6
        y = x * 1
        y.shape = (24,)
        y[0] = 3.0
        assert (y.shape, y[0].item()) == ((24,), 3.0)
