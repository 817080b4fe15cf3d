"""Every sentence that a check shows, in one table, so that it can be said in another language.

A check keeps *what* it found as a key with values, and says it only when it is looked at:

>>> say("reason.shape", name="db1", shape=(4, 10), expected_shape=(10,))
'`db1` has shape (4, 10), but must have shape (10,).'
>>> with use_texts({"reason.shape": "`{name}`: Form {shape}, erwartet {expected_shape}."}):
...     say("reason.shape", name="db1", shape=(4, 10), expected_shape=(10,))
'`db1`: Form (4, 10), erwartet (10,).'

A translation is a mapping from keys of `ENGLISH` to templates that use the same values; what it
leaves out is said in English.  Text between backticks is code.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from minpy.backends.settings import Setting
from minpy.checking.json_values import pack, unpack

ENGLISH: dict[str, str] = {
    # signs that stand beside the words, never instead of them
    "sign.right": "✓",
    "sign.wrong": "✗",
    "sign.unwritten": "○",
    # the card
    "card.outputs_right": "all {count} outputs are right",
    "card.output_right": "the output is right",
    "card.outputs_wrong": "{wrong} of {count} outputs are wrong",
    "card.output_wrong": "the output is wrong",
    "card.nothing": "nothing was compared",
    "card.points": "{points} of {out_of} points",
    "card.point": "{points} of 1 point",
    "card.output": "output",
    "card.result": "result",
    "card.shape": "shape",
    "card.dtype": "dtype",
    "card.error": "largest error",
    "card.tolerance": "allowed",
    "card.error_row": "error {error}, allowed {tolerance}",
    "card.none": "–",
    "card.worst": "Largest error at {index}: yours is {value}, expected is {expected}.",
    "card.worst_number": "Yours is {value}, expected is {expected}.",
    "card.changed": "At {index} it was {expected} before the call, and is {value} after it.",
    "card.changed_number": "It was {expected} before the call, and is {value} after it.",
    "card.case": "With {inputs}:",
    "card.heat": "Where `{name}` is wrong",
    "card.heat_right": "right",
    "card.heat_wrong": "wrong",
    # the same for `minpy.gradcheck`
    "card.argument": "argument",
    "card.gradient": "The gradient of {name}",
    "card.agrees": "agrees with finite differences",
    "card.differs": "DOES NOT AGREE with finite differences",
    "checked.element": "At {place} the gradient is {value}, and finite differences give "
    "{expected}.",
    "checked.jacobian": "Of result {out} at {place} the gradient is {value}, and finite "
    "differences give {expected}.",
    "checked.direction": "Along random direction {place} the gradient is {value}, and finite "
    "differences give {expected}.",
    "checked.length": "the length of argument {name} along axis {axis}",
    # one word or two for each verdict
    "verdict.right": "right",
    "verdict.value": "wrong values",
    "verdict.not_finite": "NaN or infinity",
    "verdict.shape": "wrong shape",
    "verdict.dtype": "wrong dtype",
    "verdict.missing": "missing",
    "verdict.type": "not an array",
    "verdict.numbers": "not numbers",
    "verdict.mutated": "changed",
    "verdict.raised": "error",
    "verdict.unwritten": "not written yet",
    "verdict.unsure": "not compared",
    "verdict.failed": "no result",
    "verdict.withheld": "wrong",
    # and what that means
    "reason.right": "`{name}` is right.",
    "reason.value": "`{name}` has wrong values: {wrong} of {count}.",
    "reason.not_finite": "`{name}` has NaN or infinity where a number belongs.",
    "reason.shape": "`{name}` has shape {shape}, but must have shape {expected_shape}.",
    "reason.dtype": "`{name}` has dtype {dtype}, but must have dtype {expected_dtype}.",
    "reason.missing": "`{name}` is None. Does the function return it?",
    "reason.type": "`{name}` is of type `{detail}`, but must be an array.",
    "reason.numbers": "`{name}` does not hold numbers only: {detail}.",
    "reason.mutated": "The call changed `{name}`, an argument that must stay as it is.",
    "reason.raised": "`{name}` raised `{detail}`",
    "reason.unwritten": "`{name}` is not written yet.",
    "reason.memory": "`{name}` ran out of memory: it makes an array that is larger than it needs.",
    "reason.unsure": "`{name}` is compared with your own `{detail}`, which is not right yet: start "
    "with that.",
    "reason.failed": "{detail}",
    "reason.withheld": "`{name}` is wrong.",
    # the exercises of the tutorials
    "exercise.case": "For {given} the result must be {expected}; yours is {value}.",
    # what was received instead of numbers
    "received.type": "{kind}",
    "received.sentence": "{message}",
    # what a function returned, where it does not fit the line that calls it
    "call.one": "`{function}` must return {name} alone; yours returned {given}",
    "call.several": "`{function}` must return {wanted}; yours returned {given}",
    "call.key": "`{name}` has no {key}; it has {has}",
    "call.dict": "`{name}` must be a dict with the key {key}; yours is {given}",
    "call.values": "{count} values",
    "call.array": "one array {shape}",
    "call.type": "one {kind}",
    "received.error": "{kind}: {message}",
    "received.dtype": "its dtype is {dtype}",
    "received.ragged": "its rows differ in length",
    "received.deep": "it is nested deeper than {most} levels",
    "received.long": "it is a list of more than {most} numbers; return an array",
    "received.item": "it contains a value of type `{kind}`",
    "received.unreadable": "its values could not be read",
    # where the wrong entries are
    "where.all": "All {count} entries are wrong.",
    "where.one": "One of {count} entries is wrong.",
    "where.some": "{wrong} of {count} entries are wrong.",
    "where.row": "{wrong} of {count} entries are wrong, all of them in row {places}.",
    "where.rows": "{wrong} of {count} entries are wrong, all of them in rows {places}.",
    "where.column": "{wrong} of {count} entries are wrong, all of them in column {places}.",
    "where.columns": "{wrong} of {count} entries are wrong, all of them in columns {places}.",
    "where.axis": "{wrong} of {count} entries are wrong, all at {places} along axis {axis}.",
    # what a check in a notebook says below its card
    "check.more": "These are the public checks. Grading runs {count} more comparisons.",
    "check.accuracy": "{reached:3} of the images are classified correctly; the required share is "
    "{required}.",
    "check.no_gradients": "Write this by hand: `minpy.grad` is switched off during the check.",
    "check.no_differences": "Finite differences earn no points.",
    "check.no_imports": "Grading blocks the import of other libraries that differentiate.",
    "check.no_sklearn": "Write this with NumPy: a call of scikit-learn earns no points.",
    "check.no_scipy": "A call of SciPy earns no points, either.",
    "check.no_loops": "A Python loop over {size} earns no points.",
    "check.loops": "`{name}` runs a Python loop over {size}: {more} more than {few} take {steps} "
    "more steps. Use operations on whole arrays, whose steps do not grow.",
    # why, each verified: see minpy.checking.diagnosis
    "diagnosis.mistake": "This is what comes out {words}: your `{name}` equals that (error "
    "{error:1}).",
    "diagnosis.nan": "NaN in {found} of {count} entries, the first at {index}. After "
    "`numpy.seterr(divide='raise', over='raise', invalid='raise')` NumPy stops at the operation "
    "that makes it.",
    "diagnosis.infinity": "Infinity in {found} of {count} entries, the first at {index}. After "
    "`numpy.seterr(divide='raise', over='raise')` NumPy stops at the operation that makes it.",
    "diagnosis.integers": "The right values without their decimals: `{name}` is an array of "
    "dtype {dtype}. Make it of floats before you write into it.",
    "diagnosis.precision": "Right to {error:1}, which is what {dtype} can hold; {tolerance:1} "
    "is allowed. Compute in float64.",
    "diagnosis.nan_number": "It is NaN. After `numpy.seterr(divide='raise', over='raise', "
    "invalid='raise')` NumPy stops at the operation that makes it.",
    "diagnosis.infinity_number": "It is infinite. After `numpy.seterr(divide='raise', "
    "over='raise')` NumPy stops at the operation that makes it.",
    "diagnosis.zeros": "All {count} entries are exactly 0. Is `{name}` never written to, or "
    "multiplied by something that is 0, such as `1 // N`?",
    "diagnosis.zero_number": "It is exactly 0.",
    "diagnosis.regularized_bias": "The bias is regularised: your `{name}` minus {factor} times "
    "`{weights}` is right (error {error:1}). Only the weights are.",
    "diagnosis.lost_regularization": "The regularisation is missing: with {factor} times the sum "
    "of the squares of {weights} it is right (error {error:1}).",
    "diagnosis.penalty_factor": "The regularisation has the wrong factor: yours has {given} times "
    "the sum of the squares of {weights}, and with {factor} times it is right (error {error:1}).",
    "diagnosis.sign": "The sign is wrong: `-{name}` is right (error {error:1}).",
    "diagnosis.missing_mean": "The mean over the examples is missing: your `{name}` divided by "
    "N = {batch} is right (error {error:1}).",
    "diagnosis.extra_mean": "It is divided by N one time too many: your "
    "`{name}` times N = {batch} is right (error {error:1}).",
    "diagnosis.doubled": "A factor 2 is too much: half of your `{name}` is right (error "
    "{error:1}).",
    "diagnosis.halved": "A factor 2 is missing: your `{name}` times 2 is right (error {error:1}).",
    "diagnosis.extra_factor": "A factor is too much, {words}: your `{name}` divided by "
    "{factor} is right (error {error:1}).",
    "diagnosis.missing_factor": "A factor is missing, {words}: your `{name}` times {factor} is "
    "right (error {error:1}).",
    "diagnosis.ratio": "Every entry is {ratio} times what it should be: your `{name}` divided "
    "by {ratio} is right (error {error:1}).",
    "diagnosis.data_missing_mean": "The mean over the examples is missing in the part of the "
    "data: that part divided by N = {batch} is right (error {error:1}); the other part, "
    "{factor} times `{weights}`, is right as it is.",
    "diagnosis.data_ratio": "The part of the data is {ratio} times what it should be: that "
    "part divided by {ratio} is right (error {error:1}); the other part, {factor} times "
    "`{weights}`, is right as it is.",
    "diagnosis.transpose": "It is transposed: `{name}.T` is right (error {error:1}).",
    "diagnosis.axes": "Its axes are in another order: `{name}.transpose{axes}` is right (error "
    "{error:1}).",
    "diagnosis.other_output": "This is `{other}`: your `{name}` is what `{other}` should be "
    "(error {error:1}). Are they returned in the right order?",
    "diagnosis.reversed": "It is the wrong way round along axis {axis}: reversed there, it is "
    "right (error {error:1}).",
    "diagnosis.shifted": "Along axis {axis} everything is off by {by}: moved back, what stays "
    "inside is right (error {error:1}).",
    "diagnosis.permuted": "The right values in another order along axis {axis}: put in order, "
    "they are right (error {error:1}).",
    "diagnosis.unsummed": "A sum is missing: `{name}.sum(axis={axis})` is right (error {error:1}).",
    "diagnosis.unaveraged": "A mean is missing: `{name}.mean(axis={axis})` is right (error "
    "{error:1}).",
    "diagnosis.wrong_axis": "The sum is over the wrong axis: yours is the sum of {array} over "
    "axis {taken}, and the sum over axis {axis} is right.",
    "diagnosis.reshaped": "The values are right and in the right order; only the shape is wrong.",
    "diagnosis.overwritten": "Overwritten instead of added up: each entry of your "
    "`{name}` is the last of {terms} contributions alone (error {error:1}). Did you write `=` "
    "for `+=`, or use an index that has repetitions?",
    "diagnosis.term_missing": "A term is missing, {term}: with it, your `{name}` is right "
    "(error {error:1}).",
    "diagnosis.term_twice": "A term is in it twice, {term}: without the second, your `{name}` "
    "is right (error {error:1}).",
    "diagnosis.term_sign": "A term has the wrong sign, {term}: with the other sign, your "
    "`{name}` is right (error {error:1}).",
    "diagnosis.regularization_missing": "The gradient of regularization is missing: your "
    "`{name}` plus {factor} times `{weights}` is right (error {error:1}).",
    "diagnosis.regularization_factor": "The gradient of regularization has the wrong factor: "
    "yours has {given} times `{weights}` in it, and with {factor} times it is right (error "
    "{error:1}).",
    "diagnosis.weights": "It differs from what it should be by {factor} times `{weights}`: "
    "without that, it is right (error {error:1}). Look at regularization.",
    "diagnosis.kink": "It is right except at {found} of {count} entries, where {entering} is "
    "at the kink at 0, which has no single slope.",
    "diagnosis.slopes": "The function has a kink at {found} of {count} entries, with slope "
    "{left} on one side and {right} on the other: your `{name}` is between the two, and is not "
    "wrong.",
    "diagnosis.kink_near": "With a much smaller step it agrees: the function has a kink, or "
    "bends sharply, within {step:1} of {found} of {count} entries.",
    "diagnosis.unmasked": "It is right except at {found} of {count} entries, which must be "
    "exactly 0. Is a mask missing?",
    "diagnosis.partly_zero": "It is right except at {found} of {count} entries, which are "
    "still 0. Does a loop end too early, or a mask remove too much?",
    "diagnosis.offset": "All entries are off by {offset}: without that, your `{name}` is right "
    "(error {error:1}).",
    "diagnosis.rounding": "This check cannot tell: with a step of {step:1}, rounding in "
    "{dtype} moves finite differences by {noise:1}, and yours differs by no more. Use a larger "
    "step, or a more precise dtype.",
    "diagnosis.mutated": "The call changed its argument `{input}`: at {index} it was {before}, "
    "and is {after} after it. What was computed from it later is wrong.",
    "diagnosis.labels": "It is right except at {found} of {count} entries, all of them of the "
    "true classes, `[n, {labels}[n]]`.",
    "diagnosis.one_of_a_sum": "A sum is missing: yours is one entry ({index}) of {array} along "
    "axis {axis}, and the sum over that axis is right.",
    "diagnosis.mean_and_regularization": "Two things are missing, the mean over the examples "
    "and the gradient of regularization: your `{name}` divided by N = {batch}, plus {factor} "
    "times `{weights}`, is right (error {error:1}).",
    # finite differences with other steps
    "steps.best": "The best step for `{name}` in {dtype} is {step:1}: central differences are then "
    "right to {error:1}.",
    "steps.kink_at": "There is a kink at a distance of {distance}.",
    "steps.title": "Finite differences of {name}, {dtype}",
    "steps.step": "step $h$",
    "steps.error": "relative error",
    "steps.central": "central difference",
    "steps.one_sided": "one-sided difference",
    "steps.truncation": "what is left out, $h^2$",
    "steps.rounding": "rounding, $1/h$",
    "steps.kink": "kink",
    "steps.best_step": "best {step}",
    # work that is not there
    "unwritten": "{what} is not written yet.",
    "unwritten.undefined": "{what} is not defined: run the cell that defines it.",
}


def say(key: str, /, **values: Any) -> str:
    """Say the text of `key` in the language in force, with `values` put in.

    Raises
    ------
    KeyError
        If there is no such text.
    """
    return _WORDS.vformat(_in_force.get().get(key) or ENGLISH[key], (), values)


@dataclass(frozen=True)
class Message:
    """What is to be said: the key of its text and the values in it.

    Examples
    --------
    >>> message = Message("reason.missing", {"name": "db1"})
    >>> str(message), message.name
    ('`db1` is None. Does the function return it?', 'missing')
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return say(self.key, **self.values)

    @property
    def name(self) -> str:
        """The key without the part of the table it is in."""
        return self.key.partition(".")[2]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return {"key": self.key, "values": pack(self.values)}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Message:
        """Return what `as_dict` was made of."""
        return cls(found["key"], unpack(found["values"]))


