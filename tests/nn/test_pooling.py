"""Pooling: against loops, PyTorch and central differences."""

import itertools

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.ops.nn import pooling

from .agreement import both, close, differentiable_twice, drawn, same_as_torch

pytestmark = pytest.mark.usefixtures("numpy_alone")


# name -> the shape of x, the size of windows, keywords
WINDOWS = {
    "side by side": ((2, 3, 6, 4), 2, {}),
    "a pixel": ((2, 1, 1, 1), 1, {}),
    "pixels left over": ((2, 3, 7, 5), 2, {}),
    "overlapping": ((2, 3, 7, 8), 3, {"stride": 2}),
    "overlapping, padded": ((2, 3, 7, 8), 3, {"stride": 2, "padding": 1}),
    "all the image": ((2, 3, 4, 5), (4, 5), {}),
    "gaps": ((2, 3, 9, 9), 2, {"stride": (4, 3)}),
    "not square": ((2, 3, 6, 8), (2, 3), {"stride": (1, 2), "padding": (0, 1)}),
    "ceil_mode": ((2, 3, 6, 8), 3, {"stride": 2, "ceil_mode": True}),
    "ceil_mode, padded": ((2, 3, 6, 8), 3, {"stride": 2, "padding": 1, "ceil_mode": True}),
    "ceil_mode, nothing there": ((1, 1, 3, 4), 1, {"stride": 2, "ceil_mode": True}),
    "no images": ((0, 3, 4, 4), 2, {}),
    "no channels": ((3, 0, 4, 4), 2, {}),
}
DILATED = {
    "dilation": ((2, 3, 8, 9), (3, 2), {"dilation": (2, 3), "stride": 1}),
    "dilation, padded": ((1, 2, 7, 7), 3, {"dilation": 2, "padding": 1}),
    "dilation, ceil_mode": ((1, 2, 8, 7), 2, {"dilation": 3, "stride": 3, "ceil_mode": True}),
}
SHARES = {
    "even": ((2, 3, 6, 4), (3, 2)),
    "uneven": ((2, 3, 7, 5), (3, 2)),
    "more than pixels": ((2, 2, 3, 2), (5, 3)),
    "one": ((2, 3, 4, 5), 1),
    "as many": ((2, 3, 4, 5), (4, 5)),
    "no images": ((0, 3, 4, 4), 3),
}


def over(cases):
    return pytest.mark.parametrize("case", cases.values(), ids=cases)


def pixels_of_windows(x, size, stride=None, padding=0, dilation=1):
    """Yield the place of each window that lies inside the padding, and its pixels."""
    (kh, kw), (sh, sw), (dh, dw) = both(size), both(stride or size), both(dilation)
    top, left = both(padding)
    rows = range(-top, x.shape[2] + top - dh * (kh - 1), sh)
    cols = range(-left, x.shape[3] + left - dw * (kw - 1), sw)
    for (i, row), (j, col) in itertools.product(enumerate(rows), enumerate(cols)):
        inside = [
            x[:, :, r, c]
            for r, c in itertools.product(
                range(row, row + dh * kh, dh), range(col, col + dw * kw, dw)
            )
            if 0 <= r < x.shape[2] and 0 <= c < x.shape[3]
        ]
        yield (slice(None), slice(None), i, j), onp.stack(inside, -1)


def floored(cases):
    return over({k: v for k, v in cases.items() if not v[2].get("ceil_mode")})


def filled(cases):
    return over({k: v for k, v in cases.items() if 0 not in v[0]})


@floored(WINDOWS | DILATED)
def test_max_is_the_largest(case):
    shape, size, window = case
    x = drawn(*shape)
    y = F.max_pool2d(x, size, **window).asnumpy()
    assert y.size or not x.size
    places = set()
    for place, pixels in pixels_of_windows(x, size, **window):
        onp.testing.assert_array_equal(y[place], pixels.max(axis=-1))
        places.add(place[2:])
    assert places == set(onp.ndindex(y.shape[2:]))


@floored(WINDOWS)
def test_avg_is_the_mean(case):
    shape, size, window = case
    x = drawn(*shape)
    y = F.avg_pool2d(x, size, **window).asnumpy()
    without = F.avg_pool2d(x, size, **window, count_include_pad=False).asnumpy()
    kernel = both(size)
    for place, pixels in pixels_of_windows(x, size, **window):
        onp.testing.assert_allclose(without[place], pixels.mean(axis=-1), rtol=1e-10)
        onp.testing.assert_allclose(
            y[place], pixels.sum(axis=-1) / (kernel[0] * kernel[1]), rtol=1e-10
        )


