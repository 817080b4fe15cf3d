"""The same network on MXNet's arrays and on NumPy's, and what ran where."""

import minpy
import minpy.numpy as np
import minpy.numpy.random as random
from minpy.core import grad_and_loss
from minpy.dispatch.policy import OnlyNumPyPolicy
from minpy.nn import layers


def network(w1, b1, w2, b2, x, y):
    hidden = layers.relu(layers.affine(x, w1, b1))
    scores = layers.affine(hidden, w2, b2)
    return layers.softmax_loss(scores, y) + 0.001 * np.sum(np.logaddexp(w2, -w2))


def train(steps=60):
    random.seed(3)
    x = random.randn(100, 8)
    y = (np.sum(x[:, :4], axis=1) > 0).astype(int)
    params = [random.randn(8, 16) * 0.3, np.zeros(16), random.randn(16, 2) * 0.3, np.zeros(2)]
    gradient = grad_and_loss(network, argnum=range(4))
    losses = []
    for _ in range(steps):
        grads, loss = gradient(*params, x, y)
        params = [param - 0.5 * g for param, g in zip(params, grads)]
        losses.append(loss.asnumpy().item())
    return losses, params[0].context


@minpy.wrap_policy(OnlyNumPyPolicy())
def train_on_numpy():
    return train()


def main():
    minpy.set_global_policy("prefer_mxnet")
    np.policy.reset_op_stat()
    on_mxnet, context = train()
    np.policy.show_op_stat()
    stat = np.policy.op_stat()
    on_numpy, _ = train_on_numpy()
    in_force = minpy.current_policy().name
    minpy.set_global_policy("auto")
    return on_mxnet, on_numpy, context, stat, in_force


if __name__ == "__main__":
    main()
