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

**The relative error** of an entry is ``|actual - expected|``, divided by the largest of
``|actual|``, ``|expected|`` and a floor.  The floor is a thousandth of the largest ``|expected|``
in the array, so that an entry which is 0 up to rounding does not count as wrong; it is at least
1e-12.  NaN where a number is expected is an infinite error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as onp

from minpy.checking.evidence import Evidence
from minpy.checking.received import MOST_ELEMENTS, receive
from minpy.checking.records import pack, unpack
from minpy.checking.texts import Message, cleaned, plain, say

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
    "withheld",
)
REVEALED = ("nothing", "category", "diagnosis", "inputs")

FLOOR = 1e-3  # of the largest expected value
LEAST = 1e-12
BLOCKS = 16  # of a heat map, along each side
MOST_DIAGNOSED = 1_000_000  # elements
LONGEST_NAME = 60
FEW = 3  # rows that are named one by one


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
        The largest relative error (defined above); infinite for NaN, None if nothing was compared.
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
        Of what was no array: what it is.
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
        hidden: dict[str, Any] = {"heat": None, "index": None, "value": None, "expected": None}
        if how_much == "category":
            hidden |= {"where": None, "diagnosis": None, "error": None, "wrong": 0}
        return replace(self, **hidden)

    def as_dict(self) -> dict[str, Any]:
        """Return it as dicts, lists, strings and numbers that JSON can say."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
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


_MESSAGES = ("where", "diagnosis", "detail")


def compare(
    name: str,
    actual: Any,
    expected: Any,
    *,
    tolerance: float = 1e-6,
    floor: float | None = None,
    dtype: str | None = None,
    evidence: Evidence | None = None,
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
        The largest relative error that passes (defined at the top of this module).
    floor : float, optional
        What relative errors are at least divided by, in place of a thousandth of the largest
        expected value.
    dtype : str, optional
        The dtype it must have, such as ``"float32"``; by default any that holds numbers, but no
        complex one in place of a real one.
    evidence : Evidence, optional
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
        why = f"more than {MOST_ELEMENTS} elements" if right.shape else "no numbers"
        raise ValueError(f"compare({name!r}): the expected value has {why}")
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
        return replace(start, verdict="shape")
    assert got.array is not None  # it has the expected number of elements
    found = replace(start, **_difference(got.array, right.array, tolerance, floor))
    wrong_kind = got.array.dtype.kind == "c" != right.array.dtype.kind
    if found.passed and ((dtype and got.dtype != dtype) or wrong_kind):
        found = replace(found, verdict="dtype")
    return found


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
    detail = Message("received.error", {"kind": cleaned(kind, 60), "message": cleaned(message)})
    return Comparison(name, "raised", detail=detail)


# ---------------------------------------------------------------------------------- the numbers


def relative_errors(
    actual: onp.ndarray, expected: onp.ndarray, floor: float | None = None
) -> onp.ndarray:
    """Return the relative error of each entry (defined at the top of this module).

    Parameters
    ----------
    actual, expected : ndarray, of one shape
    floor : float, optional

    Examples
    --------
    >>> import numpy as np
    >>> relative_errors(np.array([1.0, 1e-9]), np.array([2.0, 0.0]))
    array([5.e-01, 5.e-07])
    """
    with onp.errstate(all="ignore"):
        size = onp.abs(expected)
        if floor is None:
            finite = size[onp.isfinite(size)]
            floor = max(FLOOR * float(finite.max(initial=0.0)), LEAST)
        size = onp.maximum(onp.maximum(onp.abs(actual), size), floor)
        error = onp.abs(actual - expected) / size
    same = (actual == expected) | (onp.isnan(actual) & onp.isnan(expected))
    return onp.where(same, 0.0, onp.where(onp.isfinite(error), error, onp.inf))


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


def heat_map(errors: onp.ndarray) -> tuple[tuple[float, ...], ...]:
    """Return the largest error in each of at most 16 times 16 blocks.

    Examples
    --------
    >>> import numpy as np
    >>> heat_map(np.array([0.0, 0.5]))
    ((0.0, 0.5),)
    >>> len(heat_map(np.zeros((100, 3)))), len(heat_map(np.zeros((100, 3)))[0])
    (16, 3)
    """
    table = errors.reshape(len(errors) if errors.ndim > 1 else 1, -1)
    for axis in (0, 1):
        length = table.shape[axis]
        starts = onp.unique(
            onp.linspace(0, length, min(length, BLOCKS), endpoint=False).astype(int)
        )
        table = onp.maximum.reduceat(table, starts, axis=axis)
    return tuple(tuple(float(f"{error:.2g}") for error in row) for row in table.tolist())


def where(bad: onp.ndarray) -> Message:
    """Say which entries are wrong, by rows or columns if all are in a few of them.

    Examples
    --------
    >>> import numpy as np
    >>> bad = np.zeros((4, 10), bool)
    >>> bad[:, 7] = True
    >>> print(where(bad))
    4 of 40 entries are wrong, all of them in column 7.
    """
    values: dict[str, Any] = {"wrong": int(bad.sum()), "count": bad.size}
    if values["wrong"] == bad.size:
        return Message("where.all", values)
    if values["wrong"] == 1:
        return Message("where.one", values)
    along = []
    for axis in range(bad.ndim):
        rest = tuple(other for other in range(bad.ndim) if other != axis)
        places = onp.flatnonzero(bad.any(axis=rest))
        if bad.ndim > 1 and len(places) <= min(FEW, bad.shape[axis] // 2):
            along.append((len(places), axis, places))
    if not along:
        return Message("where.some", values)
    few, axis, places = min(along, key=lambda found: found[:2])
    values["places"] = ", ".join(str(place) for place in places)
    if bad.ndim > 2:
        return Message("where.axis", values | {"axis": axis})
    kind = ("row", "column")[axis]
    return Message(f"where.{kind}" if few == 1 else f"where.{kind}s", values)
