"""Layers as plain functions: arrays in, arrays out, with CS231n's names, shapes and gate order.

They check shapes and say what was expected; the work is done by `minpy.nn.functional`.  A network
is a function that calls them::

    def loss(params, x, y):
        hidden = layers.relu(layers.affine(x, params["w1"], params["b1"]))
        return layers.softmax_loss(layers.affine(hidden, params["w2"], params["b2"]), y)

    gradients = minpy.grad(loss)(params, x, y)
"""

from minpy.nn.layers.activation import gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from minpy.nn.layers.dense import affine, temporal_affine
from minpy.nn.layers.losses import (
    bce_with_logits,
    huber_loss,
    l2_loss,
    mse_loss,
    softmax_cross_entropy,
    softmax_loss,
    svm_loss,
    temporal_softmax_loss,
)
from minpy.nn.layers.normalization import batchnorm, dropout, group_norm, layer_norm

__all__ = [
    "affine",
    "temporal_affine",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softplus",
    "silu",
    "gelu",
    "batchnorm",
    "layer_norm",
    "group_norm",
    "dropout",
    "softmax_loss",
    "softmax_cross_entropy",
    "svm_loss",
    "l2_loss",
    "mse_loss",
    "huber_loss",
    "bce_with_logits",
    "temporal_softmax_loss",
]