def plain(words: str) -> str:
    """Leave out the backticks that mark code.

    >>> plain("`db1` is right.")
    'db1 is right.'
    """
    return words.replace("`", "")


def set_texts(translation: Mapping[str, str]) -> None:
    """Say what `translation` has in its words from here on, in all threads; ``{}`` is English.

    Parameters
    ----------
    translation : mapping of str to str
        From keys of `ENGLISH` to templates.

    Raises
    ------
    ValueError
        If a key is not in `ENGLISH`, or a template uses a value that the English one lacks.
    """
    _in_force.set_everywhere(_checked(translation))


@contextmanager
def use_texts(translation: Mapping[str, str]) -> Iterator[None]:
    """Say what `translation` has in its words, for a ``with`` block.

    Examples
    --------
    >>> with use_texts({"verdict.right": "richtig"}):
    ...     say("verdict.right"), say("verdict.shape")
    ('richtig', 'wrong shape')
    """
    _in_force.enter(_checked(translation))
    try:
        yield
    finally:
        _in_force.leave()


def values_in(template: str) -> set[str]:
    """Name the values that a template puts in.

    >>> sorted(values_in("{points} of {out_of} points"))
    ['out_of', 'points']
    """
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def _checked(translation: Mapping[str, str]) -> dict[str, str]:
    for key, template in translation.items():
        if key not in ENGLISH:
            raise ValueError(f"there is no text {key!r} to translate; see the keys of ENGLISH")
        unknown = values_in(template) - values_in(ENGLISH[key])
        if unknown:
            raise ValueError(
                f"the translation of {key!r} uses {sorted(unknown)}; it may use "
                f"{sorted(values_in(ENGLISH[key]))}"
            )
    return dict(translation)


