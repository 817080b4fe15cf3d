"""Layers as plain functions: arrays in, arrays out, with CS231n's names, shapes and gate order.

They check shapes and say what was expected; the work is done by `minpy.nn.functional`.  A network
is a function that calls them::

    def loss(params, x, y):
        hidden = layers.relu(layers.affine(x, params["w1"], params["b1"]))
        return layers.softmax_loss(layers.affine(hidden, params["w2"], params["b2"]), y)

    gradients = minpy.grad(loss)(params, x, y)
"""

from minpy.nn.layers.activation import elu, gelu, leaky_relu, relu, sigmoid, silu, softplus, tanh
from minpy.nn.layers.attention import (
    add_positions,
    multi_head_attention,
    positional_encoding,
    transformer_decoder,
    transformer_decoder_parameters,
    transformer_encoder,
    transformer_encoder_parameters,
)
from minpy.nn.layers.convolution import avg_pool, conv, global_avg_pool, max_pool, word_embedding
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
from minpy.nn.layers.recurrent import (
    bidirectional,
    gru_step,
    gru_temporal,
    lstm_step,
    lstm_temporal,
    rnn_step,
    rnn_temporal,
)
from minpy.nn.layers.residual import residual_block, residual_block_parameters
from minpy.nn.layers.special_losses import (
    focal_loss,
    gaussian_nll_loss,
    kl_div_loss,
    nt_xent_loss,
    triplet_loss,
)

__all__ = [
    "affine",
    "temporal_affine",
    "relu",
    "leaky_relu",
    "sigmoid",
    "tanh",
    "softplus",
    "silu",
    "elu",
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
    "focal_loss",
    "kl_div_loss",
    "gaussian_nll_loss",
    "triplet_loss",
    "nt_xent_loss",
    "conv",
    "max_pool",
    "avg_pool",
    "global_avg_pool",
    "word_embedding",
    "residual_block",
    "residual_block_parameters",
    "rnn_step",
    "rnn_temporal",
    "gru_step",
    "gru_temporal",
    "lstm_step",
    "lstm_temporal",
    "bidirectional",
    "multi_head_attention",
    "positional_encoding",
    "add_positions",
    "transformer_encoder",
    "transformer_encoder_parameters",
    "transformer_decoder",
    "transformer_decoder_parameters",
]
