"""Arguments that are dicts, lists, tuples and dataclasses of arrays."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as onp
import pytest

import minpy
import minpy.numpy as np
from minpy import backends

X = onp.array([0.3, -0.7, 1.1])


Point = namedtuple("Point", "x y")


@dataclass
class Layer:
    w: Any
    b: Any
    name: str = "layer"


@dataclass(frozen=True)
class Frozen:
    layer: Layer
    scale: Any


def test_a_dict():
    gradient = minpy.grad(lambda p: np.sum(p["w"] * 2 + p["b"]))(
        {"w": np.ones(2), "b": np.zeros(1)}
    )
    assert list(gradient) == ["w", "b"]
    assert gradient["w"].tolist() == [2.0, 2.0]
    assert gradient["b"].tolist() == [2.0]


def test_an_ordered_dict_keeps_its_type_and_order():
    given = OrderedDict([("z", np.ones(1)), ("a", 2.0)])
    gradient = minpy.grad(lambda p: np.sum(p["z"]) * p["a"])(given)
    assert type(gradient) is OrderedDict
    assert list(gradient) == ["z", "a"]


def test_a_list_and_a_tuple():
    gradient = minpy.grad(lambda p: p[0] * p[1][0] * p[1][1])([2.0, (3.0, 5.0)])
    assert type(gradient) is list and type(gradient[1]) is tuple
    assert (gradient[0].item(), *[g.item() for g in gradient[1]]) == (15.0, 10.0, 6.0)


def test_a_namedtuple():
    gradient = minpy.grad(lambda p: p.x * p.y)(Point(2.0, 3.0))
    assert type(gradient) is Point
    assert (gradient.x.item(), gradient.y.item()) == (3.0, 2.0)


def test_a_dataclass():
    gradient = minpy.grad(lambda p: np.sum(p.w * 3 + p.b))(Layer(np.ones(2), 1.0))
    assert type(gradient) is Layer
    assert gradient.w.tolist() == [3.0, 3.0]
    assert gradient.b.item() == 2.0
    assert gradient.name is None


def test_a_frozen_dataclass_in_a_dict_with_a_dataclass_in_it():
    given = {"m": Frozen(Layer(np.ones(2), 2.0), scale=np.array(3.0))}
    gradient = minpy.grad(lambda p: np.sum(p["m"].layer.w) * p["m"].layer.b * p["m"].scale)(given)
    assert gradient["m"].layer.w.tolist() == [6.0, 6.0]
    assert gradient["m"].layer.b.item() == 6.0
    assert gradient["m"].scale.item() == 4.0


def test_what_is_not_floating_has_none():
    given = {"w": 2.0, "n": 3, "labels": np.array([1, 2]), "name": "a", "on": True, "no": None}
    gradient = minpy.grad(lambda p: p["w"] ** p["n"])(given)
    assert gradient.pop("w").item() == 12.0
    assert gradient == dict.fromkeys(["n", "labels", "name", "on", "no"])


def test_a_container_that_is_used_twice():
    w = np.ones(2)
    first, second = minpy.grad(lambda p: np.sum(p[0] * 2 + p[1] * 3))([w, w])
    assert (first.tolist(), second.tolist()) == ([2.0, 2.0], [3.0, 3.0])


def test_empty_containers():
    assert minpy.grad(lambda p: p["w"])({"w": 1.0, "rest": [], "more": {}, "t": ()}) == {
        "w": 1.0,
        "rest": [],
        "more": {},
        "t": (),
    }


def test_raw_arrays_numbers_and_numpys_scalars_are_arguments():
    def square(x):
        assert type(x) is np.ndarray
        return np.sum(x * x)

    for value in (3, 3.0, onp.float64(3), np.ones(2).sum() + 1):
        gradient = minpy.grad(square)(value)
        assert isinstance(gradient, float if backends.current() is backends.NUMPY else np.ndarray)
        assert gradient == gradient.asnumpy() == 6.0
    for value in (onp.array(3.0), np.array(3.0)):
        gradient = minpy.grad(square)(value)
        assert type(gradient) is np.ndarray
        assert gradient.item() == 6.0
    assert minpy.grad(square)(onp.ones(2)).tolist() == [2.0, 2.0]
    assert minpy.grad(lambda p: square(p["x"]))({"x": onp.float32(3)})["x"].item() == 6.0


def test_an_unused_argument_has_a_gradient_of_zero():
    gx, gy = minpy.grad(lambda x, y: np.sum(x), argnum=(0, 1))(np.ones(2), np.ones((2, 3)))
    assert gx.tolist() == [1.0, 1.0]
    assert gy.tolist() == [[0.0] * 3] * 2


def test_a_constant_result_has_a_gradient_of_zero():
    assert minpy.grad(lambda x: 3.0)(2.0).item() == 0.0
    assert minpy.grad(lambda x: np.ones(3))(np.ones(2)).tolist() == [0.0, 0.0]
    with pytest.warns(UserWarning, match="detach"):
        assert minpy.grad(lambda x: np.sum(x.detach() ** 2))(np.ones(2)).tolist() == [0.0, 0.0]


def test_the_argument_is_the_result():
    assert minpy.grad(lambda x: x)(np.ones(2)).tolist() == [1.0, 1.0]
    value, gradient = minpy.value_and_grad(lambda x: x)(2.0)
    assert (value.item(), gradient.item()) == (2.0, 1.0)