_in_force: Setting[dict[str, str]] = Setting("texts", {})


# -------------------------------------------------------------------------- how values are said


def number(value: Any, digits: int = 4) -> str:
    """Write a number shortly.

    >>> number(0.1234567), number(3.2e-9, 1), number(7), number(1 + 2j), number(float("nan"))
    ('0.1235', '3e-9', '7', '1+2j', 'nan')
    """
    if isinstance(value, complex):
        return f"{number(value.real, digits)}{'' if value.imag < 0 else '+'}" + (
            f"{number(value.imag, digits)}j"
        )
    if not isinstance(value, float):
        return str(value)
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def cleaned(text: str, most: int = 200) -> str:
    r"""Make text of unknown origin fit to be shown: one line, printable, and not long.

    What controls a terminal or the direction of writing becomes a question mark.

    >>> cleaned("dW1\x1b[31m")
    'dW1?[31m'
    """
    shown = " ".join(str.split(str.__str__(text)[: 4 * most]))
    shown = "".join(c if c.isprintable() else "?" for c in shown)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


class _Words(string.Formatter):
    """Templates whose numbers are written shortly; ``{error:1}`` is with one digit."""

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, float | complex):
            return number(value, int(spec or 4))
        return cleaned(str(value), 300)


_WORDS = _Words()
