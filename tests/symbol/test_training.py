"""Networks as symbols learn in plain programs: 95 % of scikit-learn's digits, 8 by 8 pixels."""

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy.nn import functional as F

GOAL = 0.95


@pytest.fixture(scope="module")
def digits():
    """Images (N, 1, 8, 8) and labels: 1,297 to learn from, 500 to test."""
    datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn for its digits")
    data, labels = datasets.load_digits(return_X_y=True)
    images = (data.reshape(-1, 1, 8, 8) / 8 - 1).astype("float32")
    order = onp.random.default_rng(0).permutation(len(images))
    train, test = order[500:], order[:500]
    return (images[train], labels[train]), (images[test], labels[test])


def initial(shapes, seed=0):
    """Return He's initial parameters for what `Function.get_params` returns."""
    rng = onp.random.default_rng(seed)
    params = {}
    for name, config in shapes.items():
        shape = config["shape"]
        if name.endswith("weight") and not name.startswith("scores"):
            deviation = (2 / onp.prod(shape[1:])) ** 0.5
            params[name] = deviation * rng.standard_normal(shape)
        else:
            params[name] = onp.full(shape, float(name.endswith("gamma")))
    return {name: np.array(value.astype("float32")) for name, value in params.items()}


def trained(loss, params, data, epochs, rate, batch=50, seed=0):
    """Return parameters after some epochs of gradient descent with momentum."""
    images, labels = data
    rng = onp.random.default_rng(seed)
    velocity = {name: np.zeros_like(value) for name, value in params.items()}
    gradient = minpy.grad(loss)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            step = gradient(params, images[chosen], labels[chosen])
            for name in params:
                velocity[name] = 0.9 * velocity[name] - rate * step[name]
                params[name] = params[name] + velocity[name]
    return params


def accuracy(predict, params, data):
    images, labels = data
    return float(np.mean(np.argmax(predict(params, images), axis=1) == labels))


def cross_entropy(net):
    return lambda params, x, y: F.cross_entropy(net(x=x, **params), y)


def check_learns(net, digits, epochs, rate):
    params = initial(net.get_params({"x": (1, 1, 8, 8)}))
    train, test = digits
    params = trained(cross_entropy(net), params, train, epochs, rate)
    net.is_train = False
    assert accuracy(lambda params, x: net(x=x, **params), params, test) >= GOAL


def relu(mx, x):
    return mx.sym.Activation(x, act_type="relu")


