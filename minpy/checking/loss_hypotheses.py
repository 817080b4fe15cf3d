"""What may be wrong with an output that is one number, such as a loss, each as a test.

See `minpy.checking.hypotheses`, which has those about arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as onp

from minpy.checking.suspect import Suspect

Values = dict[str, Any]


def is_nan(suspect: Suspect) -> Values | None:
    """One number, and it is NaN."""
    return {} if not suspect.actual.ndim and onp.isnan(suspect.actual) else None


def is_infinite(suspect: Suspect) -> Values | None:
    """One number, and it is infinite."""
    return {} if not suspect.actual.ndim and onp.isinf(suspect.actual) else None


def is_zero_number(suspect: Suspect) -> Values | None:
    """One number, and it is 0."""
    return {} if not suspect.actual.ndim and not suspect.actual else None


def lacks_penalty(suspect: Suspect) -> Values | None:
    """A loss that lacks the squares of weights."""
    for about, penalty in _penalties(suspect):
        error = suspect.fit(suspect.actual + penalty)
        if error is not None:
            return about | {"error": error}
    return None


def has_other_penalty(suspect: Suspect) -> Values | None:
    """A loss that has twice or half the right factor before the squares of weights."""
    for about, penalty in _penalties(suspect):
        for times in (2.0, 0.5):
            error = suspect.fit(suspect.actual - (times - 1) * penalty)
            if error is not None:
                return about | {"error": error, "given": times * about["factor"], "times": times}
    return None


def _penalties(suspect: Suspect) -> Iterator[tuple[Values, onp.ndarray]]:
    """Go through what the part of regularization in the expected loss may be.

    The weights are all inputs of two axes or more that have a gradient, or one of them; the factor
    is the known one, as it is or halved.
    """
    strength = suspect.context.regularization
    if suspect.expected.ndim or not strength:
        return
    weights = {name: w for name, w in suspect.arrays("weights").items() if w.ndim > 1}
    groups = [weights, *({name: w} for name, w in weights.items() if len(weights) > 1)]
    for group in groups:
        squares = sum(float(onp.vdot(w, w).real) for w in group.values())
        for factor in (strength / 2, strength):
            if squares:
                names = " and ".join(group)
                yield {"factor": factor, "weights": names}, onp.asarray(factor * squares)
