# ruff: noqa: I001 - minpy comes first, so that it can help MXNet be imported
"""A multilayer perceptron as a symbol of MXNet, in a program that is otherwise NumPy."""

import minpy.core
import minpy.numpy as np
import mxnet as mx
import minpy.numpy.random as random

batch_size = 64
input_size = 2
num_classes = 3


def spirals():
    """Three arms of a spiral, and in which arm a point is."""
    turns = np.linspace(0, 1, 64)
    points, arms = [], []
    for arm in range(num_classes):
        angles = 3 * turns + 2 * np.pi * arm / num_classes
        points.append(np.stack([turns * np.cos(angles), turns * np.sin(angles)], axis=1))
        arms.append(np.full(64, arm))
    return np.concatenate(points), np.concatenate(arms)


def main():
    random.seed(1)
    mx.random.seed(1)
    data = mx.sym.Variable(name="data")
    net = mx.sym.FullyConnected(data=data, name="fc1", num_hidden=32)
    net = mx.sym.Activation(data=net, act_type="tanh")
    net = mx.sym.FullyConnected(data=net, name="fc2", num_hidden=num_classes)
    net = mx.sym.SoftmaxOutput(data=net, name="softmax", normalization="batch")
    mlp = minpy.core.Function(
        net, input_shapes={"data": (batch_size, input_size), "softmax_label": (batch_size,)}
    )
    params = {}
    for name, config in mlp.get_params().items():
        params[name] = random.randn(*config["shape"])

    points, arms = spirals()

    def loss(params, x, y):
        prob = mlp(data=x, softmax_label=y, **params)
        return np.sum(prob)  # SoftmaxOutput knows its own gradient

    gradient = minpy.core.grad_and_loss(loss)
    order = np.arange(len(arms))
    for _ in range(150):
        random.shuffle(order)
        for start in range(0, len(order), batch_size):
            chosen = order[start : start + batch_size]
            grads, _ = gradient(params, points[chosen], arms[chosen])
            for name in params:
                params[name] -= 0.5 * grads[name]

    mlp.is_train = False
    prob = np.concatenate(
        [mlp(data=points[i : i + 64], softmax_label=arms[i : i + 64], **params)
         for i in range(0, len(arms), 64)]
    )  # fmt: skip
    accuracy = np.mean(np.argmax(prob, axis=1) == arms)
    print("accuracy", accuracy, "output", mlp.get_one_output_shape())
    return float(accuracy), mlp


if __name__ == "__main__":
    main()
