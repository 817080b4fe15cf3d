"""Recorded or not, a function gives NumPy's value, also for the values that are special.

Every row of the table of calls is made again with special values in the place of its floating
arrays: NaN, infinities, nothing but zeros, equal numbers, complex numbers, no axes, no elements.
While its arrays are recorded a call gives what NumPy gives: the same value or the same error.
Only what has no rule at all may refuse.
"""

import warnings

import numpy as onp
import pytest

import minpy
import minpy.numpy as np

from .calls import lookup
from .test_conformance import (
    assert_same_result,
    by_numpy,
    folder,  # noqa: F401 - a fixture
    is_floating,
    is_recordable,
    refusals,
    rows,
    supplied,
)


def sprinkled(*values):
    """Put these values into an array, at every other place."""

    def change(raw):
        changed = raw.copy(order="K")
        places = changed.reshape(-1)[::2] if changed.flags.forc else changed[...]
        places[...] = onp.resize(values, places.shape)
        return changed

    return change


SPECIAL = {
    "nan": sprinkled(onp.nan),
    "inf": sprinkled(onp.inf),
    "minus inf": sprinkled(-onp.inf),
    "all nan": lambda raw: onp.full_like(raw, onp.nan),
    "all inf": lambda raw: onp.full_like(raw, onp.inf),
    "both inf": sprinkled(-onp.inf, onp.inf),
    "zeros": onp.zeros_like,
    "equal": onp.ones_like,
    "complex": lambda raw: onp.asarray(raw * (1 - 0.5j)),
    "no axes": lambda raw: onp.array(raw.reshape(-1)[0] if raw.size else 0, raw.dtype),
    "no elements": lambda raw: raw[:0] if raw.ndim else raw,
}


def with_special(row, change):
    """Return a row with its floating arrays changed."""

    def changed(raw):
        return change(raw) if is_floating(raw) else raw

    args, kwargs = row.build(changed)
    return row._replace(args=args, kwargs=kwargs)


def outcome(call):
    """Return what a call gives, or the error that it raises."""
    with warnings.catch_warnings(), onp.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:
            return error


def compare(name, row, arrays):
    ours = outcome(lambda: supplied(lookup(np, name), row, arrays))
    if isinstance(ours, refusals(name)):
        return  # before NumPy is asked, which draws numbers with an infinite scale for ever
    theirs = outcome(lambda: by_numpy(name, row))
    if isinstance(theirs, Exception):
        assert isinstance(ours, Exception), f"NumPy raises {theirs!r}, but the result is {ours}"
        assert isinstance(ours, type(theirs)), f"NumPy raises {theirs!r}, but minpy {ours!r}"
    elif isinstance(ours, Exception):
        raise ours
    else:
        assert_same_result(name, ours, theirs)


# What NumPy itself does not survive without elements, or with a result without axes.
UNDEFINED = {
    "einsum": "it reads beyond the memory of a diagonal without elements",
    "put": "mode='wrap' looks for a place for ever",
    "ndarray.put": "its errors are those of put",
    "ndarray.itemset": "its errors are those of other indices",
}


def takes(name, row, special):
    """Whether NumPy can be asked: with an `out` of another shape it may crash."""
    return not (special.startswith("no ") and (name in UNDEFINED or "out" in row.kwargs))


def is_tried(name, row):
    """Whether a row is for the test; drawing numbers with an infinite scale never ends."""
    return is_recordable(name, row) and not name.startswith("random.")


@pytest.mark.parametrize(("name", "row"), rows(is_tried))
def test_recorded_special_values(name, row):
    tried = {k: with_special(row, change) for k, change in SPECIAL.items() if takes(name, row, k)}
    wrong = []

    def f(arrays):
        for special, changed in tried.items():
            try:
                with onp.errstate(all="ignore"):  # comparing infinities warns too
                    compare(name, changed, arrays[special])
            except Exception as error:
                wrong.append(" ".join(f"{special}: {type(error).__name__}: {error}".split())[:300])
        return arrays["nan"][0]

    minpy.make_vjp(f)({special: recordable(changed) for special, changed in tried.items()})
    assert not wrong, "\n".join(wrong)


def recordable(row):
    return [np.array(raw) for raw in row.arrays() if is_floating(raw)]


@pytest.mark.parametrize("axis", [0, -1, None])
def test_partition_orders_each_part_as_numpy_does(axis):
    values = onp.random.default_rng(3).integers(0, 40, (60, 50)).astype(float)
    values[values > 35] = onp.nan
    vjp, parts = minpy.make_vjp(lambda x: np.partition(x, 20, axis))(np.array(values))
    onp.testing.assert_array_equal(parts, onp.partition(values, 20, axis))
    shares = vjp(parts)  # each element gets its own value back
    onp.testing.assert_array_equal(shares, values)


@pytest.mark.skipif(not hasattr(onp, "cumulative_sum"), reason="NumPy has it since 2.1")
@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
def test_running_totals_of_matrices_need_an_axis(name):
    with pytest.raises(ValueError, match="axis"):
        minpy.grad(lambda x: getattr(np, name)(x).sum())(np.ones((2, 2)))
