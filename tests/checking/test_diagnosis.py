"""Each planted mistake gets its own diagnosis and no other; what has no name gets none."""

from collections import Counter

import numpy as onp
import pytest

from minpy.checking import CallContext, Card, compare, texts
from minpy.checking.diagnosis import TABLE
from minpy.checking.texts import values_in

from . import planted

SEEDS = range(2)
TOLERANCE = {"precision": 1e-10, "rounding": 1e-4}


def diagnosed(plant, key, sizes, seed):
    net = planted.Net(sizes, seed)
    actual, right, context = plant(net)
    tolerance = TOLERANCE.get(key, 1e-6)
    found = compare("dW", actual, right, tolerance=tolerance, context=context)
    assert not found.passed, f"nothing is wrong here: {key} with {sizes}"
    return found


def everything():
    """Plant all mistakes in all nets; count what each was said to be."""
    table = {}
    for sizes in planted.SIZES:
        for seed in SEEDS:
            for key, plants in planted.CASES.items():
                for plant in plants:
                    found = diagnosed(plant, key, sizes, seed)
                    said = found.diagnosis.name if found.diagnosis else "-"
                    table.setdefault(key, Counter())[said] += 1
            for name, plant in planted.NOTHING.items():
                found = diagnosed(plant, name, sizes, seed)
                said = found.diagnosis.name if found.diagnosis else "-"
                table.setdefault("-", Counter())[said] += 1
                if said != "-":
                    table.setdefault(f"- ({name})", Counter())[said] += 1
    return table


def test_confusions(capsys, request):
    table = everything()
    off = {(key, said): n for key, row in table.items() for said, n in row.items() if key != said}
    if request.config.get_verbosity() > 0 or off:
        with capsys.disabled():
            print(f"\n{'planted':26}{'found':>6}  taken for something else")
            for key, row in table.items():
                others = ", ".join(f"{said} {n}" for said, n in row.items() if said != key)
                print(f"{key:26}{row[key]:6}  {others or '-'}")
    assert off == {}
    assert set(table) == {hypothesis.key for hypothesis in TABLE} | {"-"}
    assert sum(sum(row.values()) for row in table.values()) > 900


@pytest.mark.parametrize("key", planted.CASES)
def test_the_words_say_what_was_verified(key):
    found = diagnosed(planted.CASES[key][0], key, planted.SIZES[0], 0)
    needed = values_in(texts.ENGLISH[f"diagnosis.{key}"])
    assert needed <= set(found.diagnosis.values), f"the text of {key} needs {needed}"
    words = str(found.diagnosis)
    assert "{" not in words and len(words) < 300
    assert type(found).from_json(found.to_json()).diagnosis == found.diagnosis


def test_the_numbers_in_the_words():
    net = planted.Net((50, 10, 4, 10), 0)
    actual, right, context = planted.with_options("b1", mean=False)(net)
    found = compare("db1", actual, right, context=context)
    assert str(found.diagnosis).startswith(
        "The mean over the examples is missing: your `db1` divided by N = 50 is right (error "
    )
    assert found.diagnosis.values["error"] < 1e-12
    found = compare("dW", net.right["W1"] / 4, net.right["W1"])
    assert found.diagnosis.values["ratio"] == 0.25 and found.diagnosis.values["inverse"] == 4


def test_two_names_for_one_number_are_none():
    right = onp.random.default_rng(0).normal(size=(2, 5))
    found = compare("dW", 2 * right, right, context=CallContext(batch=2))
    assert found.diagnosis.name == "ratio"


def test_what_is_verified_is_tight_even_where_the_tolerance_is_loose():
    rng = onp.random.default_rng(0)
    right = rng.normal(size=(4, 5))
    nearly = -right * (1 + 0.02 * rng.normal(size=right.shape))
    assert compare("dW", nearly, right, tolerance=0.1).diagnosis is None
    assert compare("dW", -right, right, tolerance=0.1).diagnosis.name == "sign"


