"""What students get wrong in the tiny assignment."""

from grading.variants import Mistake

CORRECT = {
    "affine_forward": {
        "einsum": """
def affine_forward(x, w, b):
    return np.einsum("nd,dm->nm", x, w) + b, (x, w, b)
""",
    },
}
MISTAKES = {
    "affine_backward": {
        "one example's bias": Mistake("dout.sum(axis=0)", "dout[0]", "sum over axis 0"),
    },
}
DEMO = {"no sum": ("affine_backward", "one example's bias")}
