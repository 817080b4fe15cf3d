"""Options and rules by name: which there are, and which was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

__all__ = ["refuse_unknown", "rule_called"]


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


def rule_called(kind: str, name: Any, rules: Mapping[str, Any], takes: str) -> Callable:
    """Return the rule of a name; a function is its own rule.

    Parameters
    ----------
    kind : str
        What messages call such a rule.
    name : str or callable
    rules : mapping from str to callable
    takes : str
        The arguments that such a function has.

    Raises
    ------
    ValueError
        If there is no rule of this name; the message names the nearest, and all.

    Examples
    --------
    >>> rule_called("init rule", "Xavier", {"xavier": print}, "(shape, config)")
    Traceback (most recent call last):
    ValueError: no init rule is called 'Xavier'; did you mean xavier? There are xavier, and any ...
    """
    if callable(name):
        return name
    if name not in rules:
        near = _near([str(name).lower()], list(rules))
        listed = f"{near}There are" if near.startswith(";") else "; there are"
        raise ValueError(
            f"no {kind} is called {name!r}{listed} {', '.join(rules)}, and any function of {takes}"
        )
    return rules[name]


def _near(names: list[str], known: list[str]) -> str:
    near = [match for name in names for match in difflib.get_close_matches(name, known, n=2)]
    return f"; did you mean {' or '.join(dict.fromkeys(near))}? " if near else ". "