@filled(WINDOWS | DILATED)
def test_max_derivatives(case):
    shape, size, window = case
    differentiable_twice(lambda x: F.max_pool2d(x, size, **window) ** 2, drawn(*shape))


@filled(WINDOWS)
@pytest.mark.parametrize("count_include_pad", [True, False])
def test_avg_derivatives(case, count_include_pad):
    shape, size, window = case
    window = window | {"count_include_pad": count_include_pad}
    differentiable_twice(lambda x: F.avg_pool2d(x, size, **window) ** 2, drawn(*shape))


@filled(SHARES)
@pytest.mark.parametrize("pool", [F.adaptive_max_pool2d, F.adaptive_avg_pool2d])
def test_adaptive_derivatives(case, pool):
    shape, size = case
    differentiable_twice(lambda x: pool(x, size) ** 2, drawn(*shape))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@over({k: v for k, v in (WINDOWS | DILATED).items() if k != "no channels"})  # which PyTorch refuses
def test_max_against_torch(torch, case, dtype):
    shape, size, window = case
    x = drawn(*shape, dtype=dtype)
    theirs = torch.nn.functional.max_pool2d
    same_as_torch(
        torch, lambda x: F.max_pool2d(x, size, **window), lambda x: theirs(x, size, **window), x
    )
    _, found = F.max_pool2d(x, size, **window, return_indices=True)
    _, expected = theirs(torch.tensor(x), size, **window, return_indices=True)
    onp.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count_include_pad", [True, False])
@over({k: v for k, v in WINDOWS.items() if k != "no channels"})
def test_avg_against_torch(torch, case, count_include_pad, dtype):
    shape, size, window = case
    window = window | {"count_include_pad": count_include_pad}
    same_as_torch(
        torch,
        lambda x: F.avg_pool2d(x, size, **window),
        lambda x: torch.nn.functional.avg_pool2d(x, size, **window),
        drawn(*shape, dtype=dtype),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["max", "avg"])
@over(SHARES)
def test_adaptive_against_torch(torch, case, kind, dtype):
    shape, size = case
    name = f"adaptive_{kind}_pool2d"
    same_as_torch(
        torch,
        lambda x: getattr(F, name)(x, size),
        lambda x: getattr(torch.nn.functional, name)(x, size),
        drawn(*shape, dtype=dtype),
    )


@over({k: v for k, v in (WINDOWS | DILATED).items() if k != "no channels"})
def test_kernels_on_torch(torch, case):
    from minpy.backends.torch import convolution_kernels as on_torch

    shape, size, window = case
    given = {"stride": size, "padding": 0, "dilation": 1, "ceil_mode": False} | window
    static = {"kernel": both(size), "ceil_mode": given.pop("ceil_mode")}
    static |= {key: both(value) for key, value in given.items()}
    x = drawn(*shape)
    values, indices = pooling._max_pool2d_on_numpy(x, **static)
    found = on_torch.nn_max_pool2d(torch.tensor(x), **static)
    close(found[0], values, "float64")
    onp.testing.assert_array_equal(found[1], indices)
    g, positions = torch.tensor(drawn(*values.shape)), torch.tensor(indices)
    close(
        on_torch.nn_unpool(g, positions, size=shape[2:]),
        pooling._unpool_on_numpy(g.numpy(), indices, size=shape[2:]),
        "float64",
    )
    close(on_torch.nn_pick(torch.tensor(x), positions), values, "float64")


@over(SHARES)
def test_adaptive_kernel_on_torch(torch, case):
    from minpy.backends.torch import convolution_kernels as on_torch

    shape, size = case
    x = drawn(*shape)
    values, indices = pooling._adaptive_max_pool2d_on_numpy(x, size=both(size))
    found = on_torch.nn_adaptive_max_pool2d(torch.tensor(x), size=both(size))
    close(found[0], values, "float64")
    onp.testing.assert_array_equal(found[1], indices)


