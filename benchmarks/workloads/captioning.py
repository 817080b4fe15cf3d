"""Row `memory`: the peak memory of a training step of an LSTM that captions images.

The model of CS231n: an image's features are projected onto the first state, the words before are
embedded (256 numbers each), an LSTM (gates i f o g) runs over 17 steps, and every state predicts
the next word out of 1004. One step is the softmax cross-entropy and the gradients of all eight
parameters, float32, all arrays time first. `benchmarks.peak_memory` says how it is measured.
`minpy.nn` is the same model by the library's layers, arrays batch first, as a user of these writes
it; `composed` is written with NumPy's elementary functions alone. Without anything kept needlessly
a step needs about 200 MB: the gates take 71, the cells, their tanh and the states 18 each, the
words 9, the scores and their gradient 36 each.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

import numpy as onp

from benchmarks.benchmark import Benchmark
from benchmarks.functional import (
    cross_entropy,
    cross_entropy_by_hand,
    mxnet_cross_entropy,
    sigmoid,
    torch_cross_entropy,
)
from benchmarks.peak_memory import PeakMemory
from benchmarks.steps import Arrays, training_steps


def problem(
    steps: int,
    batch: int,
    hidden: int,
    vocabulary: int,
    word: int,
    dtype: str = "float32",
) -> tuple[Arrays, Arrays]:
    """Return the parameters and the data.

    Returns
    -------
    params : tuple of ndarray
        `w_image` (H, H), `b_image` (H,), `embedding` (V, D), `wx` (D, 4H), `wh` (H, 4H), `b` (4H,),
        `w_vocab` (H, V), `b_vocab` (V,).
    data : tuple of ndarray
        Features of shape (N, H), words (T, N), and the words that follow (T * N,).
    """
    rng = onp.random.default_rng(0)
    shapes = [
        (hidden, hidden),
        (hidden,),
        (vocabulary, word),
        (word, 4 * hidden),
        (hidden, 4 * hidden),
        (4 * hidden,),
        (hidden, vocabulary),
        (vocabulary,),
    ]
    params = tuple((hidden**-0.5 * rng.normal(size=shape)).astype(dtype) for shape in shapes)
    features = rng.normal(size=(batch, hidden)).astype(dtype)
    words = rng.integers(vocabulary, size=(steps + 1, batch))
    return params, (features, words[:-1], words[1:].ravel())


def loss(np: ModuleType, params: Any, features: Any, words: Any, targets: Any) -> Any:
    """Return the loss, in NumPy's terms."""
    w_image, b_image, embedding, wx, wh, b, w_vocab, b_vocab = params
    size = len(wh)
    h = features @ w_image + b_image
    c = np.zeros_like(features)
    x = embedding[words]
    states = []
    for t in range(len(words)):
        a = x[t] @ wx + h @ wh + b
        gates = sigmoid(np, a[:, : 3 * size])
        i = gates[:, :size]
        f = gates[:, size : 2 * size]
        o = gates[:, 2 * size :]
        c = f * c + i * np.tanh(a[:, 3 * size :])
        h = o * np.tanh(c)
        states.append(h)
    states = np.reshape(np.stack(states), (-1, size))
    return cross_entropy(np, states @ w_vocab + b_vocab, targets)


def by_hand(params: Arrays, features: onp.ndarray, words: onp.ndarray, targets: onp.ndarray) -> Any:
    """Return the loss and the gradients, the backward pass written out."""
    w_image, b_image, embedding, wx, wh, b, w_vocab, b_vocab = params
    steps = len(words)
    batch, size = features.shape
    dtype = features.dtype
    x = embedding[words]
    gates = onp.empty((steps, batch, 4 * size), dtype)
    tanh_c = onp.empty((steps, batch, size), dtype)
    cells = onp.zeros((steps + 1, batch, size), dtype)
    states = onp.empty((steps + 1, batch, size), dtype)
    onp.matmul(features, w_image, out=states[0])
    states[0] += b_image
    for t in range(steps):
        a = gates[t]
        onp.matmul(x[t], wx, out=a)
        a += states[t] @ wh
        a += b
        _activate(a, 3 * size)
        i, f, o, g = onp.split(a, 4, axis=1)
        onp.multiply(f, cells[t], out=cells[t + 1])
        cells[t + 1] += i * g
        onp.tanh(cells[t + 1], out=tanh_c[t])
        onp.multiply(o, tanh_c[t], out=states[t + 1])
    outputs = states[1:].reshape(-1, size)
    scores = outputs @ w_vocab
    scores += b_vocab
    value, dscores = cross_entropy_by_hand(scores, targets)

    dw_vocab = outputs.T @ dscores
    db_vocab = dscores.sum(axis=0)
    dstates = (dscores @ w_vocab.T).reshape(steps, batch, size)
    del scores, dscores
    dwx = onp.zeros_like(wx)
    dwh = onp.zeros_like(wh)
    db = onp.zeros_like(b)
    dx = onp.empty_like(x)
    dh = onp.zeros_like(features)
    dc = onp.zeros_like(features)
    for t in reversed(range(steps)):
        dh += dstates[t]
        i, f, o, g = onp.split(gates[t], 4, axis=1)
        dc += dh * o * (1 - tanh_c[t] * tanh_c[t])
        da = onp.empty_like(gates[t])
        di, df, do, dg = onp.split(da, 4, axis=1)
        onp.multiply(dc * g, i * (1 - i), out=di)
        onp.multiply(dc * cells[t], f * (1 - f), out=df)
        onp.multiply(dh * tanh_c[t], o * (1 - o), out=do)
        onp.multiply(dc * i, 1 - g * g, out=dg)
        dc *= f
        onp.matmul(da, wx.T, out=dx[t])
        dh = da @ wh.T
        dwx += x[t].T @ da
        dwh += states[t].T @ da
        db += da.sum(axis=0)
    dembedding = onp.zeros_like(embedding)
    onp.add.at(dembedding, words, dx)
    gradients = (features.T @ dh, dh.sum(axis=0), dembedding, dwx, dwh, db, dw_vocab, db_vocab)
    return value, gradients


