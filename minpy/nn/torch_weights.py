"""Weights of PyTorch's modules in the order and the shapes that ours have.

PyTorch keeps matrices transposed, two biases in recurrent layers, and an LSTM's gates in the order
i, f, g, o; ours is i, f, o, g.  A state dict holds tensors or arrays; PyTorch itself is not needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.errors import kind_of
from minpy.nn.layer import Layer
from minpy.nn.modules.attention import MultiHeadAttention
from minpy.nn.modules.dense import BatchNorm, Convolution, Embedding, FullyConnected, LayerNorm
from minpy.nn.modules.recurrent import GRU, LSTM, RNN

__all__ = ["from_torch", "load_torch"]

State = Mapping[str, Any]
Arrays = dict[str, onp.ndarray]


def from_torch(kind: str, state: State, prefix: str = "") -> Arrays:
    """Return the weights of a module of PyTorch by the names and in the shapes of ours.

    Parameters
    ----------
    kind : str
        The name of PyTorch's class: one of ``Linear``, ``Conv2d``, ``BatchNorm1d``,
        ``BatchNorm2d``, ``LayerNorm``, ``Embedding``, ``RNN``, ``LSTM``, ``GRU`` and
        ``MultiheadAttention``.
    state : dict of tensor or array
        A state dict, also of a whole network.
    prefix : str
        What stands before the module's own names in it, such as ``"encoder.lstm."``.  Of a
        recurrent module with several layers or directions, `prefix` names the module, and the
        first layer is taken.

    Returns
    -------
    dict of numpy.ndarray
        For the layers of `minpy.nn.layers`: ``lstm_temporal(x, h0, **from_torch("LSTM", state))``.
        Those of a batch norm are ``gamma``, ``beta``, ``moving_mean`` and ``moving_var``.

    Raises
    ------
    ValueError
        If there is no converter for this kind.
    KeyError
        If the state dict lacks a weight.

    Examples
    --------
    >>> import numpy
    >>> state = {"fc.weight": numpy.ones((5, 3)), "fc.bias": numpy.zeros(5)}
    >>> {name: x.shape for name, x in from_torch("Linear", state, "fc.").items()}
    {'weight': (3, 5), 'bias': (5,)}
    """
    if kind not in CONVERTERS:
        raise ValueError(f"from_torch converts {', '.join(CONVERTERS)}, but not {kind!r}")
    own = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}

    def weight(name: str, default: Any = None) -> Any:
        if name not in own and default is not None:
            return default
        if name not in own:
            raise KeyError(
                f"{prefix}{name}: a {kind} has it, but the state dict does not; it has "
                f"{', '.join(state)}"
            )
        return _as_numpy(own[name])

    return CONVERTERS[kind](weight, own)


def _as_numpy(value: Any) -> onp.ndarray:
    if hasattr(value, "detach"):  # a tensor; also of a GPU
        value = value.detach().cpu()
    return onp.asarray(value)


def _plain(weight: Callable, own: State) -> Arrays:
    return {name: weight(name) for name in ("weight", "bias") if name in own or name == "weight"}


def _linear(weight: Callable, own: State) -> Arrays:
    return {**_plain(weight, own), "weight": weight("weight").T}


def _norm(weight: Callable, own: State) -> Arrays:
    return {"gamma": weight("weight"), "beta": weight("bias")}


def _batch_norm(weight: Callable, own: State) -> Arrays:
    averages = {"moving_mean": weight("running_mean"), "moving_var": weight("running_var")}
    return {**_norm(weight, own), **averages}


def _recurrent(weight: Callable) -> tuple[Any, Any, Any, Any]:
    Wx, Wh = weight("weight_ih_l0").T, weight("weight_hh_l0").T
    zeros = onp.zeros(Wx.shape[1], Wx.dtype)
    return Wx, Wh, weight("bias_ih_l0", zeros), weight("bias_hh_l0", zeros)


def _rnn(weight: Callable, own: State) -> Arrays:
    Wx, Wh, b_input, b_state = _recurrent(weight)
    return {"Wx": Wx, "Wh": Wh, "b": b_input + b_state}


def _lstm(weight: Callable, own: State) -> Arrays:
    def ordered(x: Any) -> Any:
        i, f, g, o = onp.split(x, 4, axis=-1)
        return onp.concatenate([i, f, o, g], axis=-1)

    return {name: ordered(x) for name, x in _rnn(weight, own).items()}


def _gru(weight: Callable, own: State) -> Arrays:
    Wx, Wh, b_input, b_state = _recurrent(weight)
    gates = 2 * Wh.shape[0]
    return {
        "Wx": Wx[:, :gates],
        "Wh": Wh[:, :gates],
        "b": (b_input + b_state)[:gates],
        "Wxh": Wx[:, gates:],
        "Whh": Wh[:, gates:],
        "bh": b_input[gates:],
        "bhh": b_state[gates:],
    }


def _attention(weight: Callable, own: State) -> Arrays:
    Wqkv, Wo = weight("in_proj_weight").T, weight("out_proj.weight").T
    return {
        "Wqkv": Wqkv,
        "bqkv": weight("in_proj_bias", onp.zeros(Wqkv.shape[1], Wqkv.dtype)),
        "Wo": Wo,
        "bo": weight("out_proj.bias", onp.zeros(Wo.shape[1], Wo.dtype)),
    }


CONVERTERS: dict[str, Callable[[Callable, State], Arrays]] = {
    "Linear": _linear,
    "Conv2d": _plain,
    "BatchNorm1d": _batch_norm,
    "BatchNorm2d": _batch_norm,
    "LayerNorm": _norm,
    "Embedding": _plain,
    "RNN": _rnn,
    "LSTM": _lstm,
    "GRU": _gru,
    "MultiheadAttention": _attention,
}

KINDS: dict[type, str] = {
    FullyConnected: "Linear",
    Convolution: "Conv2d",
    BatchNorm: "BatchNorm2d",
    LayerNorm: "LayerNorm",
    Embedding: "Embedding",
    RNN: "RNN",
    LSTM: "LSTM",
    GRU: "GRU",
    MultiHeadAttention: "MultiheadAttention",
}


def load_torch(layer: Layer, state: State, prefix: str = "") -> None:
    """Give a layer the weights of PyTorch's module of its kind.

    Parameters
    ----------
    layer : Layer
        Called before, so that it has parameters.  A GRU needs ``reset_after=True``.
    state, prefix
        As in `from_torch`.

    Raises
    ------
    TypeError
        If there is no module like it in PyTorch that is converted.
    ValueError
        If the layer has no parameters yet, or others than those of the state dict.

    Examples
    --------
    >>> import numpy
    >>> import minpy.numpy as np
    >>> from minpy.nn.modules import FullyConnected
    >>> layer = FullyConnected(5)
    >>> _ = layer(np.ones((2, 3)))
    >>> load_torch(layer, {"weight": numpy.ones((5, 3)), "bias": numpy.zeros(5)})
    >>> layer(np.ones((1, 3)))
    array([[3., 3., 3., 3., 3.]])
    """
    kind = KINDS.get(type(layer))
    if kind is None:
        names = ", ".join(each.__name__ for each in KINDS)
        raise TypeError(f"load_torch takes a layer {names}, got {kind_of(layer)}")
    params, aux = layer.all_params(), layer.all_aux()
    if not params:
        raise ValueError(f"{kind_of(layer)} has no parameters yet: call it with an input first")
    found = from_torch(kind, state, prefix)
    ours = {name: tuple(x.shape) for name, x in {**params, **aux}.items()}
    theirs = {name: x.shape for name, x in found.items()}
    if ours != theirs:
        hint = "; make it with reset_after=True" if kind == "GRU" and "bhh" not in ours else ""
        raise ValueError(
            f"load_torch: the layer has weights of shapes {ours}, but the state dict has {theirs}"
            f"{hint}"
        )
    for name, x in found.items():
        value = np.array(x, dtype=(params | aux)[name].dtype)
        if name in params:
            layer.set_param(name, value)
        else:
            layer.set_aux(name, value)
