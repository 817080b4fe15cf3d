"""Recurrent layers: against loops over single numbers, and against PyTorch's modules."""

import math

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import layers

from ..agreement import close, differentiable_twice, drawn, same_as_torch

N, T, D, H = 2, 4, 3, 5
SHAPES = {  # of the weights; the state and the input come before them
    "rnn": [(D, H), (H, H), (H,)],
    "gru": [(D, 2 * H), (H, 2 * H), (2 * H,), (D, H), (H, H), (H,)],
    "lstm": [(D, 4 * H), (H, 4 * H), (4 * H,)],
}


def weights(kind, dtype="float64"):
    return [drawn(*shape, dtype=dtype, seed=i) for i, shape in enumerate(SHAPES[kind])]


# ---------------------------------------------------------------------------- by definition


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def gate(x, h, Wx, Wh, b, column):
    """One number of ``x @ Wx + h @ Wh + b``."""
    total = b[column]
    total += sum(x[d] * Wx[d, column] for d in range(len(x)))
    return total + sum(h[k] * Wh[k, column] for k in range(len(h)))


def rnn(x, h, c, Wx, Wh, b):
    return [math.tanh(gate(x, h, Wx, Wh, b, j)) for j in range(H)], None


def gru(x, h, c, Wx, Wh, b, Wxh, Whh, bh):
    r = [sigmoid(gate(x, h, Wx, Wh, b, j)) for j in range(H)]
    z = [sigmoid(gate(x, h, Wx, Wh, b, H + j)) for j in range(H)]
    read = [r[j] * h[j] for j in range(H)]
    candidate = [math.tanh(gate(x, read, Wxh, Whh, bh, j)) for j in range(H)]
    return [z[j] * h[j] + (1 - z[j]) * candidate[j] for j in range(H)], None


def lstm(x, h, c, Wx, Wh, b):
    """The columns are those of the gates i, f, o, g."""
    i, f, o = ([sigmoid(gate(x, h, Wx, Wh, b, k * H + j)) for j in range(H)] for k in range(3))
    g = [math.tanh(gate(x, h, Wx, Wh, b, 3 * H + j)) for j in range(H)]
    c = [f[j] * c[j] + i[j] * g[j] for j in range(H)]
    return [o[j] * math.tanh(c[j]) for j in range(H)], c


DEFINITIONS = {"rnn": rnn, "gru": gru, "lstm": lstm}


def by_loops(kind, x, h0, c0, *weights):
    out = onp.zeros((N, x.shape[1], H))
    for n in range(N):
        h, c = list(h0[n]), list(c0[n])
        for t in range(x.shape[1]):
            h, c = DEFINITIONS[kind](x[n, t], h, c, *weights)
            out[n, t] = h
    return out


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sequences_by_definition(kind, dtype):
    x, h0, ws = drawn(N, T, D, dtype=dtype), drawn(N, H, dtype=dtype), weights(kind, dtype)
    found = getattr(layers, f"{kind}_temporal")(x, h0, *ws)
    close(found, by_loops(kind, x, h0, onp.zeros((N, H)), *ws), dtype)


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_steps_are_those_of_the_sequence(kind, dtype):
    x, h, ws = drawn(N, T, D, dtype=dtype), drawn(N, H, dtype=dtype), weights(kind, dtype)
    expected = by_loops(kind, x, h, onp.zeros((N, H)), *ws)
    step = getattr(layers, f"{kind}_step")
    c = onp.zeros((N, H), dtype)
    for t in range(T):
        if kind == "lstm":
            h, c = step(x[:, t], h, c, *ws)
            close(c, c, dtype)
        else:
            h = step(x[:, t], h, *ws)
        close(h, expected[:, t], dtype)


def test_the_cell_of_an_lstm():
    x, h, c, ws = drawn(N, D), drawn(N, H), drawn(N, H, seed=1), weights("lstm")
    found_h, found_c = layers.lstm_step(x, h, c, *ws)
    for n in range(N):
        next_h, next_c = lstm(x[n], h[n], c[n], *ws)
        close(found_h[n], next_h, "float64")
        close(found_c[n], next_c, "float64")
    from_cell = layers.lstm_temporal(x[:, None], h, *ws, c0=c)
    close(from_cell, found_h.asnumpy()[:, None], "float64")


# ---------------------------------------------------------------------------- gradients


