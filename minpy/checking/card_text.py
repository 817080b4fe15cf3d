"""What a card says about one output, in its cells and below them; the same in text and in HTML."""

from __future__ import annotations

from minpy.checking.comparison import Comparison
from minpy.checking.texts import number, say


def sign(found: Comparison) -> str:
    """Return the sign that stands before the verdict."""
    kind = found.verdict if found.verdict in ("right", "unwritten") else "wrong"
    return say(f"sign.{kind}")


def verdict(found: Comparison) -> str:
    """Return the verdict in a word or two."""
    return say(f"verdict.{found.verdict}")


def shape(found: Comparison) -> str:
    """Return the shape that was given, or nothing."""
    return "" if found.shape is None else str(found.shape)


def error(found: Comparison) -> str:
    """Return the largest relative error, or nothing."""
    return "" if found.error is None else number(found.error, 2)


def tolerance(found: Comparison) -> str:
    """Return the largest relative error that passes, or nothing where there was no comparing."""
    return "" if found.error is None else number(found.tolerance, 2)


def sentences(found: Comparison) -> list[str]:
    """Return what there is to say about an output that is not right, the most helpful first.

    Examples
    --------
    >>> sentences(Comparison("dx", "missing"))
    ['`dx` is None. Does the function return it?']
    """
    if found.passed:
        return []
    said = [str(found.diagnosis)] if found.diagnosis else []
    counted = found.diagnosis is not None and "found" in found.diagnosis.values
    if found.verdict == "withheld" and found.detail is not None:
        said.append(str(found.detail))
    if found.verdict not in ("value", "withheld", "unwritten") and not counted:
        said.append(found.reason)
    if found.where is not None and not found.diagnosis:
        said.append(str(found.where))
    if found.case is not None:
        said.append(str(found.case))
    if found.index is not None:
        numbers = {"value": number(found.value, 6), "expected": number(found.expected, 6)}
        if found.detail is not None:  # of a gradient: it is not one array beside another
            said.append(say(found.detail.key, **{**found.detail.values, **numbers}))
        else:
            key = "card.changed" if found.verdict == "mutated" else "card.worst"
            key = key if found.index else f"{key}_number"
            said.append(say(key, index=found.index, **numbers))
    return said
