# ruff: noqa: F403, F405, UP004, UP031, UP034 - old code, as it was
"""Homework as it was written for the minpy of 2017: only what Python 3 asks for has changed.

Two-layer nets, deep nets with batch norm and dropout, captioning with recurrent nets: classes as in
CS231n's assignments, with `minpy.nn.layers`, `minpy.core.grad_and_loss` and loops of their own.
"""

import numpy

import minpy.numpy as np
import minpy.numpy.random as random
from minpy.core import grad_and_loss
from minpy.nn import init, optim
from minpy.nn.layers import *


def moons(n=200):
    """Points of two classes that no line separates."""
    rng = numpy.random.RandomState(0)
    angle = numpy.pi * rng.rand(n)
    y = rng.randint(2, size=n)
    x = numpy.stack([numpy.cos(angle) + y, numpy.sin(angle) * (1 - 2 * y) + 0.5 * y], 1)
    return x + 0.05 * rng.randn(n, 2), y


# ---------------------------------------------------------------------------- two layers


class TwoLayerNet(object):
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {}
        self.params["w1"] = random.randn(input_size, hidden_size) * 0.5
        self.params["b1"] = np.zeros((hidden_size))
        self.params["w2"] = random.randn(hidden_size, output_size) * 0.5
        self.params["b2"] = np.zeros((1, output_size)).reshape(output_size)

    def forward(self, X, params):
        y1 = affine(X, params["w1"], params["b1"])
        y2 = relu(y1)
        y3 = affine(y2, params["w2"], params["b2"])
        return y3

    def loss_and_derivative(self, X, y, loss):
        keys = sorted(self.params)

        def loss_func(*args):
            params = dict(zip(keys, args))
            return loss(self.forward(X, params), y)

        grad_function = grad_and_loss(loss_func, range(len(keys)))
        grads, value = grad_function(*[self.params[k] for k in keys])
        return value, dict(zip(keys, grads))


def train(model, X, y, loss, update, steps, **config):
    configs = {k: dict(config) for k in model.params}
    history = []
    for _ in range(steps):
        value, grads = model.loss_and_derivative(X, y, loss)
        history.append(value.asnumpy().item())
        for p, w in model.params.items():
            next_w, next_config = update(w, grads[p], configs[p])
            model.params[p] = next_w
            configs[p] = next_config
    return history


def accuracy(model, X, y):
    scores = model.forward(X, model.params)
    return (np.argmax(scores, axis=1) == y).mean()


def test_a_two_layer_net_learns_the_moons():
    X, y = moons()
    for loss, labels in ((softmax_loss, y), (softmax_loss, numpy.eye(2)[y]), (svm_loss, y)):
        random.seed(1)
        model = TwoLayerNet(2, 20, 2)
        history = train(model, X, labels, loss, optim.sgd_momentum, 200, learning_rate=0.2)
        assert history[-1] < 0.1 * history[0]
        assert accuracy(model, X, y) > 0.97


def test_all_old_update_rules_learn():
    X, y = moons()
    rates = {optim.sgd: 0.5, optim.sgd_momentum: 0.1, optim.rmsprop: 0.01, optim.adam: 0.02}
    for update, learning_rate in rates.items():
        random.seed(1)
        model = TwoLayerNet(2, 20, 2)
        history = train(model, X, y, softmax_loss, update, 300, learning_rate=learning_rate)
        assert history[-1] < 0.5 * history[0], update.__name__


# ------------------------------------------------------------- deep, batch norm and dropout


class FullyConnectedNet(object):
    def __init__(self, hidden_dims, input_dim, num_classes, drop_prob, reg=0.0):
        self.drop_prob = drop_prob
        self.reg = reg
        self.num_layers = 1 + len(hidden_dims)
        self.params = {}
        self.aux_params = {}
        dims = [input_dim] + hidden_dims + [num_classes]
        for i in range(self.num_layers):
            config = {"stdvar": (2.0 / dims[i]) ** 0.5}
            self.params["w%d" % i] = init.gaussian((dims[i], dims[i + 1]), config)
            self.params["b%d" % i] = init.constant((dims[i + 1],), {"value": 0.0})
        for i, dim in enumerate(hidden_dims):
            self.params["gamma%d" % i] = np.ones(dim)
            self.params["beta%d" % i] = np.zeros(dim)
            self.aux_params["mean%d" % i] = self.aux_params["var%d" % i] = None

    def forward(self, X, params, mode):
        h = X
        for i in range(self.num_layers - 1):
            h = affine(h, params["w%d" % i], params["b%d" % i])
            h, self.aux_params["mean%d" % i], self.aux_params["var%d" % i] = batchnorm(
                h,
                params["gamma%d" % i],
                params["beta%d" % i],
                mode,
                running_mean=self.aux_params["mean%d" % i],
                running_var=self.aux_params["var%d" % i],
            )
            h = relu(h)
            h = dropout(h, self.drop_prob, mode)
        last = self.num_layers - 1
        return affine(h, params["w%d" % last], params["b%d" % last])

    def loss_and_derivative(self, X, y):
        keys = sorted(self.params)

        def loss_func(*args):
            params = dict(zip(keys, args))
            loss = softmax_loss(self.forward(X, params, "train"), y)
            for k in keys:
                if k.startswith("w"):
                    loss = loss + 0.5 * self.reg * np.sum(params[k] * params[k])
            return loss

        grads, loss = grad_and_loss(loss_func, range(len(keys)))(*[self.params[k] for k in keys])
        return loss, dict(zip(keys, grads))