def test_float32_arithmetic_is_diagnosed_too():
    rng = onp.random.default_rng(0)
    x, g = rng.normal(size=(64, 20)).astype("float32"), rng.normal(size=(64, 5)).astype("float32")
    right = x.T.astype(float) @ g.astype(float)
    found = compare("dW", -(x.T @ g), right, tolerance=1e-7)
    assert found.diagnosis.name == "sign"


def test_complex_outputs():
    rng = onp.random.default_rng(0)
    right = rng.normal(size=(4, 5)) + 1j * rng.normal(size=(4, 5))
    assert compare("dz", 2j * right, right).diagnosis.name == "ratio"
    assert compare("dz", -right, right).diagnosis.name == "sign"
    assert compare("dz", right.conj(), right).diagnosis is None


def test_no_evidence_is_needed_and_odd_evidence_does_no_harm():
    right = onp.random.default_rng(0).normal(size=(4, 5))
    odd = CallContext(
        batch=0,
        factors={"nothing": 0.0},
        parameter="W",
        weights={"W": onp.zeros((4, 5)), "V": None},
        regularization=0.1,
        inputs={"x": right},
        after={"x": right[0]},
        preactivations={"z": onp.float64(1), "y": onp.zeros((0, 5))},
        intermediates={"u": onp.float64(3)},
        terms={"a": right[0]},
        others={"b": "text"},
        mistakes={"c": onp.zeros(3)},
    )
    for wrong in (right + onp.eye(4, 5), right[0], right[..., None] * [1.0, 2.0]):
        assert compare("dW", wrong, right, context=odd).diagnosis is None


def odd_array(rng):
    shape = [(), (1,), (3,), (0,), (2, 3), (3, 3), (3, 1), (4, 3, 2), (0, 3), (2, 2, 2, 2)]
    x = rng.normal(size=shape[rng.integers(len(shape))]) * 10.0 ** rng.integers(-3, 4)
    change = rng.integers(5)
    if change == 0:
        x = onp.round(x)
    elif change < 3:
        x = onp.where(rng.random(x.shape) < 0.3, [onp.nan, onp.inf][change - 1], x)
    elif change == 3:
        x = x * 0
    with onp.errstate(invalid="ignore", over="ignore"):
        return onp.asarray(x).astype(rng.choice(["f8", "f4", "f2", "i8", "u1", "?", "c16", "g"]))


def odd_context(rng, shape):
    parts = ("weights", "inputs", "after", "preactivations", "intermediates", "terms", "others")
    return CallContext(
        batch=int(rng.integers(0, 5)),
        parameter="1",
        regularization=rng.choice([None, 0.1]),
        kink=rng.random(),
        slopes=rng.normal(size=(2, *shape)),
        numeric=(1e-6, rng.normal(), "float32"),
        **{part: {str(i): odd_array(rng) for i in range(3)} for part in parts},
    )


def test_nothing_raises_or_warns_whatever_is_beside_whatever():
    rng = onp.random.default_rng(0)
    verdicts = Counter()
    for _ in range(300):
        expected = odd_array(rng)
        with onp.errstate(all="ignore"):
            actual = odd_array(rng) if rng.random() < 0.4 else onp.asarray(expected * 3).T
        context = odd_context(rng, expected.shape)
        with onp.errstate(all="raise"):
            found = compare("dW", actual, expected, context=context)
        card = Card("f", [found])
        assert Card.from_json(card.to_json()).html() == card.html()
        verdicts[found.verdict] += 1
    assert set(verdicts) == {"right", "value", "shape", "not_finite", "dtype"}


def test_large_arrays_are_compared_and_not_diagnosed():
    right = onp.ones(1_000_001)
    assert compare("dW", 2 * right[:1_000_000], right[:1_000_000]).diagnosis is not None
    assert compare("dW", 2 * right, right).diagnosis is None
