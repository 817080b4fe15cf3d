"""One output of a student's function beside what it should be.

>>> import numpy as np
>>> right = np.array([[1.0, 2.0], [3.0, 4.0]])
>>> found = compare("dW1", right + [[0, 0], [0, 0.04]], right)
>>> found.passed, found.verdict, found.index
(False, 'value', (1, 1))
>>> print(found)
dW1 has wrong values: 1 of 4.
>>> print(compare("db1", right, right[0]))
db1 has shape (2, 2), but must have shape (2,).

`minpy.checking.relative_error` defines the relative error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as onp

from minpy.checking.call_context import CallContext
from minpy.checking.diagnosis import Suspect, explain, simplest
from minpy.checking.json_values import pack, unpack
from minpy.checking.relative_error import heat_map, relative_errors, where
from minpy.checking.texts import Message, cleaned, plain, say
from minpy.checking.untrusted import MOST_ELEMENTS, receive

VERDICTS = (
    "right",
    "value",
    "not_finite",
    "shape",
    "dtype",
    "missing",
    "type",
    "numbers",
    "mutated",
    "raised",
    "unwritten",
    "unsure",
    "failed",
    "withheld",
)
REVEALED = ("nothing", "category", "diagnosis", "inputs")

MOST_DIAGNOSED = 1_000_000  # elements
LONGEST_NAME = 60


@dataclass(frozen=True, eq=False)  # NaN is to equal NaN
class Comparison:
    """What `compare` found about one output; true if it is right, and words when printed.

    Attributes
    ----------
    name : str
    verdict : str
        One of `VERDICTS`; ``"right"`` if it passed.
    tolerance : float
        The largest relative error that passes.
    shape, expected_shape : tuple of int, optional
    dtype, expected_dtype : str, optional
    error : float, optional
        The largest relative error; infinite for NaN, None if nothing was compared.
    index : tuple of int, optional
        Where it is.
    value, expected : number, optional
        The values there.
    wrong : int
        How many entries are beyond the tolerance.
    heat : tuple of tuple of float, optional
        The largest relative error in each of at most 16 times 16 blocks; of more than two axes, all
        but the first are laid out in a row.
    where : Message, optional
        Which entries are wrong, in words.
    diagnosis : Message, optional
        What was tested and found to explain the error; its ``name`` is the key of the table in
        `minpy.checking.diagnosis`.
    detail : Message, optional
        Of what was no array: what it is; of a gradient: what was compared.
    case : Message, optional
        The inputs, where they may be shown.
    explanations : tuple of Message, optional
        All that was tested and holds, not only the diagnosis; None if nothing was tested. It is not
        written to JSON.
    """

    name: str
    verdict: str
    tolerance: float = 0.0
    shape: tuple[int, ...] | None = None
    expected_shape: tuple[int, ...] | None = None
    dtype: str | None = None
    expected_dtype: str | None = None
    error: float | None = None
    index: tuple[int, ...] | None = None
    value: bool | int | float | complex | None = None
    expected: bool | int | float | complex | None = None
    wrong: int = 0
    heat: tuple[tuple[float, ...], ...] | None = None
    where: Message | None = None
    diagnosis: Message | None = None
    detail: Message | None = None
    case: Message | None = None
    explanations: tuple[Message, ...] | None = None

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ValueError(f"a verdict is one of {VERDICTS}, but was given {self.verdict!r}")
        object.__setattr__(self, "name", cleaned(self.name, LONGEST_NAME))

    @property
    def passed(self) -> bool:
        """Whether the output is right."""
        return self.verdict == "right"

    def __bool__(self) -> bool:
        return self.passed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparison) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(self.to_json())

    @property
    def reason(self) -> str:
        """The verdict in a sentence."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        count = 1
        for length in self.expected_shape or ():
            count *= length
        return say(f"reason.{self.verdict}", count=count, **values)

    def __str__(self) -> str:
        return plain(" ".join([self.reason, *([str(self.diagnosis)] if self.diagnosis else [])]))

    def reveal(self, how_much: str) -> Comparison:
        """Return it with no more than a student is to see.

        Parameters
        ----------
        how_much : {'nothing', 'category', 'diagnosis', 'inputs'}
            Whether it passed; also the verdict and the shape and dtype given; also the diagnosis
            and which entries are wrong; also the values and where they are.
        """
        if how_much not in REVEALED:
            raise ValueError(f"how much to reveal is one of {REVEALED}, but was {how_much!r}")
        if how_much == "inputs":
            return self
        if how_much == "nothing":
            return Comparison(self.name, "right" if self.passed else "withheld")
        hidden: dict[str, Any] = dict.fromkeys(("heat", "index", "value", "expected", "case"))
        if how_much == "category":
            hidden |= {"where": None, "diagnosis": None, "error": None, "wrong": 0}
        return replace(self, **hidden)

    def as_dict(self) -> dict[str, Any]:
        """Return it as dicts, lists, strings and numbers that JSON can say."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and field.name != "explanations":
                found[field.name] = value.as_dict() if isinstance(value, Message) else pack(value)
        return found

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Comparison:
        """Return what `as_dict` was made of.

        Raises
        ------
        ValueError
            If it is not what `as_dict` returns.
        """
        try:
            values: dict[str, Any] = {
                key: Message.from_dict(value) if key in _MESSAGES else unpack(value)
                for key, value in found.items()
            }
            return cls(**values)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"this is not a Comparison's as_dict(): {error}") from None

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(self.as_dict(), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Comparison:
        """Return what `to_json` was made of.

        Examples
        --------
        >>> found = compare("loss", float("nan"), 0.5)
        >>> Comparison.from_json(found.to_json()) == found
        True
        """
        return cls.from_dict(json.loads(text))


_MESSAGES = ("where", "diagnosis", "detail", "case")


def compare(
    name: str,
    actual: Any,
    expected: Any,
    *,
    tolerance: float = 1e-6,
    floor: float | None = None,
    dtype: str | None = None,
    context: CallContext | None = None,
) -> Comparison:
    """Compare one output of a student's function with what it should be.

    Parameters
    ----------
    name : str
        What the output is called.
    actual : object
        What came back; anything at all.  It is converted once, and nothing of it is called.
    expected : array_like of numbers
        What it should be.
    tolerance : float
        The largest relative error that passes (see `minpy.checking.relative_error`).
    floor : float, optional
        What relative errors are at least divided by, in place of a thousandth of the largest
        expected value.
    dtype : str, optional
        The dtype it must have, such as ``"float32"``; by default any that holds numbers, but no
        complex one in place of a real one.
    context : CallContext, optional
        What is known about the call, for the diagnosis.

    Returns
    -------
    Comparison

    Raises
    ------
    ValueError
        If `expected` is not numbers, or has more than 2**24 elements; never because of `actual`.
    """
    right = receive(expected)
    if right.array is None:
        raise ValueError(
            f"compare({name!r}) needs an expected value of numbers, and of at most {MOST_ELEMENTS} "
            f"elements, but was given one of type {type(expected).__name__}, shape {right.shape}"
        )
    got = receive(actual, most=max(right.array.size, MOST_DIAGNOSED))
    start = Comparison(
        name,
        "right",
        float(tolerance),
        shape=got.shape,
        expected_shape=right.shape,
        dtype=got.dtype,
        expected_dtype=dtype or right.dtype,
        detail=got.detail,
    )
    if got.problem:
        return replace(start, verdict=got.problem)
    if got.shape != right.shape:
        found = replace(start, verdict="shape")
    else:
        assert got.array is not None  # it has the expected number of elements
        found = replace(start, **_difference(got.array, right.array, tolerance, floor))
        wrong_kind = got.array.dtype.kind == "c" != right.array.dtype.kind
        if found.passed and ((dtype and got.dtype != dtype) or wrong_kind):
            return replace(found, verdict="dtype")
    if found.passed or got.array is None or max(got.array.size, right.array.size) > MOST_DIAGNOSED:
        return found
    case = Suspect(
        found.name, got.array, right.array, tolerance, floor, got.dtype, context or CallContext()
    )
    explanations = explain(case)
    return replace(found, diagnosis=simplest(explanations), explanations=explanations)


def unchanged(name: str, before: Any, after: Any) -> Comparison:
    """Compare an argument after a call with what it was before: bit for bit, and its shape.

    Examples
    --------
    >>> import numpy as np
    >>> print(unchanged("x", np.zeros(3), np.array([0.0, 0.0, 1.0])))
    The call changed x, an argument that must stay as it is.
    """
    found = compare(name, after, before, tolerance=0.0)
    return found if found.passed else replace(found, verdict="mutated", diagnosis=None)


def unwritten(name: str) -> Comparison:
    """Return the comparison of an output whose function is not written yet."""
    return Comparison(name, "unwritten")


def raised(name: str, kind: str, message: str) -> Comparison:
    """Return the comparison of an output whose function raised an error.

    Parameters
    ----------
    name : str
    kind : str
        The name of the error's type.
    message : str

    Examples
    --------
    >>> print(raised("two_layer_loss", "ValueError", "shapes (3,4) and (3,4) not aligned"))
    two_layer_loss raised ValueError: shapes (3,4) and (3,4) not aligned
    """
    if kind in ("MemoryError", "_ArrayMemoryError"):
        return failed(name, say("reason.memory", name=name))
    detail = Message("received.error", {"kind": cleaned(kind, 60), "message": cleaned(message)})
    return Comparison(name, "raised", detail=detail)


def failed(name: str, sentence: str) -> Comparison:
    """Return the comparison of an output that there is not, for a reason in a sentence.

    Examples
    --------
    >>> print(failed("relu", "relu_forward must return (out, cache); yours returned None"))
    relu_forward must return (out, cache); yours returned None
    """
    message = {"message": cleaned(sentence, 400)}
    return Comparison(name, "failed", detail=Message("received.sentence", message))


def _difference(
    actual: onp.ndarray, expected: onp.ndarray, tolerance: float, floor: float | None
) -> dict[str, Any]:
    if not expected.size:
        return {"verdict": "right", "error": 0.0}
    errors = relative_errors(actual, expected, floor)
    worst = onp.unravel_index(errors.argmax(), errors.shape)
    bad = ~(errors <= tolerance)
    found: dict[str, Any] = {
        "verdict": "right",
        "error": float(errors[worst]),
        "index": tuple(int(i) for i in worst),
        "value": actual[worst].item(),
        "expected": expected[worst].item(),
        "wrong": int(bad.sum()),
    }
    if not bad.any():
        return found
    broken = ~onp.isfinite(actual) & onp.isfinite(expected)
    return found | {
        "verdict": "not_finite" if broken.any() else "value",
        "heat": heat_map(errors) if errors.size > 1 else None,
        "where": where(bad) if errors.size > 1 else None,
    }
