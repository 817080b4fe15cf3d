"""Upsampling: against PyTorch, what it is of single pixels, and central differences."""

import numpy as onp
import pytest

from minpy.nn import functional as F
from minpy.ops.nn import resampling

from .agreement import close, differentiable_twice, drawn, same_as_torch

pytestmark = pytest.mark.usefixtures("numpy_alone")


MODES = {
    "nearest": {"mode": "nearest"},
    "bilinear": {"mode": "bilinear"},
    "corners": {"mode": "bilinear", "align_corners": True},
}
SIZES = {
    "twice": ((2, 3, 4, 5), {"scale_factor": 2}),
    "each its own": ((2, 3, 4, 5), {"scale_factor": (3.0, 1.5)}),
    "odd factor": ((1, 2, 7, 10), {"scale_factor": 1.7}),
    "smaller": ((2, 3, 9, 8), {"scale_factor": 0.4}),
    "to a size": ((2, 3, 4, 5), {"size": (7, 3)}),
    "to a pixel": ((2, 3, 4, 5), {"size": 1}),
    "from a pixel": ((2, 3, 1, 1), {"size": (3, 2)}),
    "the same": ((2, 3, 4, 5), {"size": (4, 5)}),
    "no images": ((0, 3, 4, 5), {"size": 6}),
}

modes = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
sizes = pytest.mark.parametrize("case", SIZES.values(), ids=SIZES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@modes
@sizes
def test_torch(torch, case, mode, dtype):
    shape, size = case
    same_as_torch(
        torch,
        lambda x: F.upsample(x, **size, **mode),
        lambda x: torch.nn.functional.interpolate(x, **size, **mode),
        drawn(*shape, dtype=dtype),
    )


@modes
@pytest.mark.parametrize("size", [{"scale_factor": 1.7}, {"size": (7, 3)}, {"size": 1}], ids=str)
def test_derivatives(size, mode):
    differentiable_twice(lambda x: F.upsample(x, **size, **mode) ** 2, drawn(2, 3, 4, 5))


HOW = {
    "nearest": ("nearest", None),
    "nearest, factor": ("nearest", (1.5, 0.75)),
    "bilinear": ("bilinear", None, False),
    "bilinear, factor": ("bilinear", (1.5, 0.75), False),
    "corners": ("bilinear", None, True),
    "shares": ("shares",),
    "windows": ("windows", (2, 3), (1, 2), (1, 1), True, False),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_kernels_on_torch(torch, how, dtype):
    from minpy.backends.torch import convolution_kernels as on_torch

    x = drawn(2, 3, 5, 8, dtype=dtype)
    size = (6, 5) if how[0] == "windows" else (7, 6)
    y = resampling._resample2d_on_numpy(x, size=size, how=how)
    close(on_torch.nn_resample2d(torch.tensor(x), size=size, how=how), y, dtype)
    g = drawn(*y.shape, dtype=dtype)
    close(
        on_torch.nn_resample2d_input(torch.tensor(g), size=(5, 8), how=how),
        resampling._resample2d_input_on_numpy(g, size=(5, 8), how=how),
        dtype,
    )


def test_nearest_repeats():
    x = drawn(2, 3, 4, 5)
    close(F.upsample(x, scale_factor=(2, 3)), x.repeat(2, axis=2).repeat(3, axis=3), "float64")


@pytest.mark.parametrize("align_corners", [False, True])
def test_bilinear_keeps_planes(align_corners):
    rows, cols = onp.mgrid[:4, :5] * 1.0
    y = F.upsample((2 * rows + cols)[None, None], 9, None, "bilinear", align_corners)[0, 0]
    steps = onp.diff(y.asnumpy()[2:-2, 2:-2], axis=0)
    onp.testing.assert_allclose(steps, 2 * (3 / 8 if align_corners else 4 / 9), rtol=1e-12)


@modes
def test_an_infinity_stays_where_it_is(mode):
    x = onp.ones((1, 1, 6, 6))
    x[0, 0, 0, 0] = -onp.inf
    x[0, 0, 5, 5] = onp.nan
    y = F.upsample(x, 12, **mode)[0, 0].asnumpy()
    assert y[0, 0] == -onp.inf
    assert onp.isnan(y[-1, -1])
    onp.testing.assert_allclose(y[3:9, 3:9], 1, rtol=1e-12)
    onp.testing.assert_allclose(y[3:, :3], 1, rtol=1e-12)


X = onp.zeros((2, 3, 4, 5))
ERRORS = [
    (lambda: F.upsample(X[0], 2), r"upsample takes images .*\(3, 4, 5\)"),
    (lambda: F.upsample(X), "either a size or a scale_factor, but got None and None"),
    (lambda: F.upsample(X, 2, 2), "either a size or a scale_factor"),
    (lambda: F.upsample(X, 2, mode="cubic"), "mode='cubic'"),
    (lambda: F.upsample(X, 2, align_corners=True), "align_corners=True"),
    (lambda: F.upsample(X, scale_factor=0.1), r"at least 1 or two, but is \(0, 0\)"),
]


@pytest.mark.parametrize("call, message", ERRORS, ids=[f"error-{i}" for i in range(len(ERRORS))])
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
