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

affine_forward = Check(
    "affine_forward",
    points=2,
    inputs={"x": normal("N P Q"), "w": normal("P*Q M"), "b": normal("M")},
    sizes={"N": 4, "P": 2, "Q": 3, "M": 5},
    forward="out, cache = affine_forward(x, w, b)",
    outputs={"out": "N M"},
    known=[
        {
            "x": [[1.0, 2.0]],
            "w": [[3.0, 4.0, 5.0], [6.0, 7.0, 8.0]],
            "b": [10.0, 20.0, 30.0],
            "out": [[25.0, 38.0, 51.0]],
        },
        {
            "x": [[[1.0, 0.0], [0.0, 2.0]], [[0.0, 3.0], [1.0, 0.0]]],
            "w": [[1.0], [2.0], [4.0], [8.0]],
            "b": [0.5],
            "out": [[17.5], [10.5]],
        },
    ],
    hidden_comparisons=5,
)

affine_backward = Check(
    "affine_backward",
    points=4,
    inputs={
        "x": normal("N P Q"),
        "w": normal("P*Q M"),
        "b": normal("M"),
        "dout": normal("N M"),
    },
    sizes={"N": 4, "P": 2, "Q": 3, "M": 5},
    forward="out, cache = affine_forward(x, w, b)",
    backward="dx, dw, db = affine_backward(dout, cache)",
    gradients={"dx": "x", "dw": "w", "db": "b"},
    differentiates="out",
    upstream="dout",
    forbids=("gradients", "differences"),
    hidden_comparisons=15,
)

relu = Check(
    "relu",
    points=3,
    inputs={"x": away_from_zero("N 5"), "dout": normal("N 5")},
    sizes={"N": 4},
    forward="out, cache = relu_forward(x)",
    backward="dx = relu_backward(dout, cache)",
    outputs={"out": "N 5"},
    gradients={"dx": "x"},
    differentiates="out",
    upstream="dout",
    known=[
        {
            "x": [-1.5, 0.0, 2.5],
            "dout": [5.0, 6.0, 7.0],
            "out": [0.0, 0.0, 2.5],
            "dx": [0.0, 0.0, 7.0],
        },
    ],
    forbids=("gradients", "differences"),
    hidden_comparisons=12,
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
    known=[
        {"scores": [[0.0] * 10] * 3, "y": [1, 5, 9], "loss": float(np.log(10))},
        {
            "scores": [[1e4, 0.0, -1e4], [-1e4, -1e4, -2e4]],
            "y": [1, 0],
            "loss": 5000 + float(np.log(2)) / 2,
            "dscores": [[0.5, -0.5, 0.0], [-0.25, 0.25, 0.0]],
        },
    ],
    forbids=("gradients", "differences"),
    hidden_comparisons=14,
)

PARAMS = {"W1": normal("P*Q H"), "b1": normal("H"), "W2": normal("H C"), "b2": normal("C")}
PACKED = "{'W1': W1, 'b1': b1, 'W2': W2, 'b2': b2}"

two_layer_loss = Check(
    "two_layer_loss",
    points=5,
    inputs={**PARAMS, "x": normal("N P Q"), "y": labels("N", below="C"), "reg": 0.3},
    sizes={"N": 5, "P": 2, "Q": 2, "H": 6, "C": 3},
    forward=f"loss, grads = two_layer_loss({PACKED}, x, y, reg)",
    outputs={"loss": ""},
    gradients={f"grads['{name}']": name for name in PARAMS},
    differentiates="loss",
    known=[
        {
            "x": [[-1.0, -1.0]],  # no hidden unit is active
            "y": [2],
            "W1": [[1.0, 1.0], [1.0, 1.0]],
            "b1": [0.0, 0.0],
            "W2": [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]],
            "b2": [0.0, 0.0, 0.0],
            "reg": 0.5,
            "loss": float(np.log(3)) + 8.0,
        },
    ],
    forbids=("gradients", "differences"),
    hidden_comparisons=35,
)

sgd_momentum = Check(
    "sgd_momentum",
    points=2,
    inputs={
        "w": normal("N 3"),
        "dw": normal("N 3"),
        "v": normal("N 3"),
        "learning_rate": 0.1,
        "momentum": 0.8,
    },
    sizes={"N": 4},
    forward="new_w, new_v = sgd_momentum(w, dw, v, learning_rate, momentum)",
    outputs={"new_w": "N 3", "new_v": "N 3"},
    known=[
        {
            "w": [1.0, 2.0],
            "dw": [10.0, -10.0],
            "v": [0.5, 1.0],
            "learning_rate": 0.1,
            "momentum": 0.8,
            "new_w": [0.4, 3.8],
            "new_v": [-0.6, 1.8],
        },
    ],
    hidden_comparisons=10,
)

predict_scores = Check(
    "predict_scores",
    points=1,
    inputs={**PARAMS, "x": normal("N P Q")},
    sizes={"N": 5, "P": 2, "Q": 2, "H": 6, "C": 3},
    forward=f"scores = predict_scores({PACKED}, x)",
    outputs={"scores": "N C"},
    known=[
        {
            "x": [[1.0, 0.0], [0.0, 1.0], [-1.0, 3.0]],
            "W1": [[1.0, 0.0], [0.0, 1.0]],
            "b1": [0.0, 0.0],
            "W2": [[2.0, 0.0, 1.0], [0.0, 1.0, 2.0]],
            "b2": [0.5, 0.0, 0.0],
            "scores": [[2.5, 0.0, 1.0], [0.5, 1.0, 2.0], [0.5, 3.0, 6.0]],
        },
    ],
    hidden_comparisons=5,
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
