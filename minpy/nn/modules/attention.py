"""Modules that tell positions, attention, and the blocks of a transformer.

For decoding word by word, a call is given the new words alone, a cache for each block, a dict that
is empty at first, and the number of words so far::

    caches = [{} for _ in blocks]
    for start in range(length):
        x = positions(embedding(word), start=start)            (N, 1, D)
        for block, cache in zip(blocks, caches):
            x = block(x, cache=cache)
        word = head(x).argmax(axis=-1)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import minpy.numpy as np
from minpy.nn import init, layers
from minpy.nn.layer import Layer
from minpy.nn.module import Module, Shape
from minpy.nn.modules.dense import ONES, ZEROS
from minpy.nn.modules.recurrent import ACTIVATIONS
from minpy.nn.options import rule_called

SMALL = {"init_rule": "gaussian", "stdvar": 0.02}  # as in BERT, GPT-2 and the vision transformer


class PositionalEncoding(Module):
    """Vectors plus sines and cosines that tell their positions, as in "Attention is all you need".

    Examples
    --------
    >>> import minpy.numpy as np
    >>> PositionalEncoding()(np.zeros((1, 2, 2), dtype="float32")).round(2)
    array([[[0.  , 1.  ],
            [0.84, 0.54]]], dtype=float32)
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name)
        self._table = np.zeros((0, 0))

    def forward(self, X: Any, start: int = 0) -> Any:
        """Return an array of the shape of `X`, (N, T, D), whose first position is `start`."""
        length, width = start + X.shape[1], X.shape[2]
        if self._table.shape[0] < length or self._table.shape[1] != width:
            self._table = layers.positional_encoding(length, width)
        return layers.add_positions(X, self._table.astype(X.dtype), start=start)


class LearnedPositions(Layer):
    """Vectors plus those of their positions, which are parameters.

    Parameters
    ----------
    length : int
        L, the largest number of positions.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> LearnedPositions(16)(np.zeros((2, 7, 8))).shape
    (2, 7, 8)
    """

    shown = ("length",)

    def __init__(self, length: int, **options: Any) -> None:
        super().__init__(**options)
        self.length = length

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of the table, (L, D)."""
        return {"table": (self.length, input_shape[-1])}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return small random numbers for the table."""
        return SMALL

    def forward(self, X: Any, start: int = 0) -> Any:
        """Return an array of the shape of `X`, (N, T, D), whose first position is `start`."""
        return layers.add_positions(X, self.param("table"), start=start)


