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

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as onp

from minpy.checking import hypotheses as h
from minpy.checking.call_context import CallContext
from minpy.checking.suspect import Suspect
from minpy.checking.texts import Message, plain

__all__ = ["TABLE", "Suspect", "CallContext", "Hypothesis", "diagnose", "plain"]


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
    Hypothesis("zeros", h.is_zero),
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


def diagnose(suspect: Suspect) -> Message | None:
    """Return what explains a wrong output: the first hypothesis of `TABLE` that holds, if any."""
    shapes = ("any", "same" if suspect.same_shape else "other")
    with onp.errstate(all="ignore"):
        for hypothesis in TABLE:
            if hypothesis.shapes in shapes:
                values = hypothesis.test(suspect)
                if values is not None:
                    return Message(f"diagnosis.{hypothesis.key}", {"name": suspect.name, **values})
    return None
