"""What `two_layer.ipynb` needs beside it: its sizes, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

from minpy import course
from minpy.checking.spec import Check, away_from_zero, labels, normal

hint = course.Hints(__file__)

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
    cifar10        default   20000  2000    1000     100       6       5
    cifar10        full      45000  5000   10000     256      20      20
""")

known = course.known_values(__file__)  # of `two_layer_known.py`

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
    known=[known.AFFINE, known.ONE_ROW],
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
    known=[known.AFFINE_BACK],
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
    known=[known.RELU],
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
    known=[known.SMALL_SCORES, known.LARGE_SCORES],
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
    known=[known.LOSS, known.UNREGULARISED],
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
    known=[known.MOMENTUM],
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
    known=[known.SCORES],
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
