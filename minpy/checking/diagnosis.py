"""Why an output is wrong: hypotheses that are tested, and not guessed.

`TABLE` lists what may be wrong, the most telling first.  Each row has a key, a test, and the shapes
it is for.  A test undoes what it supposes, and holds only if the output is right afterwards:

>>> import numpy as np
>>> right = np.array([0.3, -0.1, 0.7])
>>> suspect = Suspect("dW", 50 * right, right, 1e-6, context=CallContext(batch=50))
>>> found = diagnose(suspect)
>>> found.name, found.values["batch"]
('missing_mean', 50)
>>> print(plain(str(found)))
The mean over the examples is missing: your dW divided by N = 50 is right (error 0).

If no hypothesis holds, nothing is said: a wrong hint costs more than none.  The texts are those of
``"diagnosis.<key>"`` in `minpy.checking.texts`, and get the values that the test returned.  To add
one: write the test in `minpy.checking.hypotheses`, its text, and a planted mistake that must get
it in the tests, where all mistakes are tried against all hypotheses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as onp

from minpy.checking import hypotheses as h
from minpy.checking import loss_hypotheses as of_loss
from minpy.checking.call_context import CallContext
from minpy.checking.suspect import Suspect
from minpy.checking.texts import Message, plain

__all__ = [
    "TABLE",
    "Suspect",
    "CallContext",
    "Hypothesis",
    "common",
    "diagnose",
    "explain",
    "plain",
    "simplest",
]


class Hypothesis(NamedTuple):
    """What may be wrong: its key, its test, and whether it is about the expected shape."""

    key: str
    test: Callable[[Suspect], dict[str, Any] | None]
    shapes: str = "same"  # as expected; or "other", or "any"


TABLE = (
    # what the author of the check foresaw says more than anything that is found here
    Hypothesis("mistake", h.is_a_known_mistake, "any"),
    Hypothesis("nan", h.has_nan),
    Hypothesis("infinity", h.has_infinity),
    Hypothesis("integers", h.is_cut_to_integers),
    Hypothesis("precision", h.is_imprecise),
    Hypothesis("nan_number", of_loss.is_nan),
    Hypothesis("infinity_number", of_loss.is_infinite),
    Hypothesis("zeros", h.is_zero),
    Hypothesis("zero_number", of_loss.is_zero_number),
    # a factor, of all or of the part of the data
    Hypothesis("sign", h.has_factor("sign")),
    Hypothesis("missing_mean", h.has_factor("missing_mean")),
    Hypothesis("extra_mean", h.has_factor("extra_mean")),
    Hypothesis("doubled", h.has_factor("doubled")),
    Hypothesis("halved", h.has_factor("halved")),
    Hypothesis("extra_factor", h.has_factor("extra_factor")),
    Hypothesis("missing_factor", h.has_factor("missing_factor")),
    Hypothesis("data_missing_mean", h.lacks_mean_in_data),
    Hypothesis("mean_and_regularization", h.lacks_mean_and_regularization),
    # the right numbers elsewhere
    Hypothesis("transpose", h.is_transposed, "any"),
    Hypothesis("axes", h.has_permuted_axes, "any"),
    Hypothesis("other_output", h.is_another_output, "any"),
    Hypothesis("reversed", h.is_reversed),
    Hypothesis("shifted", h.is_shifted),
    Hypothesis("permuted", h.is_permuted),
    # sums
    Hypothesis("unsummed", h.is_unsummed, "other"),
    Hypothesis("unaveraged", h.is_unaveraged, "other"),
    Hypothesis("wrong_axis", h.is_summed_over_the_wrong_axis, "any"),
    Hypothesis("one_of_a_sum", h.is_one_of_a_sum, "any"),
    Hypothesis("reshaped", h.is_reshaped, "other"),
    Hypothesis("overwritten", h.is_overwritten),
    Hypothesis("term_missing", h.lacks_term),
    Hypothesis("term_twice", h.has_term_twice),
    Hypothesis("term_sign", h.has_term_of_wrong_sign),
    # weights
    Hypothesis("regularized_bias", h.is_regularized_bias),
    Hypothesis("lost_regularization", of_loss.lacks_penalty),
    Hypothesis("penalty_factor", of_loss.has_other_penalty),
    Hypothesis("regularization_missing", h.lacks_regularization),
    Hypothesis("regularization_factor", h.has_other_regularization),
    Hypothesis("weights", h.differs_by_weights),
    # some entries
    Hypothesis("kink", h.is_wrong_at_kinks),
    Hypothesis("slopes", h.is_at_a_kink),
    Hypothesis("kink_near", h.is_near_a_kink),
    Hypothesis("labels", h.is_wrong_at_labels),
    Hypothesis("unmasked", h.is_unmasked),
    Hypothesis("partly_zero", h.is_partly_zero),
    # what has no better name
    Hypothesis("ratio", h.has_any_factor),
    Hypothesis("data_ratio", h.has_factor_in_data),
    Hypothesis("offset", h.has_offset),
    Hypothesis("rounding", h.is_rounding_of_the_check),
    Hypothesis("mutated", h.changed_an_input, "any"),
)


# Names for one factor. Where a number has two of them, such as N = 2, neither is verified.
FACTORS = tuple(
    f"diagnosis.{name}"
    for name in (
        "sign",
        "missing_mean",
        "extra_mean",
        "doubled",
        "halved",
        "extra_factor",
        "missing_factor",
    )
)

# Values that must be the same in all cases for an explanation to be the same.
SAME = (
    "ratio",
    "offset",
    "times",
    "words",
    "other",
    "axis",
    "axes",
    "taken",
    "by",
    "array",
    "term",
)


def explain(suspect: Suspect) -> tuple[Message, ...]:
    """Return all hypotheses of `TABLE` that hold, in its order."""
    shapes = ("any", "same" if suspect.same_shape else "other")
    found = []
    with onp.errstate(all="ignore"):
        for hypothesis in TABLE:
            if hypothesis.shapes in shapes:
                values = hypothesis.test(suspect)
                if values is not None:
                    values = {"name": suspect.name, **values}
                    found.append(Message(f"diagnosis.{hypothesis.key}", values))
    return tuple(found)


def simplest(explanations: Sequence[Message]) -> Message | None:
    """Return the first explanation, but no name of a factor that has two."""
    factors = [found for found in explanations if found.key in FACTORS]
    left = [found for found in explanations if len(factors) < 2 or found not in factors]
    return left[0] if left else None


def common(explanations: Sequence[Sequence[Message]]) -> list[Message]:
    """Return those explanations of the first case that hold in all of them."""
    first, *others = explanations
    return [
        found
        for found in first
        if all(any(_agree(found, also) for also in other) for other in others)
    ]


# With one example, what lacks a sum only has another shape.
IMPLIED = {"diagnosis.reshaped": ("diagnosis.unsummed", "diagnosis.unaveraged")}


def _agree(one: Message, other: Message) -> bool:
    if one.key in IMPLIED.get(other.key, ()):
        return True
    return one.key == other.key and all(
        _close(one.values.get(name), other.values.get(name)) for name in SAME
    )


def _close(one: object, other: object) -> bool:
    numbers = (int, float, complex)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return bool(abs(one - other) <= 1e-3 * max(abs(one), abs(other)))
    return one == other


def diagnose(suspect: Suspect) -> Message | None:
    """Return what explains a wrong output: the simplest explanation that holds, if there is one."""
    return simplest(explain(suspect))