@pytest.mark.parametrize("kind", SHAPES)
def test_gradients_of_steps(kind):
    states = [drawn(N, H, seed=7 + i) for i in range(2 if kind == "lstm" else 1)]
    step = getattr(layers, f"{kind}_step")
    report = minpy.gradcheck(
        lambda *xs: np.concatenate(step(*xs)) if kind == "lstm" else step(*xs),
        drawn(N, D),
        *states,
        *weights(kind),
    )
    assert report, report


@pytest.mark.parametrize("kind", SHAPES)
def test_gradients_of_sequences(kind):
    layer = getattr(layers, f"{kind}_temporal")
    xs = drawn(N, T, D), drawn(N, H), *weights(kind)
    report = minpy.gradcheck(lambda *xs: np.sum(layer(*xs) ** 2), *xs)
    assert report, report


def test_second_derivatives_of_a_sequence():
    shapes = [(1, 3, 2), (1, 2), (2, 8), (2, 8), (8,)]
    xs = [drawn(*shape, seed=i) for i, shape in enumerate(shapes)]
    differentiable_twice(lambda *xs: layers.lstm_temporal(*xs), *xs)


@pytest.mark.parametrize("kind", SHAPES)
def test_gradients_keep_their_dtype(kind):
    layer = getattr(layers, f"{kind}_temporal")
    xs = [drawn(N, T, D, dtype="float32"), drawn(N, H, dtype="float32"), *weights(kind, "float32")]
    gradients = minpy.grad(lambda xs: np.sum(layer(*xs) ** 2))(xs)
    assert {str(g.dtype) for g in gradients} == {"float32"}


# ---------------------------------------------------------------------------- PyTorch


def torchs(torch, kind, x, h0, ws):
    """Run PyTorch's recurrent layer on weights in the course's order of gates."""
    Wx, Wh, b = ws[:3]
    if kind == "lstm":  # PyTorch has i, f, g, o
        order = [*range(2 * H), *range(3 * H, 4 * H), *range(2 * H, 3 * H)]
        Wx, Wh, b = Wx[:, order], Wh[:, order], b[order]
    flat = [Wx.T, Wh.T, b, torch.zeros_like(b)]
    if kind == "lstm":
        states = (h0[None], torch.zeros_like(h0)[None])
        return torch.lstm(x, states, flat, True, 1, 0.0, False, False, True)[0]
    return torch.rnn_tanh(x, h0[None], flat, True, 1, 0.0, False, False, True)[0]


@pytest.mark.parametrize("kind", ["rnn", "lstm"])  # PyTorch's GRU applies r after the product
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch(torch, kind, dtype):
    same_as_torch(
        torch,
        getattr(layers, f"{kind}_temporal"),
        lambda x, h0, *ws: torchs(torch, kind, x, h0, ws),
        drawn(N, T, D, dtype=dtype),
        drawn(N, H, dtype=dtype),
        *weights(kind, dtype),
    )


@pytest.mark.parametrize("directions", [1, 2])
def test_padded_sequences_as_in_torch(torch, directions):
    """States, last states, and gradients are those of a packed sequence."""
    lengths = [T, 2]
    mask = onp.arange(T) < onp.array(lengths)[:, None]
    x, ws = drawn(N, T, D), weights("lstm")
    zeros = onp.zeros((N, H))

    def ours(x, *ws):
        if directions == 2:
            w = (zeros, *ws)
            return layers.bidirectional(layers.lstm_temporal, x, w, w, mask=mask)
        states, (h, c) = layers.lstm_temporal(x, zeros, *ws, mask=mask, return_state=True)
        return states, h, c

    def theirs(x, Wx, Wh, b):
        order = [*range(2 * H), *range(3 * H, 4 * H), *range(2 * H, 3 * H)]
        layer = torch.nn.LSTM(D, H, batch_first=True, bidirectional=directions == 2).double()
        flat = [Wx.T[order], Wh.T[order], b[order], torch.zeros_like(b)]
        values = {name: flat[i % 4] for i, (name, _) in enumerate(layer.named_parameters())}
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True)
        out, (h, c) = torch.func.functional_call(layer, values, (packed,))
        states, _ = torch.nn.utils.rnn.pad_packed_sequence(out, batch_first=True)
        return states if directions == 2 else (states, h[0], c[0])

    same_as_torch(torch, ours, theirs, x, *ws)


