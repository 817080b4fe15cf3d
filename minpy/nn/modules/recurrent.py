"""Recurrent modules.

A recurrent layer that is given one step, of shape (N, D), returns the next state, for loops of
one's own.  Given a whole sequence, of shape (N, T, D), it returns the states of all steps; with
``return_state=True`` also the last state, from which another call goes on.  Sequences of several
lengths are padded, and a mask of shape (N, T) says which steps count.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import minpy.numpy as np
from minpy.errors import kind_of
from minpy.nn import functional as F
from minpy.nn import layers
from minpy.nn.layer import Layer
from minpy.nn.module import Container, Module, Shape
from minpy.nn.modules.dense import ZEROS

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
    return_state : bool
        Whether a sequence gives a pair: the states of all steps, and the last one.
    """

    shown = ("num_hidden",)
    gates = 1

    def __init__(self, num_hidden: int, *, return_state: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.num_hidden = num_hidden
        self.return_state = return_state

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

    def of_sequences(self, mask: Any) -> dict[str, Any]:
        """Return the options of a layer for sequences."""
        return {"mask": mask, "return_state": self.return_state}


class RNN(_Recurrent):
    """A plain recurrent layer, ``h = tanh(x @ Wx + h @ Wh + b)``.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state.
    act_type : {'tanh', 'relu', 'sigmoid', 'softrelu'}
    return_state : bool
        Whether a sequence gives a pair: the states of all steps, and the last one.

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

    def forward(self, X: Any, hidden: Any = None, mask: Any = None) -> Any:
        """Return the next state, (N, H), or all states, (N, T, H)."""
        h = self.state(X, hidden)
        activation = ACTIVATIONS[self.act_type]
        if X.ndim == 2:
            return layers.rnn_step(X, h, **self.all_params(), activation=activation)
        return layers.rnn_temporal(
            X, h, **self.all_params(), activation=activation, **self.of_sequences(mask)
        )


class LSTM(_Recurrent):
    """A long short-term memory.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state and of the cell.
    return_state : bool
        Whether a sequence gives a pair: the states of all steps, and ``(h, c)``, the last state and
        cell.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> lstm = LSTM(5)
    >>> lstm(np.ones((2, 7, 3))).shape
    (2, 7, 5)
    >>> h, c = lstm(np.ones((2, 3)))
    >>> h, c = lstm(np.ones((2, 3)), h, c)
    >>> states, (h, c) = LSTM(5, return_state=True)(np.ones((2, 7, 3)))
    >>> states.shape, h.shape, c.shape
    ((2, 7, 5), (2, 5), (2, 5))
    """

    gates = 4

    def forward(self, X: Any, hidden: Any = None, cell: Any = None, mask: Any = None) -> Any:
        """Return the next state and cell, (N, H) each, or the states of all steps, (N, T, H)."""
        h, c = self.state(X, hidden), self.state(X, cell)
        if X.ndim == 2:
            return layers.lstm_step(X, h, c, **self.all_params())
        return layers.lstm_temporal(X, h, c0=c, **self.all_params(), **self.of_sequences(mask))


class GRU(_Recurrent):
    """A gated recurrent unit.

    Parameters
    ----------
    num_hidden : int
        H, the size of the state.
    reset_after : bool
        Whether the reset gate multiplies after the product with the state, which then has a bias
        of its own: PyTorch's form.
    return_state : bool
        Whether a sequence gives a pair: the states of all steps, and the last one.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> GRU(5)(np.ones((2, 7, 3))).shape
    (2, 7, 5)
    """

    gates = 2

    def __init__(self, num_hidden: int, *, reset_after: bool = False, **options: Any) -> None:
        super().__init__(num_hidden, **options)
        self.reset_after = reset_after

    def param_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Return the shapes for the gates, and those for the candidate: Wxh, Whh and bh."""
        size = self.num_hidden
        candidate = {"Wxh": (input_shape[-1], size), "Whh": (size, size), "bh": (size,)}
        if self.reset_after:
            candidate["bhh"] = (size,)
        return {**super().param_shapes(input_shape), **candidate}

    def forward(self, X: Any, hidden: Any = None, mask: Any = None) -> Any:
        """Return the next state, (N, H), or all states, (N, T, H)."""
        h = self.state(X, hidden)
        if X.ndim == 2:
            return layers.gru_step(X, h, **self.all_params())
        return layers.gru_temporal(X, h, **self.all_params(), **self.of_sequences(mask))


class Bidirectional(Container):
    """Two recurrent layers, one of which reads the sequence from its end.

    Parameters
    ----------
    layer : RNN, LSTM or GRU
        The forward one; the backward one is a copy of it with parameters of its own.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> Bidirectional(LSTM(5))(np.ones((2, 7, 3))).shape
    (2, 7, 10)
    """

    def __init__(self, layer: Any, name: str | None = None) -> None:
        super().__init__(name)
        if not isinstance(layer, _Recurrent):
            raise TypeError(f"Bidirectional takes a layer RNN, LSTM or GRU, got {kind_of(layer)}")
        if layer.all_params():
            raise ValueError(
                "Bidirectional takes a layer without parameters yet, of which it makes a second "
                f"one: give it a new {type(layer).__name__}({layer.num_hidden})"
            )
        self.ahead = layer
        self.back = copy.deepcopy(layer)
        if layer.name:
            self.back.name = self.back._own_name = f"{layer.name}_back"

    def forward(self, X: Any, mask: Any = None) -> Any:
        """Return the states of both side by side, (N, T, 2H).

        If the layer returns its last state, so does this: those of both layers, as a pair.
        """
        reversed_mask = None if mask is None else np.asarray(mask)[:, ::-1]
        ahead = self.ahead(X, mask=mask)
        back = self.back(X[:, ::-1], mask=reversed_mask)
        if not self.ahead.return_state:
            return np.concatenate([ahead, back[:, ::-1]], axis=2)
        (ahead, last_ahead), (back, last_back) = ahead, back
        return np.concatenate([ahead, back[:, ::-1]], axis=2), (last_ahead, last_back)


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
