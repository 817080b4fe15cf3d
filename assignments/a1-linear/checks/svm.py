"""What `svm.ipynb` needs beside it: its sizes, and the checks of its functions.

You need not read this to do the assignment, but you may: it holds no secrets.
"""

from minpy import course
from minpy.checking.spec import Check, labels, normal

hint = course.Hints(__file__)

# How many images and epochs, and how many classifiers the search tries.
settings = course.Settings.from_text("""
    data           size      train   val    test  epochs  rounds
    digits         tiny        600   150     150      20       3
    digits         default    1187   250     360      30      12
    digits         full       1187   250     360      60      40
    fashion-mnist  tiny        600   150     150      10       2
    fashion-mnist  default   20000  2000   10000       6      12
    fashion-mnist  full      55000  5000   10000      12      30
    cifar10        tiny        600   150     150      10       2
    cifar10        default   20000  2000    1000       6      10
    cifar10        full      45000  5000   10000      12      30
""")

# ----------------------------------------------------------------------------------------- checks


def _loss(name, points, hidden_comparisons, vectorized=()):
    """Return the check of one of the two functions that compute the loss."""
    return Check(
        name,
        points=points,
        inputs={"W": normal("D C"), "X": normal("N D"), "y": labels("N", below="C"), "reg": 0.3},
        sizes={"N": 5, "D": 4, "C": 3},
        forward=f"loss, dW = {name}(W, X, y, reg)",
        outputs={"loss": ""},
        gradients={"dW": "W"},
        differentiates="loss",
        known=[
            {  # no weights: each wrong class costs 1
                "W": [[0.0] * 10] * 2,
                "X": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
                "y": [1, 5, 9],
                "reg": 0.5,
                "loss": 9.0,
            },
            {  # the scores are 3, 1, 2.5 and 1, 4, 0
                "W": [[3.0, 1.0, 2.5], [1.0, 4.0, 0.0]],
                "X": [[1.0, 0.0], [0.0, 1.0]],
                "y": [0, 2],
                "reg": 0.0,
                "loss": (0.5 + 2.0 + 5.0) / 2,
                "dW": [[-0.5, 0.0, 0.5], [0.5, 0.5, -1.0]],
            },
            {  # a margin of exactly 0 costs nothing, and has slope 0
                "W": [[3.0, 2.0], [0.0, 0.0]],
                "X": [[1.0, 2.0], [1.0, -1.0], [-1.0, 0.0]],
                "y": [0, 0, 1],
                "reg": 2.0,
                "loss": 13.0,
                "dW": [[6.0, 4.0], [0.0, 0.0]],
            },
        ],
        regularization="reg",
        forbids=("gradients", "differences", "sklearn"),
        vectorized=vectorized,
        hidden_comparisons=hidden_comparisons,
    )


svm_loss_naive = _loss("svm_loss_naive", 4, 22)
svm_loss_vectorized = _loss("svm_loss_vectorized", 5, 24, vectorized=("N",))

# Its loss is not the hinge: half the mean of squares, of scores that are 1 for the true class.
LEAST_SQUARES = """
def least_squares(W, X, y, reg):
    missing = X @ W - np.eye(W.shape[1])[y]
    loss = (missing**2).sum() / (2 * len(X)) + reg / 2 * (W**2).sum()
    return loss, X.T @ missing / len(X) + reg * W
"""

train_linear = Check(
    "train_linear",
    points=3,
    inputs={
        "W": normal("D C"),
        "X": normal("N D"),
        "y": labels("N", below="C"),
        "batches": labels("T B", below="N"),
        "learning_rate": 0.1,
        "reg": 0.4,
    },
    sizes={"N": 12, "D": 4, "C": 3, "T": 5, "B": 6},
    forward="import numpy as np\n"
    f"{LEAST_SQUARES}"
    "new_W, losses = train_linear(least_squares, W, X, y, batches, learning_rate, reg)",
    outputs={"new_W": "D C", "losses": "T"},
    known=[
        {  # one weight, two steps: 1 - 0.5 * 4 * (4 - 1), and once more
            "W": [[1.0]],
            "X": [[4.0], [2.0]],
            "y": [0, 0],
            "batches": [[0], [1]],
            "learning_rate": 0.25,
            "reg": 0.0,
            "new_W": [[0.5]],
            "losses": [4.5, 12.5],
        },
        {
            "W": [[2.0]],
            "X": [[0.0], [1.0]],
            "y": [0, 0],
            "batches": [[0, 0], [0, 0]],
            "learning_rate": 0.5,
            "reg": 1.0,
            "new_W": [[0.5]],
            "losses": [2.5, 1.0],
        },
        {  # an image counts as often as it is in the batch, and with its own label
            "W": [[0.0, 0.0]],
            "X": [[1.0], [1.0], [1.0]],
            "y": [0, 0, 1],
            "batches": [[2, 2, 1]],
            "learning_rate": 1.0,
            "reg": 0.0,
            "new_W": [[1 / 3, 2 / 3]],
            "losses": [0.5],
        },
    ],
    hidden_comparisons=18,
)

predict_linear = Check(
    "predict_linear",
    points=1,
    inputs={"W": normal("D C"), "X": normal("N D")},
    sizes={"N": 6, "D": 4, "C": 5},
    forward="y_pred = predict_linear(W, X)",
    outputs={"y_pred": "N"},
    known=[
        {
            "W": [[1.0, 2.0, 0.0], [0.0, -1.0, -3.0]],
            "X": [[1.0, 0.0], [-1.0, 0.0], [1.0, 2.0], [0.5, -1.0]],
            "y_pred": [1, 2, 0, 2],
        },
    ],
    hidden_comparisons=6,
)

weights_file = course.ParameterFile("svm.npz", ["W"])

trained = course.trained(
    weights_file,
    settings,
    forward="scores = with_ones(x) @ params['W']",
    # two points and a little below what the reference reaches at the size `default`
    thresholds={"digits": 0.90, "fashion-mnist": 0.80, "cifar10": 0.32},
    tiny=0.75,
    points=4,
)
