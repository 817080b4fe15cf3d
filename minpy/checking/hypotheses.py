"""What may be wrong with an output, each as a test: a function of a `Suspect`.

A hypothesis undoes what it supposes, and holds only if the output is right afterwards; it then
returns the values that its text says.  `minpy.checking.diagnosis` lists them with their keys.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as onp

from minpy.checking.relative_error import relative_errors
from minpy.checking.suspect import FEWEST, Suspect
from minpy.checking.untrusted import receive

Values = dict[str, Any]
SLACK = 1e-5  # of slopes that are taken with a small step

# ------------------------------------------------------------------------ what the numbers are


def has_nan(suspect: Suspect) -> Values | None:
    """NaN where numbers belong."""
    return _places(onp.isnan(suspect.actual) & onp.isfinite(suspect.expected))


def has_infinity(suspect: Suspect) -> Values | None:
    """Infinities where numbers belong."""
    return _places(onp.isinf(suspect.actual) & onp.isfinite(suspect.expected))


def _places(bad: onp.ndarray) -> Values | None:
    if not bad.any() or not bad.ndim:
        return None
    first = tuple(int(i) for i in onp.argwhere(bad)[0])
    return {"found": int(bad.sum()), "count": bad.size, "index": first}


def is_cut_to_integers(suspect: Suspect) -> Values | None:
    """The right values, put into an array of integers."""
    if onp.dtype(suspect.dtype or "float64").kind not in "iub":
        return None
    cut = (onp.trunc, onp.rint, onp.floor)
    if suspect.expected.dtype.kind == "c" or not any(
        onp.array_equal(suspect.actual, f(suspect.expected)) for f in cut
    ):
        return None
    return {"dtype": suspect.dtype}


def is_imprecise(suspect: Suspect) -> Values | None:
    """The right values, as precise as their dtype is."""
    error = float(relative_errors(suspect.actual, suspect.expected, suspect.floor).max())
    if not suspect.precision > 1e-12 or not error <= 100 * suspect.precision:
        return None
    return {"dtype": suspect.dtype, "error": error, "tolerance": suspect.tolerance}


def is_zero(suspect: Suspect) -> Values | None:
    """Nothing but zeros."""
    if suspect.actual.any() or not suspect.actual.size or not suspect.actual.ndim:
        return None
    return {"count": suspect.actual.size}


# ------------------------------------------------------------------------- a constant factor


def has_factor(*names: str) -> Callable[[Suspect], Values | None]:
    """Make the hypothesis that all entries are off by one factor, known by one of these names."""

    def test(suspect: Suspect) -> Values | None:
        found = suspect.once("factors", lambda: _known_factors(suspect))
        matching = [values for name, values in found if name in names]
        return matching[0] if len(matching) == 1 else None

    return test


def has_any_factor(suspect: Suspect) -> Values | None:
    """All entries are off by one factor that has no name, or several."""
    if not suspect.telling:
        return None
    ratio = _tidy(suspect, suspect.factor(suspect.actual, suspect.expected))
    if not ratio or (error := suspect.fit(suspect.actual / ratio)) is None:
        return None
    return {"ratio": ratio, "inverse": 1 / ratio, "error": error}


def has_factor_in_data(suspect: Suspect) -> Values | None:
    """All entries are off by one factor, but for the part of regularization, which is right."""
    for about, term in _regularizations(suspect):
        actual, data = suspect.actual - term, suspect.expected - term
        if (onp.abs(data) > 1e-3 * onp.abs(data).max(initial=0.0)).sum() < FEWEST:
            continue
        ratio = _tidy(suspect, suspect.factor(actual, data))
        error = suspect.fit(actual / ratio, data) if ratio and ratio != 1 else None
        if error is not None:
            return about | {"ratio": ratio, "inverse": 1 / ratio, "error": error}
    return None


def lacks_mean_in_data(suspect: Suspect) -> Values | None:
    """The part of the data is N times too large, and that of regularization is right."""
    found = has_factor_in_data(suspect)
    if (
        found is None
        or suspect.context.batch in (None, 2)
        or found["ratio"] != suspect.context.batch
    ):
        return None
    return found | {"batch": suspect.context.batch}


def lacks_mean_and_regularization(suspect: Suspect) -> Values | None:
    """The part of the data is N times too large, and that of regularization is missing."""
    batch = suspect.context.batch
    if batch is None or batch < 2:
        return None
    for about, term in _regularizations(suspect):
        values = _fitting(suspect, suspect.actual / batch + term)
        if values is not None:
            return values | about | {"batch": batch}
    return None


def _known_factors(suspect: Suspect) -> list[tuple[str, Values]]:
    """Return the factors with a name that make all entries right."""
    known: list[tuple[str, float, Values]] = [
        ("sign", -1.0, {}),
        ("doubled", 2.0, {}),
        ("halved", 0.5, {}),
    ]
    batch = suspect.context.batch
    if batch is not None and batch > 1:
        known += [
            ("missing_mean", float(batch), {"batch": batch}),
            ("extra_mean", 1 / batch, {"batch": batch}),
        ]
    for words, factor in suspect.context.factors.items():
        if factor not in (0, 1):
            values = {"words": str(words), "factor": factor}
            known += [("extra_factor", factor, values), ("missing_factor", 1 / factor, values)]
    found = []
    for name, factor, values in known:
        error = suspect.fit(suspect.actual / factor) if suspect.matters.any() else None
        if error is not None:
            found.append((name, values | {"error": error}))
    return found


def _tidy(suspect: Suspect, ratio: Any) -> Any:
    """Return 1/50 for 0.0199999997: the whole number or fraction that a ratio stands for."""
    if isinstance(ratio, complex) or not onp.isfinite(ratio) or not ratio:
        return ratio if onp.isfinite(ratio) else 0.0
    for whole in (round(ratio), 1 / round(1 / ratio) if abs(ratio) < 1 else 0):
        if whole and abs(whole / ratio - 1) <= suspect.bound:
            return whole
    return ratio


# --------------------------------------------------------------------- the right numbers, moved


def is_transposed(suspect: Suspect) -> Values | None:
    """Its transpose is right."""
    if suspect.actual.ndim != 2 or suspect.expected.ndim != 2:
        return None
    return _fitting(suspect, suspect.actual.T)


def has_permuted_axes(suspect: Suspect) -> Values | None:
    """With its axes in another order it is right."""
    if not 3 <= suspect.actual.ndim == suspect.expected.ndim <= 5:
        return None
    for axes in itertools.permutations(range(suspect.actual.ndim)):
        values = _fitting(suspect, suspect.actual.transpose(axes))
        if values is not None:
            return values | {"axes": axes}
    return None


def is_reshaped(suspect: Suspect) -> Values | None:
    """The right numbers in the right order, in another shape."""
    if suspect.actual.size != suspect.expected.size:
        return None
    values = _fitting(suspect, suspect.actual.reshape(suspect.expected.shape))
    return values and values | {
        "shape": suspect.actual.shape,
        "expected_shape": suspect.expected.shape,
    }


def is_shifted(suspect: Suspect) -> Values | None:
    """All along an axis is some places from where it belongs; what wrapped around or not."""
    for axis, by in itertools.product(range(suspect.expected.ndim), (1, -1, 2, -2)):
        length = suspect.expected.shape[axis]
        if length < 3 + abs(by) or not suspect.telling:
            continue
        moved, home = _cut(axis, max(by, 0), min(by, 0)), _cut(axis, max(-by, 0), min(-by, 0))
        kept = suspect.expected[home]
        error = suspect.fit(suspect.actual[moved], kept)
        if error is not None and suspect.wrong[moved].any():
            return {"axis": axis, "by": by, "error": error}
    return None


def _cut(axis: int, start: int, stop: int) -> tuple:
    return (slice(None),) * axis + (slice(start, stop or None),)


def is_reversed(suspect: Suspect) -> Values | None:
    """Along one axis it is the wrong way round."""
    return _along_axes(suspect, lambda axis: onp.flip(suspect.actual, axis))


def is_permuted(suspect: Suspect) -> Values | None:
    """The right rows, or columns, in another order."""
    direction = onp.random.default_rng(0)

    def sorted_back(axis: int) -> onp.ndarray:
        actual = onp.moveaxis(suspect.actual, axis, 0).reshape(suspect.actual.shape[axis], -1)
        expected = onp.moveaxis(suspect.expected, axis, 0).reshape(suspect.expected.shape[axis], -1)
        way = direction.normal(size=actual.shape[1])  # rows are told apart by one number each
        order = onp.empty(len(actual), int)
        order[onp.argsort((expected @ way).real)] = onp.argsort((actual @ way).real)
        return onp.take(suspect.actual, order, axis)

    return _along_axes(suspect, sorted_back)


def _along_axes(suspect: Suspect, undone: Callable[[int], onp.ndarray]) -> Values | None:
    if not onp.isfinite(suspect.actual).all() or not suspect.telling:
        return None
    for axis in range(suspect.expected.ndim):
        if suspect.expected.shape[axis] > 1:
            values = _fitting(suspect, undone(axis))
            if values is not None:
                return values | {"axis": axis}
    return None


def is_another_output(suspect: Suspect) -> Values | None:
    """It is what another output has to be."""
    for name, array in suspect.arrays("others").items():
        if array.size > 1 and array.any():
            error = suspect.fit(suspect.actual, array)
            if error is not None:
                return {"other": name, "error": error}
    return None


def _fitting(suspect: Suspect, changed: onp.ndarray) -> Values | None:
    error = suspect.fit(changed)
    return None if error is None else {"error": error}


# ------------------------------------------------------------------------------------- sums


def is_unsummed(suspect: Suspect) -> Values | None:
    """A sum of it over some axes is right."""
    for axes in _axes_to_drop(suspect.actual.shape, suspect.expected.shape):
        values = _fitting(suspect, suspect.actual.sum(axis=axes).reshape(suspect.expected.shape))
        if values is not None:
            return values | {"axis": axes[0] if len(axes) == 1 else axes}
    return None


def is_unaveraged(suspect: Suspect) -> Values | None:
    """A mean of it over some axes is right."""
    for axes in _axes_to_drop(suspect.actual.shape, suspect.expected.shape):
        values = _fitting(suspect, suspect.actual.mean(axis=axes).reshape(suspect.expected.shape))
        if values is not None:
            return values | {"axis": axes[0] if len(axes) == 1 else axes}
    return None


def is_summed_over_the_wrong_axis(suspect: Suspect) -> Values | None:
    """A known array summed over one axis is right, and over another is what came back."""
    for name, array, right in _sums(suspect):
        for taken in range(array.ndim):
            if taken != right and _same(suspect, suspect.actual, array.sum(axis=taken)):
                return {"array": name, "axis": right, "taken": taken}
    return None


def is_one_of_a_sum(suspect: Suspect) -> Values | None:
    """A known array summed over an axis is right, and what came back is one entry along it."""
    for name, array, right in _sums(suspect):
        for index in (0, -1):
            if _same(suspect, suspect.actual, array.take(index, axis=right)):
                return {"array": name, "axis": right, "index": index}
    return None


def _sums(suspect: Suspect) -> Iterator[tuple[str, onp.ndarray, int]]:
    """Go through the known arrays whose sum over an axis is right."""
    if not suspect.matters.any():
        return  # many sums are 0
    for name, array in suspect.arrays("inputs", "intermediates").items():
        for axis in range(array.ndim):
            if array.shape[axis] > 1 and _same(suspect, array.sum(axis=axis), suspect.expected):
                yield name, array, axis


def _same(suspect: Suspect, actual: onp.ndarray, expected: onp.ndarray) -> bool:
    """Whether two sums agree, whether or not the summed axis was kept."""
    if actual.size != expected.size:
        return False
    return suspect.fit(actual.reshape(-1), expected.reshape(-1)) is not None


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


def lacks_regularization(suspect: Suspect) -> Values | None:
    """With the part of regularization added it is right."""
    for about, term in _regularizations(suspect):
        values = _fitting(suspect, suspect.actual + term)
        if values is not None:
            return values | about
    return None


def has_other_regularization(suspect: Suspect) -> Values | None:
    """With another factor of regularization it is right."""
    if not suspect.context.regularization:
        return None  # two unknown factors explain too much
    for about, term in _regularizations(suspect):
        times = _tidy(suspect, suspect.factor(suspect.actual - suspect.expected, term) + 1)
        values = _fitting(suspect, suspect.actual - (times - 1) * term)
        if values is not None and times != 1 and abs(times) < 1e6:
            return values | about | {"given": times * about["factor"], "times": times}
    return None


def is_regularized_bias(suspect: Suspect) -> Values | None:
    """The gradient of a bias has a part of regularization in it."""
    for about, term in _regularizations(suspect, axes=1):
        values = _fitting(suspect, suspect.actual - term)
        if values is not None:
            return values | about
    return None


def differs_by_weights(suspect: Suspect) -> Values | None:
    """The difference is proportional to an array of weights."""
    for name, weights in suspect.alike("weights").items():
        if onp.count_nonzero(weights) >= FEWEST:
            factor = suspect.factor(suspect.actual - suspect.expected, weights)
            values = _fitting(suspect, suspect.actual - factor * weights)
            if values is not None and factor:
                return values | {"weights": name, "factor": factor}
    return None


def _regularizations(suspect: Suspect, axes: int = 0) -> Iterator[tuple[Values, onp.ndarray]]:
    """Go through what the part of regularization in the expected gradient may be.

    Its factor is known, or else one of the numbers that the call was given, or twice that. Biases,
    which have one axis beside weights with more, are not regularised; `axes=1` asks for them.
    """
    context = suspect.context
    weights = suspect.alike("weights").get(context.parameter or "")
    if weights is None or onp.count_nonzero(weights) < FEWEST:
        return
    has_matrices = any(w.ndim > 1 for w in suspect.arrays("weights").values())
    if (weights.ndim == 1 and has_matrices) != (axes == 1):
        return
    factors = [context.regularization]
    if context.regularization is None:
        numbers = [x.item() for x in suspect.arrays("inputs").values() if x.ndim == 0]
        factors = [times * number for number in numbers for times in (1, 2)]
    for factor in factors:
        if factor:
            about = {"factor": factor, "weights": context.parameter}
            yield about, factor * weights


def lacks_term(suspect: Suspect) -> Values | None:
    """With one of its terms added it is right."""
    return _with_term(suspect, 1)


def has_term_twice(suspect: Suspect) -> Values | None:
    """One of its terms is in it twice."""
    return _with_term(suspect, -1)


def has_term_of_wrong_sign(suspect: Suspect) -> Values | None:
    """One of its terms is subtracted where it is to be added."""
    return _with_term(suspect, 2)


def _with_term(suspect: Suspect, times: int) -> Values | None:
    for name, term in suspect.alike("terms").items():
        values = _fitting(suspect, suspect.actual + times * term)
        if values is not None:
            return values | {"term": name}
    return None


def is_overwritten(suspect: Suspect) -> Values | None:
    """Each entry is the last term written to it, where their sum belongs."""
    terms = list(suspect.alike("terms").values())
    if len(terms) < 3:
        return None
    for order in (terms, terms[::-1]):
        last = onp.zeros_like(suspect.expected)
        for term in order:
            last = onp.where(term != 0, term, last)
        error = suspect.fit(suspect.actual, last)
        if error is not None:
            return {"terms": len(terms), "error": error}
    return None


def is_a_known_mistake(suspect: Suspect) -> Values | None:
    """It is what a mistake makes of it that the author of the check had in mind."""
    for words, array in suspect.arrays("mistakes").items():
        error = suspect.fit(suspect.actual, array)
        if error is not None:
            return {"words": words, "error": error}
    return None


# --------------------------------------------------------------------------------- some entries


def is_wrong_at_kinks(suspect: Suspect) -> Values | None:
    """It is wrong only where what enters a ReLU is as good as 0."""
    if not suspect.wrong.any() or not suspect.expected.ndim:
        return None
    for name, entering in suspect.arrays("preactivations").items():
        near = onp.abs(entering) <= suspect.context.kink
        readings = [near] if near.shape == suspect.expected.shape else []
        if near.ndim and near.shape[-1] == suspect.expected.shape[-1]:
            units = near.reshape(-1, near.shape[-1]).any(axis=0)
            readings.append(onp.broadcast_to(units, suspect.expected.shape))
        for places in readings:
            if not (suspect.wrong & ~places).any() and places.mean() <= 0.5:
                found = {"found": int(suspect.wrong.sum()), "count": suspect.wrong.size}
                return {"entering": name, **found}
    return None


def is_at_a_kink(suspect: Suspect) -> Values | None:
    """It is wrong only where the slopes to both sides differ, and what it says is between them."""
    kinks, near = _kinks(suspect)
    at = suspect.wrong & kinks
    if not at.any() or (suspect.wrong & ~kinks & ~near).any():
        return None
    right, left = suspect.context.slopes
    worst = onp.unravel_index((at * onp.abs(right - left)).argmax(), at.shape)
    sides = {"left": left[worst].item(), "right": right[worst].item()}
    return {"found": int(suspect.wrong.sum()), "count": suspect.wrong.size, **sides}


def is_near_a_kink(suspect: Suspect) -> Values | None:
    """It is wrong only for the steps that were taken: with much smaller ones it is right."""
    _, near = _kinks(suspect)
    found = int(suspect.wrong.sum())
    if not found or (suspect.wrong & ~near).any():
        return None
    return {"found": found, "count": suspect.wrong.size, "step": suspect.context.step}


def _kinks(suspect: Suspect) -> tuple[onp.ndarray, onp.ndarray]:
    """Return where what it says is between two slopes, and where it is equal to both."""
    slopes = suspect.once("slopes", lambda: receive(suspect.context.slopes).array)
    if slopes is None or slopes.shape != (2, *suspect.expected.shape) or not slopes.size:
        return onp.zeros_like(suspect.wrong), onp.zeros_like(suspect.wrong)
    low, high = slopes.min(axis=0), slopes.max(axis=0)
    slack = SLACK * max(1.0, float(onp.abs(slopes).max()))
    between = (low - slack <= suspect.actual) & (suspect.actual <= high + slack)
    return between & (high - low > 10 * slack), between & (high - low <= slack)


def is_wrong_at_labels(suspect: Suspect) -> Values | None:
    """It is wrong only where the column is the label of the row."""
    if suspect.expected.ndim != 2 or suspect.wrong.sum() < FEWEST or suspect.wrong.all():
        return None
    rows, columns = suspect.expected.shape
    for name, labels in suspect.arrays("inputs").items():
        if labels.shape != (rows,) or columns < 3 or not onp.isin(labels, range(columns)).all():
            continue
        at_labels = onp.zeros(suspect.expected.shape, bool)
        at_labels[onp.arange(rows), labels.real.astype(int)] = True
        if not (suspect.wrong & ~at_labels).any():
            return {"labels": name, "found": int(suspect.wrong.sum()), "count": suspect.wrong.size}
    return None


def is_unmasked(suspect: Suspect) -> Values | None:
    """It is wrong only where it must be exactly 0."""
    return _right_but(suspect, (suspect.expected == 0) & (suspect.actual != 0))


def is_partly_zero(suspect: Suspect) -> Values | None:
    """It is wrong only where it is exactly 0."""
    return _right_but(suspect, (suspect.actual == 0) & (suspect.expected != 0))


def _right_but(suspect: Suspect, excused: onp.ndarray) -> Values | None:
    if not suspect.wrong.any() or (suspect.wrong & ~excused).any():
        return None
    if not (suspect.matters & ~suspect.wrong).any():
        return None  # nothing else is right
    return {"found": int(suspect.wrong.sum()), "count": suspect.wrong.size}


def has_offset(suspect: Suspect) -> Values | None:
    """All entries are off by one constant."""
    if not suspect.telling:
        return None
    offset = onp.median((suspect.actual - suspect.expected).real)
    values = _fitting(suspect, suspect.actual - offset)
    return values and values | {"offset": float(offset)}


# -------------------------------------------------------------------------------- the check itself


def is_rounding_of_the_check(suspect: Suspect) -> Values | None:
    """The difference is within what rounding does to the central differences that are expected."""
    if suspect.context.numeric is None:
        return None
    step, value, dtype = suspect.context.numeric
    noise = float(onp.finfo(dtype).eps) * max(abs(value), 1e-300) / step
    if not onp.abs(suspect.actual - suspect.expected).max(initial=0.0) <= 4 * noise:
        return None
    return {"step": step, "dtype": dtype, "noise": noise}


def changed_an_input(suspect: Suspect) -> Values | None:
    """The call changed what it was given."""
    before = suspect.arrays("inputs")
    for name, after in suspect.arrays("after").items():
        if name in before and not onp.array_equal(before[name], after, equal_nan=True):
            if before[name].shape != after.shape:
                continue
            changed = ~((before[name] == after) | (onp.isnan(before[name]) & onp.isnan(after)))
            index = tuple(int(i) for i in onp.argwhere(changed)[0])
            numbers = {"before": before[name][index].item(), "after": after[index].item()}
            return {"input": name, "index": index, **numbers}
    return None