class ClassToken(Layer):
    """One more vector before each sequence, a parameter, to gather what a classifier reads.

    References
    ----------
    A. Dosovitskiy et al., "An image is worth 16x16 words: transformers for image recognition at
    scale", ICLR (2021).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> ClassToken()(np.zeros((2, 7, 8))).shape
    (2, 8, 8)
    """

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shape of the token, (D,)."""
        return {"token": (input_shape[-1],)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return small random numbers for the token."""
        return SMALL

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, T + 1, D); the token is at position 0."""
        token = self.param("token")
        tokens = np.broadcast_to(token, (X.shape[0], 1, token.size))
        return np.concatenate([tokens.astype(X.dtype), X], axis=1)


def _three_xaviers(shape: Shape, config: dict[str, Any]) -> Any:
    """Return weights of queries, keys and values side by side, each by Xavier's rule."""
    return np.concatenate([init.xavier((shape[0], shape[1] // 3)) for _ in range(3)], axis=1)


class MultiHeadAttention(Layer):
    """Several attentions side by side: each position gathers from others.

    Parameters
    ----------
    num_heads : int
    is_causal : bool
        Whether a position may look at itself and earlier ones alone.
    p : float
        The probability to drop a weight of the attention.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> MultiHeadAttention(4)(np.ones((2, 7, 8))).shape
    (2, 7, 8)
    """

    shown: tuple[str, ...] = ("num_heads", "is_causal")

    def __init__(
        self, num_heads: int, is_causal: bool = False, p: float = 0.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.num_heads = num_heads
        self.is_causal = is_causal
        self.p = p

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the projections, (D, 3D) and (D, D), and of their biases."""
        size = input_shape[-1]
        return {"Wqkv": (size, 3 * size), "bqkv": (3 * size,), "Wo": (size, size), "bo": (size,)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return a rule for queries, keys and values each; zeros for the biases."""
        if name == "Wqkv":
            return {"init_rule": _three_xaviers}
        return ZEROS if name.startswith("b") else {}

    def forward(
        self,
        X: Any,
        context: Any = None,
        mask: Any = None,
        cache: dict[str, Any] | None = None,
    ) -> Any:
        """Return an array of the shape of `X`; keys and values come from `context`, or from `X`.

        A `cache` keeps those of earlier calls; see `minpy.nn.layers.multi_head_attention`.
        """
        return layers.multi_head_attention(
            X,
            **self.all_params(),
            heads=self.num_heads,
            context=context,
            mask=mask,
            is_causal=self.is_causal,
            cache=cache,
            prob=self.p if self.is_training else 0.0,
        )


class TransformerBlock(MultiHeadAttention):
    """Attention, then a network at each position, each added to what comes in.

    Parameters
    ----------
    num_heads : int
    num_hidden : int
        H, the size of the network inside.
    is_causal : bool
        Whether a position may look at itself and earlier ones alone, as in a language model.
    p : float
        The probability to drop.
    norm_first : bool
        Whether layer norms come before the parts, or after the sums.
    activation : {'gelu', 'relu', 'tanh', 'sigmoid', 'softrelu'} or callable
        Of the network at each position.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> TransformerBlock(4, 32)(np.ones((2, 7, 8))).shape
    (2, 7, 8)
    """

    shown = ("num_heads", "num_hidden", "is_causal")

    def __init__(
        self,
        num_heads: int,
        num_hidden: int,
        is_causal: bool = False,
        p: float = 0.0,
        norm_first: bool = True,
        activation: str | Callable[[Any], Any] = "gelu",
        **options: Any,
    ) -> None:
        super().__init__(num_heads, is_causal, p, **options)
        self.num_hidden = num_hidden
        self.norm_first = norm_first
        self.activation = rule_called("activation", activation, ACTIVATIONS, "an array")

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes for the attention, the network, (D, H) and (H, D), and the norms."""
        size, hidden = input_shape[-1], self.num_hidden
        return {
            **super().param_shapes(input_shape),
            **{"W1": (size, hidden), "b1": (hidden,), "W2": (hidden, size), "b2": (size,)},
            **{name: (size,) for name in ("gamma1", "beta1", "gamma2", "beta2")},
        }

    def init_config(self, name: str) -> dict[str, Any]:
        """Return ones for the scales of the norms, zeros for biases and shifts."""
        return ONES if name.startswith("gamma") else super().init_config(name)

    def forward(  # type: ignore[override]
        self, X: Any, mask: Any = None, cache: dict[str, Any] | None = None
    ) -> Any:
        """Return an array of the shape of `X`; a `cache` is for decoding word by word."""
        return layers.transformer_encoder(
            X, self.all_params(), self.num_heads, mask=mask, cache=cache, **self._options_of_call()
        )

    def _options_of_call(self) -> dict[str, Any]:
        return {
            "is_causal": self.is_causal,
            "norm_first": self.norm_first,
            "activation": self.activation,
            "prob": self.p,
            "mode": "train" if self.is_training else "test",
        }


class TransformerDecoderBlock(TransformerBlock):
    """Attention among words, then attention to what an encoder has made, then a network.

    Parameters
    ----------
    num_heads, num_hidden, is_causal, p, norm_first, activation
        As in `TransformerBlock`, but a position looks at itself and earlier ones alone unless
        `is_causal` is false.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> block = TransformerDecoderBlock(4, 32)
    >>> block(np.ones((2, 5, 8)), np.ones((2, 7, 8))).shape
    (2, 5, 8)
    """

    def __init__(
        self, num_heads: int, num_hidden: int, is_causal: bool = True, **options: Any
    ) -> None:
        super().__init__(num_heads, num_hidden, is_causal, **options)

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of a `TransformerBlock`, of one attention more, and of its norm."""
        attention = MultiHeadAttention.param_shapes(self, input_shape)
        size = (input_shape[-1],)
        return {
            **super().param_shapes(input_shape),
            **{f"{name}_cross": shape for name, shape in attention.items()},
            **{"gamma3": size, "beta3": size},
        }

    def init_config(self, name: str) -> dict[str, Any]:
        """Return the rules of a `TransformerBlock` for both attentions."""
        return super().init_config(name.removesuffix("_cross"))

    def forward(  # type: ignore[override]
        self,
        X: Any,
        memory: Any,
        mask: Any = None,
        memory_mask: Any = None,
        cache: dict[str, Any] | None = None,
    ) -> Any:
        """Return an array of the shape of `X`, (N, T, D); `memory` has shape (N, S, D)."""
        return layers.transformer_decoder(
            X,
            memory,
            self.all_params(),
            self.num_heads,
            mask=mask,
            memory_mask=memory_mask,
            cache=cache,
            **self._options_of_call(),
        )
