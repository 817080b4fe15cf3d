"""Convolution: against loops, PyTorch and central differences."""

import itertools

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.ops.nn import convolution

from .agreement import both, close, differentiable_twice, drawn, same_as_torch

pytestmark = pytest.mark.usefixtures("numpy_alone")


def naive_conv2d(x, w, b=None, *, stride=1, padding=0, dilation=1, groups=1):
    """Return the definition, window by window."""
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    x = onp.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    n, _, height, width = x.shape
    f, c, kh, kw = w.shape
    rows = (height - dh * (kh - 1) - 1) // sh + 1
    cols = (width - dw * (kw - 1) - 1) // sw + 1
    y = onp.zeros((n, f, rows, cols), x.dtype)
    for k, i, j in itertools.product(range(f), range(rows), range(cols)):
        group = k // (f // groups)
        top, left = i * sh, j * sw
        window = x[:, group * c : (group + 1) * c, top:, left:]
        window = window[:, :, : dh * (kh - 1) + 1 : dh, : dw * (kw - 1) + 1 : dw]
        y[:, k, i, j] = (window * w[k]).sum(axis=(1, 2, 3)) + (0 if b is None else b[k])
    return y


# name -> the shape of x, the shape of w, keywords
CASES = {
    "3x3": ((2, 3, 6, 5), (4, 3, 3, 3), {"padding": 1}),
    "one pixel": ((1, 1, 1, 1), (1, 1, 1, 1), {}),
    "pointwise": ((2, 3, 4, 5), (6, 3, 1, 1), {}),
    "pointwise, padded": ((2, 3, 4, 5), (6, 3, 1, 1), {"padding": 1}),
    "pointwise, groups": ((2, 4, 3, 2), (6, 2, 1, 1), {"groups": 2}),
    "no padding": ((2, 2, 5, 5), (3, 2, 2, 3), {}),
    "window is the image": ((2, 2, 3, 4), (3, 2, 3, 4), {}),
    "even window": ((1, 2, 4, 5), (3, 2, 2, 4), {"padding": 1}),
    "stride": ((2, 3, 7, 8), (2, 3, 3, 3), {"stride": 2, "padding": 1}),
    "stride in one direction": ((2, 3, 7, 8), (2, 3, 3, 3), {"stride": (1, 2)}),
    "stride beyond the window": ((2, 2, 9, 8), (3, 2, 2, 2), {"stride": (4, 3)}),
    "padding beyond the window": ((1, 2, 3, 2), (3, 2, 2, 2), {"padding": (3, 4)}),
    "dilation": ((2, 2, 8, 9), (3, 2, 3, 2), {"dilation": (2, 3), "padding": 2}),
    "dilation and stride": ((1, 2, 9, 9), (2, 2, 2, 3), {"dilation": 2, "stride": 3}),
    "groups": ((2, 4, 5, 5), (6, 2, 3, 3), {"groups": 2, "padding": 1}),
    "depthwise": ((2, 3, 5, 4), (3, 1, 3, 3), {"groups": 3, "padding": 1}),
    "depthwise, stride": ((2, 3, 5, 4), (6, 1, 3, 3), {"groups": 3, "stride": 2}),
    "wide": ((1, 2, 3, 20), (3, 2, 2, 3), {"padding": (0, 1)}),
    "high": ((1, 2, 20, 1), (3, 2, 3, 1), {}),
    "many filters": ((2, 1, 5, 5), (9, 1, 3, 3), {"padding": 1}),
}
BLOCKS = {"all at once": convolution.BLOCK, "some images": 400, "some rows": 60}


def cases():
    return pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@pytest.fixture(params=BLOCKS.values(), ids=BLOCKS)
def block(request, monkeypatch):
    monkeypatch.setattr(convolution, "BLOCK", request.param)


@cases()
def test_definition(case, block):
    x_shape, w_shape, window = case
    x, w, b = drawn(*x_shape), drawn(*w_shape), drawn(w_shape[0])
    close(F.conv2d(x, w, **window), naive_conv2d(x, w, **window), "float64")
    close(F.conv2d(x, w, b, **window), naive_conv2d(x, w, b, **window), "float64")