def convolution(mx, x, filters, name, size=3, stride=1):
    return mx.sym.Convolution(
        x,
        name=name,
        kernel=(size, size),
        stride=(stride, stride),
        pad=(size // 2, size // 2),
        num_filter=filters,
        no_bias=True,
    )


def pooled(mx, x):
    return mx.sym.Pooling(x, kernel=(2, 2), stride=(2, 2), pool_type="max")


def residual_block(mx, x, filters, name, stride=1):
    """Two convolutions beside a shortcut (K. He et al., 2015)."""
    y = convolution(mx, x, filters, f"{name}_conv1", stride=stride)
    y = relu(mx, mx.sym.BatchNorm(y, name=f"{name}_bn1", fix_gamma=False))
    y = convolution(mx, y, filters, f"{name}_conv2")
    y = mx.sym.BatchNorm(y, name=f"{name}_bn2", fix_gamma=False)
    if stride > 1:
        x = convolution(mx, x, filters, f"{name}_shortcut", size=1, stride=stride)
    return relu(mx, x + y)


def test_a_multilayer_perceptron(mx, digits):
    x = mx.sym.Variable("x")
    hidden = relu(mx, mx.sym.FullyConnected(x, name="hidden", num_hidden=64))
    net = minpy.Function(mx.sym.FullyConnected(hidden, name="scores", num_hidden=10), name="mlp")
    check_learns(net, digits, epochs=12, rate=0.05)


def test_lenet(mx, digits):
    """Y. LeCun et al., Gradient-based learning applied to document recognition (1998)."""
    x = mx.sym.Variable("x")
    x = pooled(mx, mx.sym.tanh(convolution(mx, x, 8, "conv1", size=5)))
    x = pooled(mx, mx.sym.tanh(convolution(mx, x, 16, "conv2")))
    x = mx.sym.tanh(mx.sym.FullyConnected(x, name="hidden", num_hidden=64))
    net = minpy.Function(mx.sym.FullyConnected(x, name="scores", num_hidden=10), name="lenet")
    check_learns(net, digits, epochs=8, rate=0.05)


def test_a_residual_network(mx, digits):
    """Batch normalization learns its running means, and inference uses them."""
    x = relu(mx, convolution(mx, mx.sym.Variable("x"), 8, "first"))
    x = residual_block(mx, x, 8, "block1")
    x = residual_block(mx, x, 16, "block2", stride=2)
    x = mx.sym.FullyConnected(x, name="scores", num_hidden=10)
    net = minpy.Function(x, name="resnet")
    check_learns(net, digits, epochs=6, rate=0.05)
    assert float(np.max(np.abs(net.states["block1_bn1_moving_mean"]))) > 0.01


def test_half_a_symbol_and_half_numpy(mx, digits):
    """The features are a symbol, the classifier is plain NumPy with an in-place write."""
    features = pooled(mx, relu(mx, convolution(mx, mx.sym.Variable("x"), 8, "conv", size=5)))
    features = minpy.Function(mx.sym.Flatten(features), name="features")

    def scores(params, x):
        conv_weight, w, b = params["conv_weight"], params["w"], params["b"]
        y = features(x=x, conv_weight=conv_weight) @ w
        y += b
        return y

    shapes = features.get_params({"x": (1, 1, 8, 8)})
    (_, size) = features.get_one_output_shape({"x": (1, 1, 8, 8)})
    params = initial(shapes)
    params["w"] = np.zeros((size, 10), dtype="float32")
    params["b"] = np.zeros(10, dtype="float32")
    train, test = digits
    before = params["conv_weight"].asnumpy().copy()
    params = trained(
        lambda params, x, y: F.cross_entropy(scores(params, x), y), params, train, 6, 0.02
    )
    assert accuracy(scores, params, test) >= GOAL
    assert abs(params["conv_weight"].asnumpy() - before).max() > 0.01  # both halves have learned


def test_a_symbol_with_its_own_loss(mx, digits):
    """SoftmaxOutput: the gradient is that of the summed cross-entropy."""
    x, labels = mx.sym.Variable("x"), mx.sym.Variable("labels")
    hidden = relu(mx, mx.sym.FullyConnected(x, name="hidden", num_hidden=64))
    scores = mx.sym.FullyConnected(hidden, name="scores", num_hidden=10)
    net = minpy.Function(mx.sym.SoftmaxOutput(scores, labels), name="classifier")
    train, test = digits
    params = initial(net.get_params({"x": (1, 1, 8, 8)}))
    params = trained(
        lambda params, x, y: np.sum(net(x=x, labels=y, **params)), params, train, 12, 0.001
    )
    assert accuracy(lambda params, x: net(x=x, **params), params, test) >= GOAL


def test_a_recurrent_cell_reads_digits_row_by_row(mx, digits):
    """One symbol, run eight times before each backward pass."""
    x, h = mx.sym.Variable("x"), mx.sym.Variable("h")
    into = mx.sym.FullyConnected(x, name="i2h", num_hidden=64)
    on = mx.sym.FullyConnected(h, name="h2h", num_hidden=64, no_bias=True)
    step = minpy.Function(mx.sym.tanh(into + on), name="step")

    def scores(params, images):
        h = np.zeros((len(images), 64), dtype="float32")
        weights = {name: params[name] for name in ("i2h_weight", "i2h_bias", "h2h_weight")}
        for row in range(8):
            h = step(x=images[:, 0, row], h=h, **weights)
        return h @ params["w"]

    params = initial(step.get_params({"x": (1, 8), "h": (1, 64)}))
    params = {name: 0.5 * value for name, value in params.items()}
    params["w"] = np.zeros((64, 10), dtype="float32")
    train, test = digits
    loss = lambda params, x, y: F.cross_entropy(scores(params, x), y)  # noqa: E731
    params = trained(loss, params, train, epochs=5, rate=0.05)
    assert accuracy(scores, params, test) >= GOAL
