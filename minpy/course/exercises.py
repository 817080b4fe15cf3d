"""The checks of exercises in the tutorials: a card that shows the input and the expected value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as onp

from minpy.checking import Card, Comparison, compare
from minpy.checking.comparison import raised, unwritten
from minpy.checking.spec import by_output
from minpy.checking.texts import say

SHOWN = 150  # letters of a value


def check_exercise(
    name: str,
    function: Callable[..., Any],
    *cases: tuple[tuple[Any, ...], Any],
    tolerance: float = 1e-5,
) -> None:
    """Call a reader's function, compare what it returns, and show a card.

    Parameters
    ----------
    name : str
        Of the exercise.
    function : callable
    *cases : (arguments, expected)
        A tuple of arguments, and what the function must return for them: numbers, or an array.
    tolerance : float
        The largest relative error.

    Examples
    --------
    >>> def double(x):
    ...     return x + 2
    >>> check_exercise("double", double, ((2,), 4), ((3,), 6))
    ✗ double: the output is wrong
      ✗ double  wrong values  ()  int64  error 0.17, allowed 1e-5
        Yours is 5, expected is 6.
      For 3 the result must be 6; yours is 5.
    """
    found: list[Comparison] = []
    notes: list[str] = []
    for arguments, expected in cases:
        try:
            result = function(*arguments)
        except NotImplementedError:
            found = [unwritten(name)]
            notes = []
            break
        except Exception as error:
            found.append(raised(name, type(error).__name__, str(error)))
        else:
            found.append(compare(name, result, expected, tolerance=tolerance))
            if not found[-1] and not notes:
                given = ", ".join(map(_shown, arguments)) or "no arguments"
                values = {"given": given, "expected": _shown(expected), "value": _shown(result)}
                notes.append(say("exercise.case", **values))
    Card(name, by_output(found), notes=notes).show()


def _shown(value: Any) -> str:
    """Return a value in one line, shortened."""
    if callable(value):
        return getattr(value, "__name__", "a function")
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_shown(part)}' for key, part in value.items())}}}"
    try:
        array = onp.asarray(value)
        text = onp.array2string(array, precision=4, separator=", ", threshold=40)
    except Exception:  # a result may be anything
        text = repr(value)
    text = " ".join(text.split())
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
