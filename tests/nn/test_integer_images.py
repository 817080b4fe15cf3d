"""Integer images, as files hold them: every layer makes the same floating dtype of them."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn import layers, modules


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("bool", "float32"), ("uint8", "float32"), ("int16", "float32"), ("int64", "float64")],
)
@pytest.mark.parametrize("weights", ["float32", "float64"])
def test_integer_images_have_one_dtype_in_all_layers(dtype, expected, weights):
    images = onp.ones((2, 3, 4, 4), dtype)
    w, b = np.ones((48, 5), dtype=weights), np.zeros(5, dtype=weights)
    filters = np.ones((5, 3, 3, 3), dtype=weights)
    alone = {
        "relu": F.relu(images),
        "pooling": F.max_pool2d(images, 2),
        "layer norm": F.layer_norm(images),
        "module": modules.ReLU()(images),
    }
    with_weights = {
        "affine": layers.affine(images, w, b),
        "product": images.reshape(2, -1) @ w,
        "convolution": F.conv2d(images, filters),
        "batch norm": F.batch_norm(images, np.ones(3, dtype=weights), np.ones(3, dtype=weights))[0],
    }
    assert {name: y.dtype for name, y in alone.items()} == dict.fromkeys(alone, expected)
    together = onp.result_type(expected, weights)
    assert {n: y.dtype for n, y in with_weights.items()} == dict.fromkeys(with_weights, together)
    gradient = minpy.grad(lambda f: np.sum(F.conv2d(images, f)))(filters)
    assert gradient.dtype == weights
