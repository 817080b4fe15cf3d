"""What `two_layer.ipynb` needs beside it: its sizes, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

import numpy as np

from minpy import course
from minpy.checking.spec import Check, away_from_zero, labels, normal

# How many images, hidden units and epochs, and how many networks the search tries.
settings = course.Settings.from_text("""
    data           size      train   val    test  hidden  epochs  rounds
    digits         tiny        600   150     150      32       8       3
    digits         default    1187   250     360      64      30      20
    digits         full       1187   250     360     256      60      60
    fashion-mnist  tiny        600   150     150      32       5       2
    fashion-mnist  default   20000  2000   10000     100      10      10
    fashion-mnist  full      55000  5000   10000     256      30      20
    cifar10        tiny        600   150     150      32       5       2
    cifar10        default   20000  2000    1000     100       8       8
    cifar10        full      45000  5000   10000     256      20      20
""")

# Known values: three examples, no bias 0, units that are active and units that are not.
# fmt: off
AFFINE = {
    "x": [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[9.0, 10.0], [11.0, 12.0]]],
    "w": [[1.0, 0.5], [2.0, -1.0], [-1.0, 0.0], [0.5, 3.0]], "b": [10.0, -20.0],
    "out": [[14.0, -9.5], [24.0, 0.5], [34.0, 10.5]],
}
ONE_ROW = {"x": [[1, 2]], "w": [[3.0, 4.5], [6, 7]], "b": [10, 20], "out": [[25, 38.5]]}
AFFINE_BACK = {
    **AFFINE, "dout": [[1.0, -2.0], [0.5, 3.0], [-1.0, 2.0]], "db": [0.5, 3],
    "dx": [[[0, 4], [-1, -5.5]], [[2, -2], [-0.5, 9.25]], [[0, -4], [1, 5.5]]],
    "dw": [[-5.5, 31], [-5, 34], [-4.5, 37], [-4, 40]],
}
RELU = {
    "x": [-1.5, 0.0, 2.5, -0.5, 3.0], "dout": [5.0, 6.0, 7.0, -8.0, -9.0],
    "out": [0, 0, 2.5, 0, 3], "dx": [0, 0, 7, 0, -9],
}
SMALL_SCORES = {
    "scores": [[1.0, 3.0, 0.0, -1.0], [2.0, -1.0, 4.0, 0.5], [-2.0, 0.0, 1.0, 3.0]], "y": [0, 2, 1],
    "loss": 1.8398801262492939,
    "dscores": [
        [-0.2958475954, 0.2769842202, 0.0137902323, 0.005073143],
        [0.0384823782, 0.0019159248, -0.0489848822, 0.0085865792],
        [0.0018844342, -0.3194091432, 0.0378498731, 0.2796748358],
    ],
}
LARGE_SCORES = {
    "scores": [[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4], [0.0, 1e4, 1e4]], "y": [1, 0, 2],
    "loss": 1e4 / 3 + float(np.log(2)) / 1.5,
    "dscores": [[1 / 3, -1 / 3, 0], [-1 / 6, 1 / 6, 0], [0, 1 / 6, -1 / 6]],
}
NETWORK = {
    "x": [[1.0, -1.0], [2.0, 0.5], [-1.0, 1.5]],
    "W1": [[1.0, -2.0, 0.5], [0.5, 1.0, -1.0]], "b1": [0.5, -0.5, 0.75],
    "W2": [[1.0, -1.0], [0.5, 2.0], [-1.5, 1.0]], "b2": [0.5, -0.25],
}
LOSS = {
    **NETWORK, "y": [1, 1, 0], "reg": 0.5, "loss": 6.420307543358316,
    "grads['W1']": [[2.45460066, -1.48133656, -1.39102323], [-0.42897124, 1.22200483, -0.85462734]],
    "grads['b1']": [0.03242833, 0.48133656, -0.842763],
    "grads['W2']": [[1.3156646, -1.3156646], [-0.71267311, 1.96267311], [-0.31081739, 0.06081739]],
    "grads['b2']": [0.01621416, -0.01621416],
}
UNREGULARISED = {**NETWORK, "y": [1, 1, 0], "reg": 0.0, "loss": 2.1703075433583163}
SCORES = {**NETWORK, "scores": [[-1.875, 1.0], [1.375, -1.75], [2.25, 5.5]]}
MOMENTUM = {
    "w": [1.0, 2.0, 3.0], "dw": [10.0, -10.0, 4.0], "v": [0.5, 1.0, -2.0],
    "learning_rate": 0.2, "momentum": 0.7, "new_w": [-0.65, 4.7, 0.8], "new_v": [-1.65, 2.7, -2.2],
}
# fmt: on

BY_HAND = ("gradients", "differences")
PARAMS = {"W1": normal("P*Q H"), "b1": normal("H"), "W2": normal("H C"), "b2": normal("C")}
WEIGHTS = {name: normal("N 3") for name in ("w", "dw", "v")}

affine_forward = Check(
    "affine_forward",
    points=2,
    inputs={"x": normal("N P Q"), "w": normal("P*Q M"), "b": normal("M")},
    sizes={"N": 4, "P": 2, "Q": 3, "M": 5},
    forward="out, cache = affine_forward(x, w, b)",
    outputs={"out": "N M"},
    known=[AFFINE, ONE_ROW],
    hidden_comparisons=9,
)

affine_backward = Check(
    "affine_backward",
    points=4,
    inputs={**affine_forward.inputs, "dout": normal("N M")},
    sizes=affine_forward.sizes,
    forward="out, cache = affine_forward(x, w, b)",
    backward="dx, dw, db = affine_backward(dout, cache)",
    cache="cache = (x, w, b)",
    gradients={"dx": "x", "dw": "w", "db": "b"},
    differentiates="out",
    upstream="dout",
    known=[AFFINE_BACK],
    forbids=BY_HAND,
    hidden_comparisons=24,
)

relu = Check(
    "relu",
    points=3,
    inputs={"x": away_from_zero("N 5"), "dout": normal("N 5")},
    sizes={"N": 4},
    forward="out, cache = relu_forward(x)",
    backward="dx = relu_backward(dout, cache)",
    cache="cache = x",
    outputs={"out": "N 5"},
    gradients={"dx": "x"},
    differentiates="out",
    upstream="dout",
    known=[RELU],
    forbids=BY_HAND,
    hidden_comparisons=18,
)

softmax_loss = Check(
    "softmax_loss",
    points=4,
    inputs={"scores": normal("N C", scale=2), "y": labels("N", below="C")},
    sizes={"N": 5, "C": 4},
    forward="loss, dscores = softmax_loss(scores, y)",
    outputs={"loss": ""},
    gradients={"dscores": "scores"},
    differentiates="loss",
    known=[SMALL_SCORES, LARGE_SCORES],
    forbids=BY_HAND,
    hidden_comparisons=18,
)

two_layer_loss = Check(
    "two_layer_loss",
    points=5,
    inputs={**PARAMS, "x": normal("N P Q"), "y": labels("N", below="C"), "reg": 0.3},
    sizes={"N": 5, "P": 2, "Q": 2, "H": 6, "C": 3},
    packs={"params": tuple(PARAMS)},
    forward="loss, grads = two_layer_loss(params, x, y, reg)",
    outputs={"loss": ""},
    gradients={f"grads['{name}']": name for name in PARAMS},
    differentiates="loss",
    known=[LOSS, UNREGULARISED],
    regularization="reg",
    forbids=BY_HAND,
    hidden_comparisons=55,
)

sgd_momentum = Check(
    "sgd_momentum",
    points=2,
    inputs={**WEIGHTS, "learning_rate": 0.1, "momentum": 0.8},
    sizes={"N": 4},
    forward="new_w, new_v = sgd_momentum(w, dw, v, learning_rate, momentum)",
    outputs={"new_w": "N 3", "new_v": "N 3"},
    known=[MOMENTUM],
    hidden_comparisons=14,
)

predict_scores = Check(
    "predict_scores",
    points=1,
    inputs={**PARAMS, "x": normal("N P Q")},
    sizes=two_layer_loss.sizes,
    packs={"params": tuple(PARAMS)},
    forward="scores = predict_scores(params, x)",
    outputs={"scores": "N C"},
    known=[SCORES],
    hidden_comparisons=8,
)

network_file = course.ParameterFile("two_layer.npz", PARAMS)

trained = course.trained(
    network_file,
    settings,
    forward="scores = predict_scores(params, x)",
    # two points and a little below what the reference reaches at the size `default`
    thresholds={"digits": 0.93, "fashion-mnist": 0.83, "cifar10": 0.44},
    tiny=0.75,
    points=2,
)
