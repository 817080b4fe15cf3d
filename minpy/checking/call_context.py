"""What is known about a call beside its result: what the hypotheses of `diagnosis` stand on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CallContext:
    """What is known about the call that made an output; the more, the more can be diagnosed.

    All of it comes from the side that checks: nothing here is what a student's code returned,
    but for `after`.  Arrays are `numpy.ndarray`; everything may be left out.

    Attributes
    ----------
    batch : int, optional
        How many examples the loss is a mean over, N.  Names the factors N and 1/N.
    factors : mapping of str to float
        Other numbers that a result may be off by, with the words for them: ``{"the number of
        classes": 10}``.
    parameter : str, optional
        Which of `weights` the output is the gradient of.
    weights : mapping of str to ndarray
        The parameters.  A difference that is proportional to one of them points at regularization.
    regularization : float, optional
        The factor ``c`` of the term ``c * W`` in the right gradient: λ for a loss of ``λ/2 ΣW²``,
        2λ for ``λ ΣW²``.
    inputs, after : mapping of str to ndarray
        What the call was given, as it was before, and as it was after.
    preactivations : mapping of str to ndarray
        What entered functions with a kink at 0, such as a ReLU: shape of the output, or ``(N, H)``
        where the output's last axis has the H units.
    kink : float
        How close to 0 counts as at the kink; more than 0 where finite differences are compared.
    intermediates : mapping of str to ndarray
        Arrays on the way whose sum over some axes is the output, such as the gradient of the
        scores for that of a bias.
    terms : mapping of str to ndarray
        What the output is the sum of, in the order in which it is accumulated: time steps, or
        the part of the data and that of regularization.
    others : mapping of str to ndarray
        The other expected outputs of the same call, by name.
    mistakes : mapping of str to ndarray
        What known mistakes make of this output, by words that complete the sentence "This is what
        comes out ...": ``{"without the mask of the ReLU": dW1_unmasked}``.
    slopes : tuple of (ndarray, ndarray), optional
        Where the expected values are central differences: the slopes to the right and to the left,
        taken with a step that is much smaller.
    step : float
        The step of the central differences.
    numeric : tuple of (float, float, str), optional
        Where the expected values are central differences: their step, the size of the function's
        value, and the dtype that the function was evaluated in.
    """

    batch: int | None = None
    factors: Mapping[str, float] = field(default_factory=dict)
    parameter: str | None = None
    weights: Mapping[str, Any] = field(default_factory=dict)
    regularization: float | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    preactivations: Mapping[str, Any] = field(default_factory=dict)
    kink: float = 0.0
    intermediates: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Any] = field(default_factory=dict)
    mistakes: Mapping[str, Any] = field(default_factory=dict)
    slopes: Any = None
    step: float = 0.0
    numeric: tuple[float, float, str] | None = None
