"""Recurrent layers: a step, and whole sequences.

Shapes and gates are CS231n's: ``x`` is (N, D) for a step and (N, T, D) for a sequence, hidden
states are (N, H), and the columns of an LSTM's weights are its gates i, f, o and g, in this order.

What a sequence gives to all its steps at once, ``x @ Wx + b``, is one product of large matrices;
each step adds ``h @ Wh``, which has to wait for the step before::

    a = x @ Wx + b                             (N, T, 4H) for an LSTM
    for each step t:
        h, c = cell(a[:, t] + h @ Wh, c)       i, f, o = sigmoid(...), g = tanh(...)
                                               c = f * c + i * g,  h = o * tanh(c)

Sequences of several lengths are padded to one, and a mask says which steps count.  The others leave
the states as they are, so that the last states are those after the last word of each example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as onp

import minpy.numpy as np
from minpy.nn.functional import sigmoid
from minpy.nn.layers.dense import temporal_affine
from minpy.nn.layers.shapes import fitting
from minpy.numpy import ndarray

# ----- plain


def rnn_step(
    x: Any,
    prev_h: Any,
    Wx: Any,
    Wh: Any,
    b: Any,
    *,
    activation: Callable[[Any], Any] = np.tanh,
) -> ndarray:
    """Return the next hidden state of a plain recurrent layer, ``tanh(x @ Wx + prev_h @ Wh + b)``.

    Parameters
    ----------
    x : array_like, shape (N, D)
        The input of this step.
    prev_h : array_like, shape (N, H)
        The hidden state before it.
    Wx : array_like, shape (D, H)
    Wh : array_like, shape (H, H)
    b : array_like, shape (H,)
    activation : callable

    Returns
    -------
    ndarray, shape (N, H)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> weights = np.ones((2, 3)), np.eye(3), np.zeros(3)
    >>> rnn_step(np.ones((1, 2)), np.zeros((1, 3)), *weights).round(3)
    array([[0.964, 0.964, 0.964]])
    """
    shapes = "x (N, D), prev_h (N, H), Wx (D, H), Wh (H, H), b (H,)"
    x, prev_h, Wx, Wh, b = fitting("rnn_step", shapes, x, prev_h, Wx, Wh, b)
    return activation(x @ Wx + prev_h @ Wh + b)


def rnn_temporal(
    x: Any,
    h0: Any,
    Wx: Any,
    Wh: Any,
    b: Any,
    *,
    activation: Callable[[Any], Any] = np.tanh,
    mask: Any = None,
    return_state: bool = False,
) -> Any:
    """Return the hidden states of a plain recurrent layer for a whole sequence.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    h0 : array_like, shape (N, H)
        The hidden state before the first step.
    Wx, Wh, b, activation
        As in `rnn_step`.
    mask : array_like of bool, shape (N, T), optional
        Which steps count, in sequences that were padded.  The others leave the state as it is, and
        their result is zero.
    return_state : bool
        Whether to return the last state as well.

    Returns
    -------
    ndarray, shape (N, T, H)
        With ``return_state=True`` a pair of this and the last state, of shape (N, H).

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x = np.ones((4, 10, 2))
    >>> rnn_temporal(x, np.zeros((4, 3)), np.ones((2, 3)), np.eye(3), np.zeros(3)).shape
    (4, 10, 3)
    """
    shapes = "x (N, T, D), h0 (N, H), Wx (D, H), Wh (H, H), b (H,)"
    x, h, Wx, Wh, b = fitting("rnn_temporal", shapes, x, h0, Wx, Wh, b)
    a: Any = temporal_affine(x, Wx, b)
    steps = _steps("rnn_temporal", x, mask)
    states, (h,) = _run(lambda t, h: (activation(a[:, t] + h @ Wh),), a, (h,), steps)
    return (states, h) if return_state else states


def _steps(layer: str, x: Any, mask: Any) -> list[Any]:
    """Return which examples each step counts for, of shape (N, 1); or None, if for all."""
    if mask is None:
        return [None] * x.shape[1]
    x, mask = fitting(layer, "x (N, T, D), mask (N, T)", x, mask)
    counts = mask.asnumpy() != 0
    return [None if column.all() else column[:, None] for column in counts.T]


def _run(
    step: Callable[..., tuple], a: Any, state: tuple[Any, ...], steps: list[Any]
) -> tuple[Any, tuple[Any, ...]]:
    """Return the first parts of all states one after another, (N, T, H), and the last state."""
    outputs = []
    for t, counts in enumerate(steps):
        new = step(t, *state)
        out = new[0]
        if counts is not None:
            out = np.where(counts, out, onp.zeros((), out.dtype))
            new = tuple(np.where(counts, after, before) for after, before in zip(new, state))
        state = new
        outputs.append(out)
    states = np.stack(outputs, axis=1) if outputs else a[:, :, : state[0].shape[1]]
    return states, state


# ----- gated


def gru_step(
    x: Any,
    prev_h: Any,
    Wx: Any,
    Wh: Any,
    b: Any,
    Wxh: Any,
    Whh: Any,
    bh: Any,
    *,
    bhh: Any = None,
) -> ndarray:
    """Return the next hidden state of a gated recurrent unit.

    ::

        r, z = sigmoid(x @ Wx + prev_h @ Wh + b)             what to read, what to keep
        candidate = tanh(x @ Wxh + (r * prev_h) @ Whh + bh)
        h = z * prev_h + (1 - z) * candidate

    Parameters
    ----------
    x : array_like, shape (N, D)
    prev_h : array_like, shape (N, H)
    Wx : array_like, shape (D, 2H)
        For the gates r and z, as `Wh` and `b`.
    Wh : array_like, shape (H, 2H)
    b : array_like, shape (2H,)
    Wxh : array_like, shape (D, H)
        For the candidate, as `Whh` and `bh`.
    Whh : array_like, shape (H, H)
    bh : array_like, shape (H,)
    bhh : array_like, shape (H,), optional
        With it the candidate is ``tanh(x @ Wxh + bh + r * (prev_h @ Whh + bhh))``, as in PyTorch
        and cuDNN.

    Returns
    -------
    ndarray, shape (N, H)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
    machine translation", EMNLP (2014).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x, h = np.ones((1, 2)), np.ones((1, 1))
    >>> gates = np.zeros((2, 2)), np.zeros((1, 2)), np.zeros(2)
    >>> gru_step(x, h, *gates, np.zeros((2, 1)), np.zeros((1, 1)), np.zeros(1))
    array([[0.5]])
    """
    shapes = (
        "x (N, D), prev_h (N, H), Wx (D, 2H), Wh (H, 2H), b (2H,), Wxh (D, H), Whh (H, H), bh (H,)"
    )
    x, prev_h, Wx, Wh, b, Wxh, Whh, bh = fitting(
        "gru_step", shapes, x, prev_h, Wx, Wh, b, Wxh, Whh, bh
    )
    return _gru(x @ Wx + b, x @ Wxh + bh, prev_h, Wh, Whh, bhh)


def gru_temporal(
    x: Any,
    h0: Any,
    Wx: Any,
    Wh: Any,
    b: Any,
    Wxh: Any,
    Whh: Any,
    bh: Any,
    *,
    bhh: Any = None,
    mask: Any = None,
    return_state: bool = False,
) -> Any:
    """Return the hidden states of a gated recurrent unit for a whole sequence.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    h0 : array_like, shape (N, H)
        The hidden state before the first step.
    Wx, Wh, b, Wxh, Whh, bh, bhh
        As in `gru_step`.
    mask, return_state
        As in `rnn_temporal`.

    Returns
    -------
    ndarray, shape (N, T, H)
        With ``return_state=True`` a pair of this and the last state, of shape (N, H).

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> x, h0 = np.ones((4, 10, 2)), np.zeros((4, 3))
    >>> gates = np.ones((2, 6)), np.ones((3, 6)), np.zeros(6)
    >>> gru_temporal(x, h0, *gates, np.ones((2, 3)), np.eye(3), np.zeros(3)).shape
    (4, 10, 3)
    """
    shapes = (
        "x (N, T, D), h0 (N, H), Wx (D, 2H), Wh (H, 2H), b (2H,), Wxh (D, H), Whh (H, H), bh (H,)"
    )
    x, h, Wx, Wh, b, Wxh, Whh, bh = fitting("gru_temporal", shapes, x, h0, Wx, Wh, b, Wxh, Whh, bh)
    gates: Any = temporal_affine(x, Wx, b)
    candidates: Any = temporal_affine(x, Wxh, bh)

    def step(t: int, h: Any) -> tuple[Any]:
        return (_gru(gates[:, t], candidates[:, t], h, Wh, Whh, bhh),)

    states, (h,) = _run(step, gates, (h,), _steps("gru_temporal", x, mask))
    return (states, h) if return_state else states


def _gru(gates: Any, candidate: Any, h: Any, Wh: Any, Whh: Any, bhh: Any) -> Any:
    """Return the next state, given what the input contributes."""
    size = h.shape[1]
    both: Any = sigmoid(gates + h @ Wh)
    r, z = both[:, :size], both[:, size:]
    read = (r * h) @ Whh if bhh is None else r * (h @ Whh + bhh)
    candidate = np.tanh(candidate + read)
    return candidate + z * (h - candidate)


# ----- with a memory cell


def lstm_step(
    x: Any, prev_h: Any, prev_c: Any, Wx: Any, Wh: Any, b: Any
) -> tuple[ndarray, ndarray]:
    """Return the next hidden state and cell of a long short-term memory.

    Parameters
    ----------
    x : array_like, shape (N, D)
        The input of this step.
    prev_h, prev_c : array_like, shape (N, H)
        The hidden state and the cell before it.
    Wx : array_like, shape (D, 4H)
        In each H columns the gates i, f, o and g, as in `Wh` and `b`.
    Wh : array_like, shape (H, 4H)
    b : array_like, shape (4H,)

    Returns
    -------
    next_h, next_c : ndarray, shape (N, H)

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    References
    ----------
    S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); with
    the forget gate of F. Gers, J. Schmidhuber and F. Cummins, "Learning to forget" (2000).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> weights = np.zeros((2, 4)), np.zeros((1, 4)), np.zeros(4)
    >>> lstm_step(np.ones((1, 2)), np.zeros((1, 1)), np.ones((1, 1)), *weights)
    (array([[0.23105858]]), array([[0.5]]))
    """
    shapes = "x (N, D), prev_h (N, H), prev_c (N, H), Wx (D, 4H), Wh (H, 4H), b (4H,)"
    x, prev_h, prev_c, Wx, Wh, b = fitting("lstm_step", shapes, x, prev_h, prev_c, Wx, Wh, b)
    return _lstm(x @ Wx + prev_h @ Wh + b, prev_c)


def lstm_temporal(
    x: Any,
    h0: Any,
    Wx: Any,
    Wh: Any,
    b: Any,
    *,
    c0: Any = None,
    mask: Any = None,
    return_state: bool = False,
) -> Any:
    """Return the hidden states of a long short-term memory for a whole sequence.

    Parameters
    ----------
    x : array_like, shape (N, T, D)
    h0 : array_like, shape (N, H)
        The hidden state before the first step.
    Wx, Wh, b
        As in `lstm_step`.
    c0 : array_like, shape (N, H), optional
        The cell before the first step; by default zeros.
    mask, return_state
        As in `rnn_temporal`.

    Returns
    -------
    ndarray, shape (N, T, H)
        With ``return_state=True`` a pair of this and ``(h, c)``, the last state and cell, each of
        shape (N, H).

    Raises
    ------
    ValueError
        If the shapes do not fit together.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> weights = np.ones((2, 12)), np.ones((3, 12)), np.zeros(12)
    >>> lstm_temporal(np.ones((4, 10, 2)), np.zeros((4, 3)), *weights).shape
    (4, 10, 3)
    """
    c0 = np.zeros_like(h0) if c0 is None else c0
    shapes = "x (N, T, D), h0 (N, H), c0 (N, H), Wx (D, 4H), Wh (H, 4H), b (4H,)"
    x, h, c, Wx, Wh, b = fitting("lstm_temporal", shapes, x, h0, c0, Wx, Wh, b)
    a: Any = temporal_affine(x, Wx, b)
    steps = _steps("lstm_temporal", x, mask)
    states, last = _run(lambda t, h, c: _lstm(a[:, t] + h @ Wh, c), a, (h, c), steps)
    return (states, last) if return_state else states


def _lstm(a: Any, c: Any) -> tuple[Any, Any]:
    """Return the next state and cell, given the gates before their activations."""
    size = c.shape[1]
    gates: Any = sigmoid(a[:, : 3 * size])
    i, f, o = gates[:, :size], gates[:, size : 2 * size], gates[:, 2 * size :]
    c = f * c + i * np.tanh(a[:, 3 * size :])
    return o * np.tanh(c), c


# ----- in both directions


def bidirectional(
    layer: Callable[..., ndarray],
    x: Any,
    forward: Sequence[Any],
    backward: Sequence[Any],
    *,
    mask: Any = None,
) -> ndarray:
    """Return the states of two recurrent layers, one of which reads the sequence from its end.

    Parameters
    ----------
    layer : callable
        `rnn_temporal`, `gru_temporal`, `lstm_temporal`, or one like them.
    x : array_like, shape (N, T, D)
    forward, backward : sequence
        What `layer` is called with after `x`, in each direction: ``(h0, Wx, Wh, b)``.
    mask : array_like of bool, shape (N, T), optional
        Which steps count, as in `rnn_temporal`.

    Returns
    -------
    ndarray, shape (N, T, 2H)
        At each step, the state of the forward layer after it and that of the backward layer before.

    References
    ----------
    M. Schuster and K. K. Paliwal, "Bidirectional recurrent neural networks" (1997).

    Examples
    --------
    >>> import minpy.numpy as np
    >>> weights = np.zeros((4, 3)), np.ones((2, 3)), np.eye(3), np.zeros(3)
    >>> bidirectional(rnn_temporal, np.ones((4, 10, 2)), weights, weights).shape
    (4, 10, 6)
    """
    (x,) = fitting("bidirectional", "x (N, T, D)", x)
    there = {} if mask is None else {"mask": mask}
    back_again = {} if mask is None else {"mask": np.asarray(mask)[:, ::-1]}
    ahead = layer(x, *forward, **there)
    back: Any = layer(x[:, ::-1], *backward, **back_again)
    return np.concatenate([ahead, back[:, ::-1]], axis=2)
