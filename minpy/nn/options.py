"""Options by name: which there are, and which was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["refuse_unknown"]


def refuse_unknown(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise for options that there are not.

    Parameters
    ----------
    what : str
        Whose options they are.
    given, known : iterable of str

    Raises
    ------
    TypeError
        Naming the nearest known ones, and all of them.

    Examples
    --------
    >>> refuse_unknown("Solver", ["num_epoch"], ["num_epochs"])
    Traceback (most recent call last):
    TypeError: Solver has no option num_epoch; did you mean num_epochs? Its options are num_epochs
    """
    known = list(known)
    unknown = [name for name in given if name not in known]
    if unknown:
        listed = f"Its options are {', '.join(known)}" if known else "It has none"
        raise TypeError(f"{what} has no option {', '.join(unknown)}{_near(unknown, known)}{listed}")


def _near(names: list[str], known: list[str]) -> str:
    near = [match for name in names for match in difflib.get_close_matches(name, known, n=2)]
    return f"; did you mean {' or '.join(dict.fromkeys(near))}? " if near else ". "
