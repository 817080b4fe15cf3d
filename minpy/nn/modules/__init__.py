"""Modules: the layers of networks, which know their parameters.

Sizes of inputs are not given; a module finds them out when it is first called.  What it computes
is a function of `minpy.nn.layers` or `minpy.nn.functional`, called with its parameters.  Images
have shape (N, C, H, W), sequences (N, T, D).
"""

from minpy.nn.modules.dense import (
    BatchNorm,
    Convolution,
    Embedding,
    FullyConnected,
    LayerNorm,
    ResidualBlock,
)
from minpy.nn.modules.sequences import (
    GRU,
    LSTM,
    RNN,
    LastStep,
    MultiHeadAttention,
    PositionalEncoding,
    TransformerBlock,
)
from minpy.nn.modules.stateless import (
    GELU,
    BatchFlatten,
    BatchReshape,
    Dropout,
    Flatten,
    Identity,
    Logistic,
    Pooling,
    ReLU,
    Reshape,
    Sigmoid,
    Tanh,
)
from minpy.nn.modules.symbolic import Symbolic

__all__ = [
    "Identity",
    "ReLU",
    "GELU",
    "Tanh",
    "Logistic",
    "Sigmoid",
    "Dropout",
    "Reshape",
    "BatchReshape",
    "Flatten",
    "BatchFlatten",
    "Pooling",
    "FullyConnected",
    "Convolution",
    "BatchNorm",
    "LayerNorm",
    "Embedding",
    "ResidualBlock",
    "RNN",
    "LSTM",
    "GRU",
    "LastStep",
    "MultiHeadAttention",
    "TransformerBlock",
    "PositionalEncoding",
    "Symbolic",
]