POOLS = {
    "max_pool2d": lambda x: F.max_pool2d(x, 2),
    "adaptive_max_pool2d": lambda x: F.adaptive_max_pool2d(x, 2),
}


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_the_first_of_equals_gets_the_gradient(pool):
    x = onp.zeros((1, 1, 4, 4))
    g = minpy.grad(lambda x: pool(x).sum())(x)
    expected = onp.zeros((4, 4))
    expected[::2, ::2] = 1
    onp.testing.assert_array_equal(g[0, 0], expected)


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_nan_and_infinities(pool):
    x = onp.arange(16.0).reshape(1, 1, 4, 4)
    x[0, 0, 0, 0] = onp.nan
    x[0, 0, 1, 1] = onp.inf
    x[0, 0, 2:, :2] = -onp.inf
    onp.testing.assert_array_equal(pool(x)[0, 0], [[onp.nan, 7], [-onp.inf, 15]])
    g = minpy.grad(lambda x: pool(x).sum())(x)
    assert [g[(0, 0, *i)].item() for i in [(0, 0), (1, 3), (2, 0), (3, 3)]] == [1, 1, 1, 1]
    assert g.sum() == 4


def test_padding_never_wins():
    x = onp.full((1, 1, 4, 4), -onp.inf)
    y, indices = F.max_pool2d(x, 3, stride=2, padding=1, return_indices=True)
    onp.testing.assert_array_equal(y, onp.full((1, 1, 2, 2), -onp.inf))
    onp.testing.assert_array_equal(indices[0, 0], [[0, 1], [4, 5]])


def test_many_pixels_in_a_window():
    x = onp.arange(2.0 * 20 * 20).reshape(1, 2, 20, 20)
    _, indices = F.max_pool2d(x, 20, return_indices=True)
    onp.testing.assert_array_equal(indices.reshape(-1), [399, 399])


def test_a_nan_stays_in_its_window():
    x = onp.ones((1, 1, 4, 4))
    x[0, 0, 0, 0] = onp.nan
    x[0, 0, 0, 3] = onp.inf
    onp.testing.assert_array_equal(F.avg_pool2d(x, 2)[0, 0], [[onp.nan, onp.inf], [1, 1]])


def test_global():
    x = drawn(2, 3, 4, 5)
    close(F.global_max_pool2d(x), x.max(axis=(2, 3), keepdims=True), "float64")
    close(F.global_avg_pool2d(x), x.mean(axis=(2, 3), keepdims=True), "float64")


def test_indices_are_constants():
    def loss(x):
        values, indices = F.max_pool2d(x, 2, return_indices=True)
        assert not minpy.is_recorded(indices)
        return (values * indices).sum()

    x = drawn(1, 1, 4, 4)
    _, indices = F.max_pool2d(x, 2, return_indices=True)
    g = minpy.grad(loss)(x)
    onp.testing.assert_array_equal(g.reshape(-1)[indices.reshape(-1)], indices.reshape(-1))


def test_strided_views():
    x = drawn(6, 5, 3, 2).transpose(3, 2, 0, 1)[:, ::-1, :, ::2]
    for pool in (F.max_pool2d, F.avg_pool2d):
        g = minpy.grad(lambda x, pool=pool: (pool(x, 2) ** 2).sum())
        close(pool(x, 2), pool(x.copy(), 2), "float64")
        close(g(x), g(x.copy()), "float64")


def test_lists_and_integers():
    y = F.max_pool2d([[[[1, 2], [3, 4]]]], 2)
    assert type(y) is np.ndarray
    close(y, [[[[4.0]]]], "float64")


X = onp.zeros((2, 3, 4, 5))
ERRORS = [
    (lambda: F.max_pool2d(X[0], 2), r"max_pool2d takes images \(N, C, H, W\).*\(3, 4, 5\)"),
    (lambda: F.avg_pool2d(X[..., :0], 2), r"\(2, 3, 4, 0\)"),
    (lambda: F.max_pool2d(X, 0), "kernel_size is one integer of at least 1 or two, but is 0"),
    (lambda: F.max_pool2d(X, 2, stride=1.5), "stride is one integer .* 1.5"),
    (lambda: F.avg_pool2d(X, 2, padding=2), r"padding \(2, 2\) is more than half of .*\(2, 2\)"),
    (lambda: F.max_pool2d(X, 5), r"window of size \(5, 5\).*does not fit into .*\(2, 3, 4, 5\)"),
    (lambda: F.adaptive_avg_pool2d(X, (2, 2, 2)), "output_size is one integer"),
]


@pytest.mark.parametrize("call, message", ERRORS, ids=[f"error-{i}" for i in range(len(ERRORS))])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