def test_a_deep_net_with_batch_norm_and_dropout_learns():
    random.seed(0)
    X, y = moons()
    images = X.reshape(200, 1, 2)  # affine makes vectors of them
    model = FullyConnectedNet([16, 16], 2, 2, drop_prob=0.2, reg=1e-3)
    configs = {k: {"learning_rate": 0.05} for k in model.params}
    for _ in range(100):
        _, grads = model.loss_and_derivative(images, y)
        for k in model.params:
            model.params[k], configs[k] = optim.sgd_momentum(model.params[k], grads[k], configs[k])
    scores = model.forward(images, model.params, "test")
    assert (np.argmax(scores, axis=1) == y).mean() > 0.95
    onpys = [model.forward(images, model.params, "test").asnumpy() for _ in range(2)]
    numpy.testing.assert_array_equal(*onpys)  # nothing is dropped any more


# ---------------------------------------------------------------------------- captioning


class CaptioningRNN(object):
    """Captions of images: CS231n's model, with the gradients that minpy takes."""

    def __init__(self, word_to_idx, input_dim=8, wordvec_dim=6, hidden_dim=16, cell_type="rnn"):
        self.cell_type = cell_type
        self.word_to_idx = word_to_idx
        self._null = word_to_idx["<NULL>"]
        self._start = word_to_idx["<START>"]
        vocab_size = len(word_to_idx)
        dim_mul = {"lstm": 4, "rnn": 1, "gru": 2}[cell_type]
        self.params = {}
        self.params["W_embed"] = random.randn(vocab_size, wordvec_dim) / 10
        self.params["W_proj"] = random.randn(input_dim, hidden_dim) / np.sqrt(input_dim)
        self.params["b_proj"] = np.zeros(hidden_dim)
        self.params["Wx"] = random.randn(wordvec_dim, dim_mul * hidden_dim) / np.sqrt(wordvec_dim)
        self.params["Wh"] = random.randn(hidden_dim, dim_mul * hidden_dim) / np.sqrt(hidden_dim)
        self.params["b"] = np.zeros(dim_mul * hidden_dim)
        if cell_type == "gru":
            self.params["Wxh"] = random.randn(wordvec_dim, hidden_dim) / np.sqrt(wordvec_dim)
            self.params["Whh"] = random.randn(hidden_dim, hidden_dim) / np.sqrt(hidden_dim)
            self.params["bh"] = np.zeros(hidden_dim)
        self.params["W_vocab"] = random.randn(hidden_dim, vocab_size) / np.sqrt(hidden_dim)
        self.params["b_vocab"] = np.zeros(vocab_size)

    def forward(self, features, captions_in, params):
        h0 = affine(features, params["W_proj"], params["b_proj"])
        x = params["W_embed"][captions_in]
        if self.cell_type == "rnn":
            h = rnn_temporal(x, h0, params["Wx"], params["Wh"], params["b"])
        elif self.cell_type == "gru":
            h = gru_temporal(
                x, h0, params["Wx"], params["Wh"], params["b"],
                params["Wxh"], params["Whh"], params["bh"],
            )  # fmt: skip
        else:
            h = lstm_temporal(x, h0, params["Wx"], params["Wh"], params["b"])
        return temporal_affine(h, params["W_vocab"], params["b_vocab"])

    def loss(self, features, captions):
        captions_in = captions[:, :-1]
        captions_out = captions[:, 1:]
        mask = captions_out != self._null
        keys = list(self.params)

        def loss_func(*args):
            params = dict(zip(keys, args))
            scores = self.forward(features, captions_in, params)
            return temporal_softmax_loss(scores, captions_out, mask)

        grads, loss = grad_and_loss(loss_func, range(len(keys)))(*[self.params[k] for k in keys])
        return loss, dict(zip(keys, grads))

    def sample(self, features, max_length):
        N = features.shape[0]
        p = self.params
        captions = self._null * np.ones((N, max_length), dtype=numpy.int32)
        h = affine(features, p["W_proj"], p["b_proj"])
        c = np.zeros(h.shape)
        word = self._start * np.ones(N, dtype=numpy.int32)
        for t in range(max_length):
            x = p["W_embed"][word]
            if self.cell_type == "rnn":
                h = rnn_step(x, h, p["Wx"], p["Wh"], p["b"])
            elif self.cell_type == "gru":
                h = gru_step(x, h, p["Wx"], p["Wh"], p["b"], p["Wxh"], p["Whh"], p["bh"])
            else:
                h, c = lstm_step(x, h, c, p["Wx"], p["Wh"], p["b"])
            word = np.argmax(affine(h, p["W_vocab"], p["b_vocab"]), axis=1)
            captions[:, t] = word
        return captions


def test_captions_are_learned_by_heart():
    words = {"<NULL>": 0, "<START>": 1, "<END>": 2, "cat": 3, "dog": 4, "a": 5, "the": 6}
    captions = numpy.array([[1, 5, 3, 2, 0], [1, 6, 4, 2, 0], [1, 5, 6, 4, 2], [1, 3, 2, 0, 0]])
    features = numpy.random.RandomState(0).randn(4, 8)
    for cell_type in ("rnn", "gru", "lstm"):
        random.seed(0)
        model = CaptioningRNN(words, cell_type=cell_type)
        configs = {k: {"learning_rate": 0.03} for k in model.params}
        for _ in range(60):
            loss, grads = model.loss(features, captions)
            for k in model.params:
                model.params[k], configs[k] = optim.adam(model.params[k], grads[k], configs[k])
        assert loss < 0.1, cell_type
        found = model.sample(features, 4).asnumpy()
        counts = captions[:, 1:] != 0
        numpy.testing.assert_array_equal(found[counts], captions[:, 1:][counts], cell_type)
