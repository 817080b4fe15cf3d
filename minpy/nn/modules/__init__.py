"""Modules: the layers of networks, which know their parameters.

Sizes of inputs are not given; a module finds them out when it is first called.  What it computes
is a function of `minpy.nn.layers` or `minpy.nn.functional`, called with its parameters.  Images
have shape (N, C, H, W), sequences (N, T, D).
"""

from minpy.nn.containers import Concatenate
from minpy.nn.modules.attention import (
    ClassToken,
    LearnedPositions,
    MultiHeadAttention,
    PositionalEncoding,
    TransformerBlock,
    TransformerDecoderBlock,
)
from minpy.nn.modules.dense import (
    BatchNorm,
    Convolution,
    Embedding,
    FullyConnected,
    LayerNorm,
    ResidualBlock,
)
from minpy.nn.modules.images import ConvTranspose, GroupNorm, InstanceNorm
from minpy.nn.modules.recurrent import GRU, LSTM, RNN, Bidirectional, LastStep
from minpy.nn.modules.stateless import (
    ELU,
    GELU,
    BatchFlatten,
    BatchReshape,
    Dropout,
    Flatten,
    Identity,
    Lambda,
    LeakyReLU,
    Logistic,
    Pooling,
    ReLU,
    Reshape,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
    Upsample,
)
from minpy.nn.modules.symbolic import Symbolic

__all__ = [
    "Identity",
    "ReLU",
    "LeakyReLU",
    "ELU",
    "SiLU",
    "Softplus",
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
    "Upsample",
    "Lambda",
    "Concatenate",
    "FullyConnected",
    "Convolution",
    "ConvTranspose",
    "BatchNorm",
    "LayerNorm",
    "GroupNorm",
    "InstanceNorm",
    "Embedding",
    "ResidualBlock",
    "RNN",
    "LSTM",
    "GRU",
    "LastStep",
    "Bidirectional",
    "MultiHeadAttention",
    "TransformerBlock",
    "TransformerDecoderBlock",
    "PositionalEncoding",
    "LearnedPositions",
    "ClassToken",
    "Symbolic",
]
