"""The functions that neural networks are made of: plain functions of arrays, with gradients."""

from minpy.ops.creation import owning
from minpy.ops.nn.activation import (
    elu,
    leaky_relu,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softplus,
)
from minpy.ops.nn.attention import scaled_dot_product_attention
from minpy.ops.nn.convolution import conv2d, conv_transpose2d
from minpy.ops.nn.dropout import dropout
from minpy.ops.nn.embedding import embedding
from minpy.ops.nn.gated import gelu, silu
from minpy.ops.nn.loss import cross_entropy
from minpy.ops.nn.normalization import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    normalize,
    standardize,
)
from minpy.ops.nn.pooling import (
    adaptive_avg_pool2d,
    adaptive_max_pool2d,
    avg_pool2d,
    global_avg_pool2d,
    global_max_pool2d,
    max_pool2d,
)
from minpy.ops.nn.resampling import upsample

__all__ = [
    "relu",
    "leaky_relu",
    "sigmoid",
    "softplus",
    "silu",
    "elu",
    "gelu",
    "softmax",
    "log_softmax",
    "logsumexp",
    "standardize",
    "normalize",
    "batch_norm",
    "layer_norm",
    "group_norm",
    "instance_norm",
    "conv2d",
    "conv_transpose2d",
    "max_pool2d",
    "avg_pool2d",
    "adaptive_max_pool2d",
    "adaptive_avg_pool2d",
    "global_max_pool2d",
    "global_avg_pool2d",
    "upsample",
    "cross_entropy",
    "embedding",
    "dropout",
    "scaled_dot_product_attention",
]

globals().update({name: owning(globals()[name]) for name in __all__})
