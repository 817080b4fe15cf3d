"""Layers for images and words under the course's names, and residual blocks."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers

from ..agreement import close, drawn, same_as_torch


def conv_by_loops(x, w, b, stride, pad):
    n, _, height, width = x.shape
    filters, _, hh, ww = w.shape
    x = onp.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    rows, cols = 1 + (height + 2 * pad - hh) // stride, 1 + (width + 2 * pad - ww) // stride
    out = onp.zeros((n, filters, rows, cols))
    for i, f, r, c in onp.ndindex(out.shape):
        window = x[i, :, r * stride : r * stride + hh, c * stride : c * stride + ww]
        out[i, f, r, c] = (window * w[f]).sum() + b[f]
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("conv_param", [{"stride": 1, "pad": 1}, {"stride": 2, "pad": 0}], ids=str)
def test_conv_by_definition(conv_param, dtype):
    x, w, b = drawn(2, 3, 5, 6, dtype=dtype), drawn(4, 3, 3, 3, dtype=dtype), drawn(4, dtype=dtype)
    close(layers.conv(x, w, b, **conv_param), conv_by_loops(x, w, b, **conv_param), dtype)


def pool_by_loops(x, reduce, pool_height, pool_width, stride):
    rows, cols = (x.shape[2] - pool_height) // stride + 1, (x.shape[3] - pool_width) // stride + 1
    out = onp.zeros((*x.shape[:2], rows, cols))
    for i, c, row, col in onp.ndindex(out.shape):
        top, left = row * stride, col * stride
        out[i, c, row, col] = reduce(x[i, c, top : top + pool_height, left : left + pool_width])
    return out


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, reduce", [("max_pool", onp.max), ("avg_pool", onp.mean)])
def test_pooling_by_definition(name, reduce, dtype):
    x = drawn(2, 3, 6, 6, dtype=dtype)
    for pool_param in (
        {"pool_height": 2, "pool_width": 2, "stride": 2},
        {"pool_height": 3, "pool_width": 2, "stride": 1},
    ):
        found = getattr(layers, name)(x, **pool_param)
        close(found, pool_by_loops(x, reduce, **pool_param), dtype)
    close(getattr(layers, name)(x), pool_by_loops(x, reduce, 2, 2, 2), dtype)


def test_global_avg_pool():
    x = drawn(2, 3, 4, 5)
    close(layers.global_avg_pool(x), [[plane.mean() for plane in image] for image in x], "float64")


def test_gradients_of_a_small_network():
    def loss(x, w, b, words):
        x = layers.max_pool(layers.relu(layers.conv(x, w, b, pad="same")))
        vectors = layers.word_embedding([[0, 2], [1, 2]], words)
        return np.sum(layers.global_avg_pool(layers.avg_pool(x)) ** 2) + np.sum(vectors**2)

    report = minpy.gradcheck(
        loss, drawn(2, 2, 4, 4), drawn(3, 2, 3, 3), drawn(3), drawn(3, 4), tolerance=1e-4
    )
    assert report, report


def test_word_embedding():
    W = drawn(5, 3)
    words = onp.array([[0, 4], [1, 1]])
    close(layers.word_embedding(words, W), [[W[i] for i in row] for row in words], "float64")
    with pytest.raises(IndexError, match=r"indices\[0\] is 5, but there are 5 rows"):
        layers.word_embedding([5], W)


# ---------------------------------------------------------------------------- residual blocks


def bumpy(params, dtype="float64"):
    return {
        name: drawn(*p.shape, dtype=dtype, seed=i) * 0.5 + ("gamma" in name)
        for i, (name, p) in enumerate(params.items())
    }


def block_of_torch(torch, x, params, averages, training, stride):
    """The block of He et al., written with PyTorch's functions."""

    def convolved(x, which, stride, padding):
        x = torch.nn.functional.conv2d(x, params["w" + which], None, stride, padding)
        mean, var = (torch.from_numpy(averages[kind + which].copy()) for kind in ("mean", "var"))
        scales = params["gamma" + which], params["beta" + which]
        return torch.nn.functional.batch_norm(x, mean, var, *scales, training)

    out = torch.relu(convolved(x, "1", stride, 1))
    out = convolved(out, "2", 1, 1)
    return torch.relu(out + (convolved(x, "", stride, 0) if "w" in params else x))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["train", "test"])
@pytest.mark.parametrize("channels, filters, stride", [(3, 3, 1), (3, 4, 1), (3, 3, 2), (3, 6, 2)])
def test_residual_block_as_in_torch(torch, channels, filters, stride, mode, dtype):
    params = bumpy(layers.residual_block_parameters(channels, filters, stride), dtype)
    assert ("w" in params) == ((channels, 1) != (filters, stride))
    averages = {
        kind + which: drawn(filters, dtype=dtype, seed=8) ** 2 + 1
        for kind in ("mean", "var")
        for which in ("1", "2", "")
    }
    same_as_torch(
        torch,
        lambda x, *ps: layers.residual_block(
            x, dict(zip(params, ps)), averages, mode, stride=stride
        )[0],
        lambda x, *ps: block_of_torch(
            torch, x, dict(zip(params, ps)), averages, mode == "train", stride
        ),
        drawn(2, channels, 5, 6, dtype=dtype),
        *params.values(),
    )


def test_gradients_of_a_residual_block():
    params = bumpy(layers.residual_block_parameters(2, 3, stride=2))
    report = minpy.gradcheck(
        lambda x, params: np.sum(layers.residual_block(x, params, stride=2)[0] ** 2),
        drawn(2, 2, 4, 4),
        params,
        tolerance=1e-4,
    )
    assert report, report


def test_running_averages_of_a_residual_block():
    params = layers.residual_block_parameters(2, 3)
    x = drawn(4, 2, 5, 5, dtype="float32")
    averages = None
    for _ in range(60):
        trained, averages = layers.residual_block(x, params, averages)
    assert set(averages) == {"mean", "var", "mean1", "var1", "mean2", "var2"}
    tested, same = layers.residual_block(x, params, averages, mode="test")
    assert all(same[name] is averages[name] for name in averages)
    onp.testing.assert_allclose(tested.asnumpy(), trained.asnumpy(), atol=0.02)


def test_initial_parameters_of_a_residual_block():
    onp.random.seed(0)
    params = layers.residual_block_parameters(8, 16, 2)
    assert params["w1"].asnumpy().std() == pytest.approx((2 / (8 * 9)) ** 0.5, rel=0.1)
    for which in ("1", "2", ""):
        assert (params["gamma" + which] == 1).all() and (params["beta" + which] == 0).all()


def test_a_missing_projection_is_explained():
    params = layers.residual_block_parameters(3, 3)
    with pytest.raises(ValueError, match=r"needs a projection, params\['w'\]"):
        layers.residual_block(drawn(1, 3, 4, 4), params, stride=2)
    with pytest.raises(ValueError, match="'test' needs running_mean and running_var"):
        layers.residual_block(drawn(1, 3, 4, 4), params, mode="test")