@cases()
def test_derivatives(case, block):
    x_shape, w_shape, window = case
    differentiable_twice(
        lambda x, w, b: F.conv2d(x, w, b, **window),
        drawn(*x_shape),
        drawn(*w_shape),
        drawn(w_shape[0]),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@cases()
def test_torch(torch, case, dtype):
    x_shape, w_shape, window = case
    same_as_torch(
        torch,
        lambda x, w, b: F.conv2d(x, w, b, **window),
        lambda x, w, b: torch.nn.functional.conv2d(x, w, b, **window),
        drawn(*x_shape, dtype=dtype),
        drawn(*w_shape, dtype=dtype),
        drawn(w_shape[0], dtype=dtype),
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@cases()
def test_kernels_on_torch(torch, case, dtype):
    from minpy.backends.torch import convolution_kernels as on_torch

    x_shape, w_shape, window = case
    window = {"stride": 1, "padding": 0, "dilation": 1} | window
    window = {"groups": 1} | {k: v if k == "groups" else both(v) for k, v in window.items()}
    x, w, b = (drawn(*s, dtype=dtype) for s in (x_shape, w_shape, w_shape[:1]))
    y = convolution._conv2d_on_numpy(x, w, b, **window)
    g = drawn(*y.shape, dtype=dtype)
    tx, tw, tb, tg = map(torch.tensor, (x, w, b, g))
    close(on_torch.nn_conv2d(tx, tw, tb, **window), y, dtype)
    close(
        on_torch.nn_conv2d_input(tg, tw, size=x_shape[2:], **window),
        convolution._conv2d_input_on_numpy(g, w, size=x_shape[2:], **window),
        dtype,
    )
    close(
        on_torch.nn_conv2d_weight(tx, tg, kernel=w_shape[2:], **window),
        convolution._conv2d_weight_on_numpy(x, g, kernel=w_shape[2:], **window),
        dtype,
    )


@pytest.mark.filterwarnings("ignore:Using padding='same' with even:UserWarning")
@pytest.mark.parametrize("kernel", [(3, 3), (2, 4), (1, 5)], ids=str)
@pytest.mark.parametrize("dilation", [1, 2])
def test_same_padding(torch, kernel, dilation):
    same_as_torch(
        torch,
        lambda x, w: F.conv2d(x, w, padding="same", dilation=dilation),
        lambda x, w: torch.nn.functional.conv2d(x, w, padding="same", dilation=dilation),
        drawn(2, 3, 6, 7),
        drawn(4, 3, *kernel),
    )


def test_valid_padding():
    x, w = drawn(1, 2, 5, 5), drawn(3, 2, 3, 3)
    close(F.conv2d(x, w, padding="valid"), naive_conv2d(x, w), "float64")


TRANSPOSED = {
    "plain": ((2, 3, 4, 5), (3, 2, 3, 3), {}),
    "stride": ((2, 3, 4, 5), (3, 2, 3, 2), {"stride": (2, 3)}),
    "output_padding": ((2, 3, 4, 5), (3, 2, 3, 3), {"stride": 2, "output_padding": (1, 0)}),
    "padding": ((1, 2, 4, 4), (2, 3, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    "dilation": ((1, 2, 4, 3), (2, 3, 2, 3), {"dilation": 2, "padding": 1}),
    "groups": ((2, 4, 3, 3), (4, 3, 2, 2), {"groups": 2, "stride": 2}),
    "pointwise": ((2, 4, 3, 3), (4, 3, 1, 1), {}),
}


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_is_the_transpose(case):
    x_shape, w_shape, window = case
    x, w = drawn(*x_shape), drawn(*w_shape)
    y = F.conv_transpose2d(x, w, **window)
    z = drawn(*y.shape)
    window = {k: v for k, v in window.items() if k != "output_padding"}
    there, back = (naive_conv2d(z, w, **window) * x).sum(), (y * z).sum()
    assert there == pytest.approx(back.item(), rel=1e-10)


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_against_torch(torch, case):
    x_shape, w_shape, window = case
    same_as_torch(
        torch,
        lambda x, w, b: F.conv_transpose2d(x, w, b, **window),
        lambda x, w, b: torch.nn.functional.conv_transpose2d(x, w, b, **window),
        drawn(*x_shape),
        drawn(*w_shape),
        drawn(w_shape[1] * window.get("groups", 1)),
    )


@pytest.mark.parametrize("case", TRANSPOSED.values(), ids=TRANSPOSED)
def test_transposed_derivatives(case):
    x_shape, w_shape, window = case
    differentiable_twice(
        lambda x, w: F.conv_transpose2d(x, w, **window), drawn(*x_shape), drawn(*w_shape)
    )


@pytest.mark.parametrize("kernel", [1, 3])
def test_no_images(kernel):
    w = drawn(4, 3, kernel, kernel)
    y, vjp = minpy.make_vjp(lambda x, w: F.conv2d(x, w), (0, 1))(onp.zeros((0, 3, 5, 6)), w)[::-1]
    assert y.shape == (0, 4, 6 - kernel, 7 - kernel)
    g_x, g_w = vjp(onp.zeros(y.shape))
    assert g_x.shape == (0, 3, 5, 6)
    onp.testing.assert_array_equal(g_w, onp.zeros(w.shape))


def test_views_of_any_strides():
    x, w = drawn(5, 6, 3, 4).transpose(1, 2, 0, 3)[::-2, :, ::-1], drawn(3, 3, 3, 4).T[:, ::-1]
    expected = naive_conv2d(x.copy(), w.copy(), padding=1)
    close(F.conv2d(x, w, padding=1), expected, "float64")
    g = minpy.grad(lambda x: (F.conv2d(x, w, padding=1) * 2).sum())(x)
    close(g, minpy.grad(lambda x: (F.conv2d(x, w, padding=1) * 2).sum())(x.copy()), "float64")


def test_arguments_of_two_types():
    x, w = drawn(1, 2, 4, 4, dtype="float32"), drawn(3, 2, 3, 3)
    close(F.conv2d(x, w), naive_conv2d(x.astype(float), w), "float64")
    assert minpy.grad(lambda x: F.conv2d(x, w).sum())(x).dtype == onp.float32


def test_lists_and_integers():
    y = F.conv2d([[[[1, 2], [3, 4]]]], [[[[1, 1]]]])
    assert type(y) is np.ndarray
    close(y, [[[[3.0], [7.0]]]], "float64")


X, W = onp.zeros((8, 3, 10, 10)), onp.zeros((32, 3, 3, 3))


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: F.conv2d(X, onp.zeros((32, 4, 3, 3))),
            r"conv2d: x has 3 channels \(shape \(8, 3, 10, 10\)\), but w of shape \(32, 4, 3, 3\) "
            "with groups=1 takes 4",
        ),
        (lambda: F.conv2d(X, onp.zeros((32, 1, 3, 3)), groups=3), "evenly"),
        (lambda: F.conv2d(X[0], W), r"images \(N, C, H, W\).*\(3, 10, 10\)"),
        (lambda: F.conv2d(X, W[0]), r"four axes.*\(3, 3, 3\)"),
        (lambda: F.conv2d(X, W, groups=0), "groups=0"),
        (lambda: F.conv2d(X, W, onp.zeros(3)), r"b has shape \(3,\).*\(32,\)"),
        (lambda: F.conv2d(X, W, stride=0), "stride is one integer of at least 1 or two, but is 0"),
        (lambda: F.conv2d(X, W, padding=(1, -1)), r"padding is one integer .*\(1, -1\)"),
        (lambda: F.conv2d(X, W, padding="full"), "'same'.*but is 'full'"),
        (lambda: F.conv2d(X, W, padding="same", stride=2), "at stride 1"),
        (lambda: F.conv2d(X, W, dilation=5), r"window of size \(3, 3\).*does not fit"),
        (lambda: F.conv_transpose2d(X, W), "x has 3 channels .* takes 32"),
        (lambda: F.conv_transpose2d(X, W[:3], output_padding=1), "less than stride"),
        (lambda: F.conv_transpose2d(X, W[:3], padding=6), "make the padding smaller"),
    ],
    ids=[f"error-{i}" for i in range(1, 15)],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_complex_images():
    with pytest.raises(TypeError, match="complex128"):
        F.conv2d(X * 1j, W)