def _activate(a: onp.ndarray, end: int) -> None:
    """Put the sigmoid of the gates up to column `end`, the tanh of the others, in their place."""
    gates = a[:, :end]
    gates *= 0.5
    onp.tanh(a, out=a)
    gates *= 0.5
    gates += 0.5


def layers_loss(np: ModuleType, params: Any, features: Any, words: Any, targets: Any) -> Any:
    """Return the loss by the layers of `minpy.nn`, whose arrays are batch first."""
    from minpy.nn import layers

    w_image, b_image, embedding, wx, wh, b, w_vocab, b_vocab = params
    h = layers.affine(features, w_image, b_image)
    x = layers.word_embedding(np.swapaxes(words, 0, 1), embedding)
    states = layers.lstm_temporal(x, h, wx, wh, b)
    scores = layers.temporal_affine(states, w_vocab, b_vocab)
    targets = np.swapaxes(np.reshape(targets, words.shape), 0, 1)
    return layers.temporal_softmax_loss(scores, targets) / len(words)


def composed_loss(np: ModuleType, params: Any, features: Any, words: Any, targets: Any) -> Any:
    """Return the loss written with arithmetic and NumPy's elementary functions alone."""
    w_image, b_image, embedding, wx, wh, b, w_vocab, b_vocab = params
    size = len(wh)
    h = features @ w_image + b_image
    c = np.zeros_like(features)
    x = embedding[words]
    states = []
    for t in range(len(words)):
        a = x[t] @ wx + h @ wh + b
        i = 1 / (1 + np.exp(-a[:, :size]))
        f = 1 / (1 + np.exp(-a[:, size : 2 * size]))
        o = 1 / (1 + np.exp(-a[:, 2 * size : 3 * size]))
        c = f * c + i * np.tanh(a[:, 3 * size :])
        h = o * np.tanh(c)
        states.append(h)
    scores = np.reshape(np.stack(states), (-1, size)) @ w_vocab + b_vocab
    scores = scores - np.max(scores, axis=1, keepdims=True)
    right = scores[np.arange(len(targets)), targets]
    return np.mean(np.log(np.sum(np.exp(scores), axis=1)) - right)


def torch_loss(params: Any, features: Any, words: Any, targets: Any) -> Any:
    """Return the loss, in PyTorch's terms."""
    import torch

    w_image, b_image, embedding, wx, wh, b, w_vocab, b_vocab = params
    size = len(wh)
    h = torch.addmm(b_image, features, w_image)
    c = torch.zeros_like(features)
    states = []
    for x in torch.nn.functional.embedding(words, embedding):
        gates, g = (torch.addmm(b, x, wx) + h @ wh).split([3 * size, size], dim=1)
        i, f, o = torch.sigmoid(gates).chunk(3, dim=1)
        c = f * c + i * torch.tanh(g)
        h = o * torch.tanh(c)
        states.append(h)
    scores = torch.addmm(b_vocab, torch.cat(states), w_vocab)
    return torch_cross_entropy(scores, targets)


def mxnet_loss(params: Any, features: Any, words: Any, targets: Any) -> Any:
    """Return the loss, in MXNet's terms."""
    from mxnet import nd

    w_image, b_image, embedding, wx, wh, b, w_vocab, b_vocab = params
    h = nd.broadcast_add(nd.dot(features, w_image), b_image)
    c = nd.zeros_like(features)
    x = nd.take(embedding, words)
    states = []
    for t in range(len(words)):
        a = nd.broadcast_add(nd.dot(x[t], wx) + nd.dot(h, wh), b)
        i, f, o, g = nd.split(a, num_outputs=4, axis=1)
        c = nd.sigmoid(f) * c + nd.sigmoid(i) * nd.tanh(g)
        h = nd.sigmoid(o) * nd.tanh(c)
        states.append(h)
    scores = nd.broadcast_add(nd.dot(nd.concat(*states, dim=0), w_vocab), b_vocab)
    return mxnet_cross_entropy(scores, targets)


def cases() -> list[Benchmark]:
    """Return the table of row `memory`."""
    full = partial(problem, steps=17, batch=512, hidden=512, vocabulary=1004, word=256)
    small = partial(problem, steps=3, batch=4, hidden=5, vocabulary=11, word=6)
    implementations = (loss, by_hand, torch_loss, mxnet_loss)
    steps = training_steps(full, *implementations)
    small_steps = training_steps(small, *implementations)
    steps["minpy.nn"] = training_steps(full, layers_loss, by_hand)["minpy"]
    small_steps["minpy.nn"] = training_steps(small, layers_loss, by_hand)["minpy"]
    steps["composed"] = training_steps(full, composed_loss, by_hand)["minpy"]
    small_steps["composed"] = training_steps(small, composed_loss, by_hand)["minpy"]
    return [
        Benchmark(
            name="memory",
            title="peak memory of a captioning LSTM: 17 steps, batch 512, hidden 512, 1004 words",
            note="above data and parameters; each in a process of its own",
            unit="MB",
            builders={
                name: partial(PeakMemory, "memory", name, steps[name], small_steps[name])
                for name in steps
            },
            rounds=0.2,
        )
    ]
