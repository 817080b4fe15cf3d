"""Layers on arrays of PyTorch: the same values and gradients, and nothing leaves for NumPy."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers
from minpy.tree import leaves, tree_map

from ..agreement import close, drawn

LABELS = onp.array([0, 2, 1])
ONE_HOT = onp.eye(4)[LABELS]
MASK = onp.array([[True, True, False], [True, False, False]])
ENCODER = {
    name: drawn(*p.shape, seed=i) * 0.5
    for i, (name, p) in enumerate(layers.transformer_encoder_parameters(4, 6).items())
}
BLOCK = {
    name: drawn(*p.shape, seed=i) * 0.5
    for i, (name, p) in enumerate(layers.residual_block_parameters(2, 3).items())
}

RNN = drawn(4, 5), drawn(5, 5), drawn(5)

CASES = {
    "affine": (layers.affine, drawn(3, 2, 2), drawn(4, 5), drawn(5)),
    "temporal_affine": (layers.temporal_affine, drawn(3, 2, 4), drawn(4, 5), drawn(5)),
    "batchnorm": (lambda *xs: layers.batchnorm(*xs)[0], drawn(5, 3), drawn(3), drawn(3, seed=1)),
    "dropout": (lambda x: layers.dropout(x, 0.5, seed=1), drawn(4, 5)),
    "softmax_loss": (lambda x: layers.softmax_loss(x, LABELS), drawn(3, 4)),
    "softmax_loss, one-hot": (lambda x: layers.softmax_loss(x, ONE_HOT), drawn(3, 4)),
    "softmax_cross_entropy": (
        lambda x: layers.softmax_cross_entropy(x, LABELS),
        onp.exp(drawn(3, 4)),
    ),
    "cross entropy, one-hot": (
        lambda x: layers.softmax_cross_entropy(x, ONE_HOT),
        onp.exp(drawn(3, 4)),
    ),
    "svm_loss": (lambda x: layers.svm_loss(x, LABELS), drawn(3, 4)),
    "l2_loss": (lambda x: layers.l2_loss(x, LABELS), drawn(3, 4)),
    "mse_loss": (layers.mse_loss, drawn(3, 4), drawn(3, 4, seed=1)),
    "huber_loss": (layers.huber_loss, drawn(3, 4), drawn(3, 4, seed=1)),
    "bce_with_logits": (lambda x: layers.bce_with_logits(x, ONE_HOT), drawn(3, 4)),
    "temporal_softmax_loss": (
        lambda x: layers.temporal_softmax_loss(x, [[1, 2, 0], [3, 0, 0]], MASK),
        drawn(2, 3, 4),
    ),
    "conv and pools": (
        lambda x, w: layers.global_avg_pool(layers.max_pool(layers.conv(x, w, pad=1))),
        drawn(2, 2, 4, 4),
        drawn(3, 2, 3, 3),
    ),
    "word_embedding": (lambda W: layers.word_embedding([[0, 2]], W), drawn(3, 4)),
    "residual_block": (
        lambda x, p: layers.residual_block(x, p)[0],
        drawn(2, 2, 4, 4),
        BLOCK,
    ),
    "rnn_temporal": (layers.rnn_temporal, drawn(2, 3, 4), drawn(2, 5), *RNN),
    "bidirectional": (
        lambda x, h, *ws: layers.bidirectional(layers.rnn_temporal, x, (h, *ws), (h, *ws)),
        drawn(2, 3, 4),
        drawn(2, 5),
        *RNN,
    ),
    "transformer_encoder": (
        lambda x, p: layers.transformer_encoder(x, p, heads=2, is_causal=True),
        drawn(2, 3, 4),
        ENCODER,
    ),
    "add_positions": (layers.add_positions, drawn(2, 3, 4), drawn(5, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_torch(torch, on_torch, name):
    f, *xs = CASES[name]

    def loss(xs):
        return np.sum(f(*xs) ** 2)

    value, gradients = minpy.value_and_grad(loss)(xs)
    with on_torch:
        there = [tree_map(np.array, x) for x in xs]
        np.policy.reset_op_stat()
        found, found_gradients = minpy.value_and_grad(loss)(there)
        places = {where for _, where in np.policy.op_stat().ran}
        assert all(place.startswith("torch") for place in places), places
    close(found, value.asnumpy(), "float64")
    for g, expected in zip(leaves(found_gradients), leaves(gradients), strict=True):
        assert type(g._data) is torch.Tensor
        close(g, expected.asnumpy(), "float64")
