"""Modules for sequences: recurrent layers, attention and transformer blocks.

A recurrent layer that is given one step, of shape (N, D), returns the next state, for loops of
one's own.  Given a whole sequence, of shape (N, T, D), it returns the states of all steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import minpy.numpy as np
from minpy.nn import functional as F
from minpy.nn import init, layers
from minpy.nn.layer import Layer
from minpy.nn.module import Module, Shape
from minpy.nn.modules.dense import ONES, ZEROS
from minpy.nn.options import rule_called

ACTIVATIONS: dict[str, Callable] = {
    "gelu": F.gelu,
    "tanh": np.tanh,
    "relu": F.relu,
    "sigmoid": F.sigmoid,
    "softrelu": F.softplus,
}


class _Recurrent(Layer):
    """What recurrent layers have in common.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state.
    """

    shown = ("num_hidden",)
    gates = 1

    def __init__(self, num_hidden: int, **options: Any) -> None:
        super().__init__(**options)
        self.num_hidden = num_hidden

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes of the weights of the input, of the state, and of the bias."""
        size, width = self.num_hidden, self.gates * self.num_hidden
        return {"Wx": (input_shape[-1], width), "Wh": (size, width), "b": (width,)}

    def init_config(self, name: str) -> dict[str, Any]:
        """Return zeros for the biases."""
        return ZEROS if name.startswith("b") else {}

    def state(self, X: Any, given: Any = None) -> Any:
        """Return the state before the first step: zeros, if none is given."""
        if given is not None:
            return given
        return np.zeros_like(self.param("b"), shape=(X.shape[0], self.num_hidden))


class RNN(_Recurrent):
    """A plain recurrent layer, ``h = tanh(x @ Wx + h @ Wh + b)``.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state.
    act_type : {'tanh', 'relu', 'sigmoid', 'softrelu'}

    Examples
    --------
    >>> import minpy.numpy as np
    >>> rnn = RNN(5)
    >>> rnn(np.ones((2, 7, 3))).shape, rnn(np.ones((2, 3)), np.zeros((2, 5))).shape
    ((2, 7, 5), (2, 5))
    """

    def __init__(self, num_hidden: int, act_type: str = "tanh", **options: Any) -> None:
        super().__init__(num_hidden, **options)
        if act_type not in ACTIVATIONS:
            raise ValueError(f"act_type is one of {', '.join(ACTIVATIONS)}, not {act_type!r}")
        self.act_type = act_type

    def forward(self, X: Any, hidden: Any = None) -> Any:
        """Return the next state, (N, H), or all states, (N, T, H)."""
        h = self.state(X, hidden)
        params = self.all_params()
        if self.act_type == "tanh":
            return (layers.rnn_step if X.ndim == 2 else layers.rnn_temporal)(X, h, **params)
        activation = ACTIVATIONS[self.act_type]
        a = X @ params["Wx"] + params["b"]
        if X.ndim == 2:
            return activation(a + h @ params["Wh"])
        states = []
        for t in range(X.shape[1]):
            h = activation(a[:, t] + h @ params["Wh"])
            states.append(h)
        return np.stack(states, axis=1)


class LSTM(_Recurrent):
    """A long short-term memory.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state and of the cell.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> lstm = LSTM(5)
    >>> lstm(np.ones((2, 7, 3))).shape
    (2, 7, 5)
    >>> h, c = lstm(np.ones((2, 3)))
    >>> h, c = lstm(np.ones((2, 3)), h, c)
    """

    gates = 4

    def forward(self, X: Any, hidden: Any = None, cell: Any = None) -> Any:
        """Return the next state and cell, (N, H) each, or the states of all steps, (N, T, H)."""
        h, c = self.state(X, hidden), self.state(X, cell)
        if X.ndim == 2:
            return layers.lstm_step(X, h, c, **self.all_params())
        return layers.lstm_temporal(X, h, c0=c, **self.all_params())


class GRU(_Recurrent):
    """A gated recurrent unit.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> GRU(5)(np.ones((2, 7, 3))).shape
    (2, 7, 5)
    """

    gates = 2

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes for the gates, and those for the candidate: Wxh, Whh and bh."""
        size = self.num_hidden
        candidate = {"Wxh": (input_shape[-1], size), "Whh": (size, size), "bh": (size,)}
        return {**super().param_shapes(input_shape), **candidate}

    def forward(self, X: Any, hidden: Any = None) -> Any:
        """Return the next state, (N, H), or all states, (N, T, H)."""
        f = layers.gru_step if X.ndim == 2 else layers.gru_temporal
        return f(X, self.state(X, hidden), **self.all_params())


class LastStep(Module):
    """The last step of a sequence: what a recurrent layer knows at its end.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> LastStep()(np.ones((2, 7, 5))).shape
    (2, 5)
    """

    def forward(self, X: Any) -> Any:
        """Return an array of shape (N, H)."""
        return X[:, -1]


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

    def forward(self, X: Any) -> Any:
        """Return an array of the shape of `X`."""
        length, width = X.shape[1:]
        if self._table.shape[0] < length or self._table.shape[1] != width:
            self._table = layers.positional_encoding(length, width)
        return layers.add_positions(X, self._table.astype(X.dtype))


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

    def forward(self, X: Any, context: Any = None, mask: Any = None) -> Any:
        """Return an array of the shape of `X`; keys and values come from `context`, or from `X`."""
        return layers.multi_head_attention(
            X,
            **self.all_params(),
            heads=self.num_heads,
            context=context,
            mask=mask,
            is_causal=self.is_causal,
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

    def forward(self, X: Any, mask: Any = None) -> Any:  # type: ignore[override]
        """Return an array of the shape of `X`."""
        return layers.transformer_encoder(
            X,
            self.all_params(),
            self.num_heads,
            mask=mask,
            is_causal=self.is_causal,
            norm_first=self.norm_first,
            activation=self.activation,
            prob=self.p,
            mode="train" if self.is_training else "test",
        )
