"""Public checks of the tiny assignment."""

from minpy.checking.spec import Check, normal

INPUTS = {"x": normal("N D"), "w": normal("D M"), "b": normal("M")}
SIZES = {"N": 4, "D": 3, "M": 5}

affine_forward = Check(
    "affine_forward",
    points=2,
    inputs=INPUTS,
    sizes=SIZES,
    forward="out, cache = affine_forward(x, w, b)",
    outputs={"out": "N M"},
    hidden_comparisons=5,
)

affine_backward = Check(
    "affine_backward",
    points=3,
    inputs={**INPUTS, "dout": normal("N M")},
    sizes=SIZES,
    forward="out, cache = affine_forward(x, w, b)",
    backward="dx, dw, db = affine_backward(dout, cache)",
    gradients={"dx": "x", "dw": "w", "db": "b"},
    differentiates="out",
    upstream="dout",
    forbids=("gradients", "differences"),
    hidden_comparisons=15,
)
