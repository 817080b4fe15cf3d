"""What a check in a notebook says: points for right answers, and true words for wrong ones."""

import numpy as onp
import pytest

from minpy.checking.calls import ReturnError, results, run
from minpy.checking.spec import Check, by_output, labels, normal

LOSS = Check(
    "loss",
    points=3,
    inputs={"w": normal("D"), "x": normal("N D"), "reg": 0.5},
    sizes={"N": 4, "D": 3},
    packs={"params": ("w",)},
    forward="loss, grads = loss(params, x, reg)",
    outputs={"loss": ""},
    gradients={"grads['w']": "w"},
    differentiates="loss",
    known=[
        {"w": [1.0, 2.0], "x": [[1.0, 0.5], [2.0, -1.0], [0.5, 3.0]], "reg": 0.0, "loss": 8.5 / 3}
    ],
)
LAYER = Check(
    "layer",
    points=2,
    inputs={"x": normal("N 3"), "dout": normal("N 3")},
    sizes={"N": 4},
    forward="out, cache = layer_forward(x)",
    backward="dx = layer_backward(dout, cache)",
    gradients={"dx": "x"},
    differentiates="out",
    upstream="dout",
)


def loss(params, x, reg):
    w = params["w"]
    return (x @ w).mean() + reg * (w**2).sum(), {"w": x.mean(axis=0) + 2 * reg * w}


def verdicts(check, **functions):
    return {one.name: one for one in by_output(check.compared(functions)) if not one.passed}


def test_a_right_answer_gets_all_points():
    assert LOSS.earned(LOSS.compared({"loss": loss})) == 3


def test_float32_arithmetic_is_right():
    def single(params, x, reg):
        value, grads = loss({"w": params["w"].astype("f4")}, x.astype("f4"), reg)
        return onp.float32(value), {"w": grads["w"].astype("f4")}

    assert LOSS.earned(LOSS.compared({"loss": single})) == 3


def test_a_gradient_is_not_blamed_for_a_wrong_loss():
    def summed(params, x, reg):
        value, grads = loss(params, x, reg)
        return value * len(x), grads

    wrong = verdicts(LOSS, loss=summed)
    assert wrong["loss"].diagnosis.name == "missing_mean"
    assert str(wrong["loss"].case).startswith("With w = [1.0, 2.0], x = ")
    gradient = wrong["grads['w']"]
    assert (gradient.verdict, gradient.diagnosis) == ("unsure", None)
    assert "your own `loss`, which is not right yet" in gradient.reason


def test_a_dict_that_is_written_to_is_noticed():
    def replaces(params, x, reg):
        params["w"] = params["w"] * 1
        return loss(params, x, reg)

    def adds(params, x, reg):
        params["seen"] = True
        return loss(params, x, reg)

    for function in (replaces, adds):
        assert {name: one.verdict for name, one in verdicts(LOSS, loss=function).items()} == {
            "params": "mutated"
        }


def test_a_backward_pass_goes_by_its_arguments():
    last = []

    def forward(x):
        last[:] = [x]
        return x**2, x

    assert not verdicts(LAYER, layer_forward=forward, layer_backward=lambda d, x: 2 * d * x)
    stale = verdicts(LAYER, layer_forward=forward, layer_backward=lambda d, x: 2 * d * last[0])
    assert set(stale) == {"dx"}


def test_a_diagnosis_holds_in_all_cases():
    """With two examples a lost mean and a factor 2 are one; with four they are not."""
    check = Check(
        "mean",
        points=1,
        inputs={"x": normal("N 2"), "y": labels("N", below="N")},
        sizes={"N": 4},
        forward="out = mean(x)",
        outputs={"out": "2"},
        known=[
            {"x": [[1.5, 2.25], [3.5, 4.0]], "y": [0, 1], "out": [2.5, 3.125]},
            {"x": [[1.5, 2.25], [3.5, 4.0], [1.0, 2.0]], "y": [0, 1, 1], "out": [2.0, 2.75]},
        ],
    )
    assert verdicts(check, mean=lambda x: x.sum(0))["out"].diagnosis.name == "missing_mean"
    doubled = verdicts(check, mean=lambda x: 2 * x.mean(0))["out"].diagnosis
    assert doubled.name == "doubled"


@pytest.mark.parametrize(
    "returned, said",
    [
        (onp.zeros((4, 5)), "f must return (out, cache); yours returned one array (4, 5)"),
        (None, "f must return (out, cache); yours returned None"),
        ((1, 2, 3), "f must return (out, cache); yours returned 3 values"),
        ({"out": 1, "cache": 2}, "f must return (out, cache); yours returned one dict"),
    ],
)
def test_what_does_not_fit_a_call_is_told_in_words(returned, said):
    with pytest.raises(ReturnError) as caught:
        run("out, cache = f()", {"f": lambda: returned})
    assert str(caught.value) == said


def test_one_result_is_no_tuple_and_a_dict_has_its_keys():
    with pytest.raises(ReturnError, match=r"^f must return y alone; yours returned 2 values$"):
        run("y = f()", {"f": lambda: (1, 2)})
    with pytest.raises(ReturnError, match=r"^grads has no 'b2'; it has W1$"):
        results(["grads['b2']"], {"grads": {"W1": 1}})
    with pytest.raises(ReturnError, match="must be a dict with the key 'W1'; yours is 2 values"):
        results(["grads['W1']"], {"grads": (1, 2)})
