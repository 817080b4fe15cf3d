"""What may be wrong with an output, each as a test: a function of a `Case`.

A hypothesis undoes what it supposes, and holds only if the output is right afterwards; it then
returns the values that its text says.  `minpy.checking.diagnosis` lists them with their keys.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

from minpy.checking.case import FEWEST, Case
from minpy.checking.received import receive
from minpy.checking.relative import relative_errors

Values = dict[str, Any]
SLACK = 1e-5  # of slopes that are taken with a small step

# ------------------------------------------------------------------------ what the numbers are


def has_nan(case: Case) -> Values | None:
    """NaN where numbers belong."""
    return _places(onp.isnan(case.actual) & onp.isfinite(case.expected))


def has_infinity(case: Case) -> Values | None:
    """Infinities where numbers belong."""
    return _places(onp.isinf(case.actual) & onp.isfinite(case.expected))


def _places(bad: onp.ndarray) -> Values | None:
    if not bad.any():
        return None
    first = tuple(int(i) for i in onp.argwhere(bad)[0])
    return {"found": int(bad.sum()), "count": bad.size, "index": first}


def is_cut_to_integers(case: Case) -> Values | None:
    """The right values, put into an array of integers."""
    if onp.dtype(case.dtype or "float64").kind not in "iub":
        return None
    cut = (onp.trunc, onp.rint, onp.floor)
    if case.expected.dtype.kind == "c" or not any(
        onp.array_equal(case.actual, f(case.expected)) for f in cut
    ):
        return None
    return {"dtype": case.dtype}


def is_imprecise(case: Case) -> Values | None:
    """The right values, as precise as their dtype is."""
    error = float(relative_errors(case.actual, case.expected, case.floor).max())
    if not case.precision > 1e-12 or not error <= 100 * case.precision:
        return None
    return {"dtype": case.dtype, "error": error, "tolerance": case.tolerance}


def is_zero(case: Case) -> Values | None:
    """Nothing but zeros."""
    return None if case.actual.any() or not case.actual.size else {"count": case.actual.size}


# ------------------------------------------------------------------------- a constant factor


def has_factor(*names: str) -> Callable[[Case], Values | None]:
    """Make the hypothesis that all entries are off by one factor, known by one of these names."""

    def test(case: Case) -> Values | None:
        found = case.once("factors", lambda: _known_factors(case))
        # two names for one number, such as N = 2: neither is verified
        return found[0][1] if len(found) == 1 and found[0][0] in names else None

    return test


def has_any_factor(case: Case) -> Values | None:
    """All entries are off by one factor that has no name, or several."""
    if not case.telling:
        return None
    ratio = _tidy(case, case.factor(case.actual, case.expected))
    if not ratio or (error := case.fit(case.actual / ratio)) is None:
        return None
    return {"ratio": ratio, "inverse": 1 / ratio, "error": error}


def has_factor_in_data(case: Case) -> Values | None:
    """All entries are off by one factor, but for the part of regularization, which is right."""
    for about, term in _regularizations(case):
        actual, data = case.actual - term, case.expected - term
        if (onp.abs(data) > 1e-3 * onp.abs(data).max(initial=0.0)).sum() < FEWEST:
            continue
        ratio = _tidy(case, case.factor(actual, data))
        error = case.fit(actual / ratio, data) if ratio and ratio != 1 else None
        if error is not None:
            return about | {"ratio": ratio, "inverse": 1 / ratio, "error": error}
    return None


def lacks_mean_in_data(case: Case) -> Values | None:
    """The part of the data is N times too large, and that of regularization is right."""
    found = has_factor_in_data(case)
    if found is None or case.evidence.batch in (None, 2) or found["ratio"] != case.evidence.batch:
        return None
    return found | {"batch": case.evidence.batch}


def lacks_mean_and_regularization(case: Case) -> Values | None:
    """The part of the data is N times too large, and that of regularization is missing."""
    batch = case.evidence.batch
    if batch is None or batch < 2:
        return None
    for about, term in _regularizations(case):
        values = _fitting(case, case.actual / batch + term)
        if values is not None:
            return values | about | {"batch": batch}
    return None


def _known_factors(case: Case) -> list[tuple[str, Values]]:
    """Return the factors with a name that make all entries right."""
    known: list[tuple[str, float, Values]] = [
        ("sign", -1.0, {}),
        ("doubled", 2.0, {}),
        ("halved", 0.5, {}),
    ]
    batch = case.evidence.batch
    if batch is not None and batch > 1:
        known += [
            ("missing_mean", float(batch), {"batch": batch}),
            ("extra_mean", 1 / batch, {"batch": batch}),
        ]
    for words, factor in case.evidence.factors.items():
        if factor not in (0, 1):
            values = {"words": str(words), "factor": factor}
            known += [("extra_factor", factor, values), ("missing_factor", 1 / factor, values)]
    found = []
    for name, factor, values in known:
        error = case.fit(case.actual / factor) if case.matters.any() else None
        if error is not None:
            found.append((name, values | {"error": error}))
    return found


def _tidy(case: Case, ratio: Any) -> Any:
    """Return 1/50 for 0.0199999997: the whole number or fraction that a ratio stands for."""
    if isinstance(ratio, complex) or not onp.isfinite(ratio) or not ratio:
        return ratio if onp.isfinite(ratio) else 0.0
    for whole in (round(ratio), 1 / round(1 / ratio) if abs(ratio) < 1 else 0):
        if whole and abs(whole / ratio - 1) <= case.bound:
            return whole
    return ratio


# --------------------------------------------------------------------- the right numbers, moved


def is_transposed(case: Case) -> Values | None:
    """Its transpose is right."""
    if case.actual.ndim != 2 or case.expected.ndim != 2:
        return None
    return _fitting(case, case.actual.T)


def has_permuted_axes(case: Case) -> Values | None:
    """With its axes in another order it is right."""
    if not 3 <= case.actual.ndim == case.expected.ndim <= 5:
        return None
    for axes in itertools.permutations(range(case.actual.ndim)):
        values = _fitting(case, case.actual.transpose(axes))
        if values is not None:
            return values | {"axes": axes}
    return None


def is_reshaped(case: Case) -> Values | None:
    """The right numbers in the right order, in another shape."""
    if case.actual.size != case.expected.size:
        return None
    values = _fitting(case, case.actual.reshape(case.expected.shape))
    return values and values | {"shape": case.actual.shape, "expected_shape": case.expected.shape}


def is_shifted(case: Case) -> Values | None:
    """All along an axis is some places from where it belongs; what wrapped around or not."""
    for axis, by in itertools.product(range(case.expected.ndim), (1, -1, 2, -2)):
        length = case.expected.shape[axis]
        if length < 3 + abs(by) or not case.telling:
            continue
        moved, home = _cut(axis, max(by, 0), min(by, 0)), _cut(axis, max(-by, 0), min(-by, 0))
        kept = case.expected[home]
        error = case.fit(case.actual[moved], kept)
        if error is not None and case.wrong[moved].any():
            return {"axis": axis, "by": by, "error": error}
    return None


def _cut(axis: int, start: int, stop: int) -> tuple:
    return (slice(None),) * axis + (slice(start, stop or None),)


def is_reversed(case: Case) -> Values | None:
    """Along one axis it is the wrong way round."""
    return _along_axes(case, lambda axis: onp.flip(case.actual, axis))


def is_permuted(case: Case) -> Values | None:
    """The right rows, or columns, in another order."""
    direction = onp.random.default_rng(0)

    def sorted_back(axis: int) -> onp.ndarray:
        actual = onp.moveaxis(case.actual, axis, 0).reshape(case.actual.shape[axis], -1)
        expected = onp.moveaxis(case.expected, axis, 0).reshape(case.expected.shape[axis], -1)
        way = direction.normal(size=actual.shape[1])  # rows are told apart by one number each
        order = onp.empty(len(actual), int)
        order[onp.argsort((expected @ way).real)] = onp.argsort((actual @ way).real)
        return onp.take(case.actual, order, axis)

    return _along_axes(case, sorted_back)


def _along_axes(case: Case, undone: Callable[[int], onp.ndarray]) -> Values | None:
    if not onp.isfinite(case.actual).all() or not case.telling:
        return None
    for axis in range(case.expected.ndim):
        if case.expected.shape[axis] > 1:
            values = _fitting(case, undone(axis))
            if values is not None:
                return values | {"axis": axis}
    return None


def is_another_output(case: Case) -> Values | None:
    """It is what another output has to be."""
    for name, array in case.arrays("others").items():
        if array.size > 1 and array.any():
            error = case.fit(case.actual, array)
            if error is not None:
                return {"other": name, "error": error}
    return None


def _fitting(case: Case, changed: onp.ndarray) -> Values | None:
    error = case.fit(changed)
    return None if error is None else {"error": error}


# ------------------------------------------------------------------------------------- sums


def is_unsummed(case: Case) -> Values | None:
    """A sum of it over some axes is right."""
    for axes in _axes_to_drop(case.actual.shape, case.expected.shape):
        values = _fitting(case, case.actual.sum(axis=axes).reshape(case.expected.shape))
        if values is not None:
            return values | {"axis": axes[0] if len(axes) == 1 else axes}
    return None


def is_unaveraged(case: Case) -> Values | None:
    """A mean of it over some axes is right."""
    for axes in _axes_to_drop(case.actual.shape, case.expected.shape):
        values = _fitting(case, case.actual.mean(axis=axes).reshape(case.expected.shape))
        if values is not None:
            return values | {"axis": axes[0] if len(axes) == 1 else axes}
    return None


def is_summed_over_the_wrong_axis(case: Case) -> Values | None:
    """A known array summed over one axis is right, and over another is what came back."""
    for name, array, right in _sums(case):
        for taken in range(array.ndim):
            if taken != right and _same(case, case.actual, array.sum(axis=taken)):
                return {"array": name, "axis": right, "taken": taken}
    return None


def is_one_of_a_sum(case: Case) -> Values | None:
    """A known array summed over an axis is right, and what came back is one entry along it."""
    for name, array, right in _sums(case):
        for index in (0, -1):
            if _same(case, case.actual, array.take(index, axis=right)):
                return {"array": name, "axis": right, "index": index}
    return None


def _sums(case: Case) -> Iterator[tuple[str, onp.ndarray, int]]:
    """Go through the known arrays whose sum over an axis is right."""
    if not case.matters.any():
        return  # many sums are 0
    for name, array in case.arrays("inputs", "intermediates").items():
        for axis in range(array.ndim):
            if array.shape[axis] > 1 and _same(case, array.sum(axis=axis), case.expected):
                yield name, array, axis


def _same(case: Case, actual: onp.ndarray, expected: onp.ndarray) -> bool:
    """Whether two sums agree, whether or not the summed axis was kept."""
    if actual.size != expected.size:
        return False
    return case.fit(actual.reshape(-1), expected.reshape(-1)) is not None


def _axes_to_drop(shape: tuple, expected: tuple) -> Iterator[tuple[int, ...]]:
    """Go through the sets of axes without which `shape` would be as expected."""
    if len(shape) > 6 or shape == expected:
        return
    for count in range(1, len(shape) + 1):
        for axes in itertools.combinations(range(len(shape)), count):
            rest = tuple(n for axis, n in enumerate(shape) if axis not in axes)
            kept = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
            if expected in (rest, kept) and all(shape[axis] > 1 for axis in axes):
                yield axes


# ----------------------------------------------------------------------------- terms and weights


def lacks_regularization(case: Case) -> Values | None:
    """With the part of regularization added it is right."""
    for about, term in _regularizations(case):
        values = _fitting(case, case.actual + term)
        if values is not None:
            return values | about
    return None


def has_other_regularization(case: Case) -> Values | None:
    """With another factor of regularization it is right."""
    if not case.evidence.regularization:
        return None  # two unknown factors explain too much
    for about, term in _regularizations(case):
        times = _tidy(case, case.factor(case.actual - case.expected, term) + 1)
        values = _fitting(case, case.actual - (times - 1) * term)
        if values is not None and times != 1 and abs(times) < 1e6:
            return values | about | {"given": times * about["factor"], "times": times}
    return None


def differs_by_weights(case: Case) -> Values | None:
    """The difference is proportional to an array of weights."""
    for name, weights in case.alike("weights").items():
        if onp.count_nonzero(weights) >= FEWEST:
            factor = case.factor(case.actual - case.expected, weights)
            values = _fitting(case, case.actual - factor * weights)
            if values is not None and factor:
                return values | {"weights": name, "factor": factor}
    return None


def _regularizations(case: Case) -> Iterator[tuple[Values, onp.ndarray]]:
    """Go through what the part of regularization in the expected gradient may be.

    Its factor is known, or else one of the numbers that the call was given, or twice that.
    """
    evidence = case.evidence
    weights = case.alike("weights").get(evidence.parameter or "")
    if weights is None or onp.count_nonzero(weights) < FEWEST:
        return
    factors = [evidence.regularization]
    if evidence.regularization is None:
        numbers = [x.item() for x in case.arrays("inputs").values() if x.ndim == 0]
        factors = [times * number for number in numbers for times in (1, 2)]
    for factor in factors:
        if factor:
            about = {"factor": factor, "weights": evidence.parameter}
            yield about, factor * weights


def lacks_term(case: Case) -> Values | None:
    """With one of its terms added it is right."""
    return _with_term(case, 1)


def has_term_twice(case: Case) -> Values | None:
    """One of its terms is in it twice."""
    return _with_term(case, -1)


def has_term_of_wrong_sign(case: Case) -> Values | None:
    """One of its terms is subtracted where it is to be added."""
    return _with_term(case, 2)


def _with_term(case: Case, times: int) -> Values | None:
    for name, term in case.alike("terms").items():
        values = _fitting(case, case.actual + times * term)
        if values is not None:
            return values | {"term": name}
    return None


def is_overwritten(case: Case) -> Values | None:
    """Each entry is the last term written to it, where their sum belongs."""
    terms = list(case.alike("terms").values())
    if len(terms) < 3:
        return None
    for order in (terms, terms[::-1]):
        last = onp.zeros_like(case.expected)
        for term in order:
            last = onp.where(term != 0, term, last)
        error = case.fit(case.actual, last)
        if error is not None:
            return {"terms": len(terms), "error": error}
    return None


def is_a_known_mistake(case: Case) -> Values | None:
    """It is what a mistake makes of it that the author of the check had in mind."""
    for words, array in case.arrays("mistakes").items():
        error = case.fit(case.actual, array)
        if error is not None:
            return {"words": words, "error": error}
    return None


# --------------------------------------------------------------------------------- some entries


def is_wrong_at_kinks(case: Case) -> Values | None:
    """It is wrong only where what enters a ReLU is as good as 0."""
    if not case.wrong.any() or not case.expected.ndim:
        return None
    for name, entering in case.arrays("preactivations").items():
        near = onp.abs(entering) <= case.evidence.kink
        readings = [near] if near.shape == case.expected.shape else []
        if near.ndim and near.shape[-1] == case.expected.shape[-1]:
            units = near.reshape(-1, near.shape[-1]).any(axis=0)
            readings.append(onp.broadcast_to(units, case.expected.shape))
        for places in readings:
            if not (case.wrong & ~places).any() and places.mean() <= 0.5:
                found = {"found": int(case.wrong.sum()), "count": case.wrong.size}
                return {"entering": name, **found}
    return None


def is_at_a_kink(case: Case) -> Values | None:
    """It is wrong only where the slopes to both sides differ, and what it says is between them."""
    kinks, near = _kinks(case)
    at = case.wrong & kinks
    if not at.any() or (case.wrong & ~kinks & ~near).any():
        return None
    right, left = case.evidence.slopes
    worst = onp.unravel_index((at * onp.abs(right - left)).argmax(), at.shape)
    sides = {"left": left[worst].item(), "right": right[worst].item()}
    return {"found": int(case.wrong.sum()), "count": case.wrong.size, **sides}


def is_near_a_kink(case: Case) -> Values | None:
    """It is wrong only for the steps that were taken: with much smaller ones it is right."""
    _, near = _kinks(case)
    found = int(case.wrong.sum())
    if not found or (case.wrong & ~near).any():
        return None
    return {"found": found, "count": case.wrong.size, "step": case.evidence.step}


def _kinks(case: Case) -> tuple[onp.ndarray, onp.ndarray]:
    """Return where what it says is between two slopes, and where it is equal to both."""
    slopes = case.once("slopes", lambda: receive(case.evidence.slopes).array)
    if slopes is None or slopes.shape != (2, *case.expected.shape) or not slopes.size:
        return onp.zeros_like(case.wrong), onp.zeros_like(case.wrong)
    low, high = slopes.min(axis=0), slopes.max(axis=0)
    slack = SLACK * max(1.0, float(onp.abs(slopes).max()))
    between = (low - slack <= case.actual) & (case.actual <= high + slack)
    return between & (high - low > 10 * slack), between & (high - low <= slack)


def is_wrong_at_labels(case: Case) -> Values | None:
    """It is wrong only where the column is the label of the row."""
    if case.expected.ndim != 2 or case.wrong.sum() < FEWEST or case.wrong.all():
        return None
    rows, columns = case.expected.shape
    for name, labels in case.arrays("inputs").items():
        if labels.shape != (rows,) or columns < 3 or not onp.isin(labels, range(columns)).all():
            continue
        at_labels = onp.zeros(case.expected.shape, bool)
        at_labels[onp.arange(rows), labels.real.astype(int)] = True
        if not (case.wrong & ~at_labels).any():
            return {"labels": name, "found": int(case.wrong.sum()), "count": case.wrong.size}
    return None


def is_unmasked(case: Case) -> Values | None:
    """It is wrong only where it must be exactly 0."""
    return _right_but(case, (case.expected == 0) & (case.actual != 0))


def is_partly_zero(case: Case) -> Values | None:
    """It is wrong only where it is exactly 0."""
    return _right_but(case, (case.actual == 0) & (case.expected != 0))


def _right_but(case: Case, excused: onp.ndarray) -> Values | None:
    if not case.wrong.any() or (case.wrong & ~excused).any():
        return None
    if not (case.matters & ~case.wrong).any():
        return None  # nothing else is right
    return {"found": int(case.wrong.sum()), "count": case.wrong.size}


def has_offset(case: Case) -> Values | None:
    """All entries are off by one constant."""
    if not case.telling:
        return None
    offset = onp.median((case.actual - case.expected).real)
    values = _fitting(case, case.actual - offset)
    return values and values | {"offset": float(offset)}


# -------------------------------------------------------------------------------- the check itself


def is_rounding_of_the_check(case: Case) -> Values | None:
    """The difference is within what rounding does to the central differences that are expected."""
    if case.evidence.numeric is None:
        return None
    step, value, dtype = case.evidence.numeric
    noise = float(onp.finfo(dtype).eps) * max(abs(value), 1e-300) / step
    if not onp.abs(case.actual - case.expected).max(initial=0.0) <= 4 * noise:
        return None
    return {"step": step, "dtype": dtype, "noise": noise}


def changed_an_input(case: Case) -> Values | None:
    """The call changed what it was given."""
    before = case.arrays("inputs")
    for name, after in case.arrays("after").items():
        if name in before and not onp.array_equal(before[name], after, equal_nan=True):
            if before[name].shape != after.shape:
                continue
            changed = ~((before[name] == after) | (onp.isnan(before[name]) & onp.isnan(after)))
            index = tuple(int(i) for i in onp.argwhere(changed)[0])
            numbers = {"before": before[name][index].item(), "after": after[index].item()}
            return {"input": name, "index": index, **numbers}
    return None
