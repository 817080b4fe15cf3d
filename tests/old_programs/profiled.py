"""What takes the time? The profiler around a function and around a block."""

import minpy.numpy as np
from minpy.core import grad
from minpy.utils.minprof import minprof


def loss(w):
    hidden = np.tanh(np.dot(np.ones((20, 10)), w))
    return np.sum(hidden * hidden)


@minprof
def train():
    w = np.ones((10, 5)) * 0.1
    for _ in range(20):
        w = w - 0.01 * grad(loss)(w)
    return w


def main():
    w = train()
    with minprof("evaluation"):
        before = loss(np.ones((10, 5)) * 0.1)
        after = loss(w)
    return float(before), float(after)


if __name__ == "__main__":
    main()
