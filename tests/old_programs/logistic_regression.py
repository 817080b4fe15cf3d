"""Logistic regression: which side of a line is a point on?"""

import minpy.numpy as np
import minpy.numpy.random as random
from minpy.core import grad_and_loss

num_points = 400
learning_rate = 0.5


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2) + 1)


def predict(weights, inputs):
    return sigmoid(np.dot(inputs, weights))


def training_loss(weights, inputs, targets):
    probs = predict(weights, inputs)
    label_probabilities = probs * targets + (1 - probs) * (1 - targets)
    return -np.sum(np.log(label_probabilities)) / len(targets)


def main():
    random.seed(0)
    inputs = random.randn(num_points, 3)
    inputs[:, 2] = 1
    targets = np.dot(inputs, np.array([2.0, -1.0, 0.5])) > 0
    gradient_and_loss = grad_and_loss(training_loss)
    weights = np.zeros(3)
    losses = []
    for i in range(200):
        dw, loss = gradient_and_loss(weights, inputs, targets)
        weights -= learning_rate * dw
        losses.append(loss.asnumpy().item())
        if i % 50 == 0:
            print("step %d: loss %f" % (i, losses[-1]))  # noqa: UP031
    accuracy = np.mean((predict(weights, inputs) > 0.5) == targets)
    print("accuracy", accuracy)
    return losses, weights.asnumpy(), float(accuracy)


if __name__ == "__main__":
    main()