def test_a_mask_of_another_shape_is_explained():
    x, h = drawn(N, T, D), drawn(N, H)
    for kind in SHAPES:
        with pytest.raises(
            ValueError, match=rf"{kind}_temporal: mask has shape \(2, 3\), but must"
        ):
            getattr(layers, f"{kind}_temporal")(x, h, *weights(kind), mask=onp.ones((N, 3)))


def test_arrays_on_torch(torch):
    xs = drawn(N, T, D), drawn(N, H), *weights("lstm")
    expected = minpy.grad(lambda xs: np.sum(layers.lstm_temporal(*xs) ** 2))(list(xs))
    with minpy.use_policy("prefer_torch"):
        there = [np.array(x) for x in xs]
        found = minpy.grad(lambda xs: np.sum(layers.lstm_temporal(*xs) ** 2))(there)
        assert all(type(g._data) is torch.Tensor for g in found)
    for g, e in zip(found, expected, strict=True):
        close(g, e.asnumpy(), "float64")


# ---------------------------------------------------------------------------- both directions


@pytest.mark.parametrize("kind", SHAPES)
def test_bidirectional(kind):
    layer = getattr(layers, f"{kind}_temporal")
    x, h0 = drawn(N, T, D), drawn(N, H)
    forward = h0, *weights(kind)
    backward = -h0, *(2 * w for w in weights(kind))
    found = layers.bidirectional(layer, x, forward, backward)
    assert found.shape == (N, T, 2 * H)
    close(found[:, :, :H], layer(x, *forward).asnumpy(), "float64")
    for t in range(T):  # what the backward layer says at t, it has read from the end to t
        close(found[:, t, H:], layer(x[:, t:][:, ::-1], *backward).asnumpy()[:, -1], "float64")


def test_gradients_in_both_directions():
    ws = weights("rnn")
    h0 = drawn(N, H)

    def both(x, Wx):
        out = layers.bidirectional(layers.rnn_temporal, x, (h0, Wx, *ws[1:]), (h0, Wx, *ws[1:]))
        return np.sum(out**2)

    report = minpy.gradcheck(both, drawn(N, T, D), ws[0])
    assert report, report


# ---------------------------------------------------------------------------- limits, errors


@pytest.mark.parametrize("kind", SHAPES)
def test_sequences_without_steps(kind):
    layer = getattr(layers, f"{kind}_temporal")
    out = layer(drawn(N, 0, D, dtype="float32"), drawn(N, H), *weights(kind, "float32"))
    assert out.shape == (N, 0, H)


@pytest.mark.parametrize("kind", SHAPES)
def test_what_is_recorded_grows_with_the_steps(kind):
    """Each step adds as many operations as any other."""
    layer = getattr(layers, f"{kind}_temporal")

    def operations(steps):
        trace = minpy.record(layer, drawn(N, steps, D), drawn(N, H), *weights(kind))
        return len(trace.nodes)

    first, second, third = operations(5), operations(10), operations(20)
    assert third - second == 2 * (second - first)


@pytest.mark.parametrize("kind", SHAPES)
def test_shapes_that_do_not_fit_are_explained(kind):
    step, layer = getattr(layers, f"{kind}_step"), getattr(layers, f"{kind}_temporal")
    states = [drawn(N, H)] * (2 if kind == "lstm" else 1)
    times = SHAPES[kind][0][1] // H
    columns = "H" if times == 1 else f"{times}H"
    x = drawn(N, D)
    for i, name in enumerate(["Wx", "Wh", "b"]):
        ws = weights(kind)
        ws[i] = ws[i][..., :-1]
        with pytest.raises(ValueError, match=rf"{kind}_step: {name} has shape .*{columns}.* = \("):
            step(x, *states, *ws)
        with pytest.raises(ValueError, match=rf"{kind}_temporal: {name} has shape .*{columns}"):
            layer(x[:, None], states[0], *ws)
    with pytest.raises(ValueError, match=rf"{kind}_temporal: x has .*, but must be \(N, T, D\)"):
        layer(x, states[0], *weights(kind))
    message = rf"prev_h has shape \(3, {H}\), but must be \(N, H\) = \({N}, H\): x \(N, D\) has"
    with pytest.raises(ValueError, match=message):
        step(x, *[drawn(3, H)] * len(states), *weights(kind))
