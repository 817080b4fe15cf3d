"""Looking at every op that runs: what `detect_nan` and `profile` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minpy.backends.statistics import watches
from minpy.tape import EachArgument, Op, every_op, users_ops

Wrapper = Callable[[str, Callable], Callable]


@contextmanager
def watching(wrapped: Wrapper, *, plain: bool = False) -> Iterator[None]:
    """Run ``wrapped(name, run)`` in place of `run`, for all ops and all gradient rules.

    With `plain`, also for the functions of NumPy that get plain arrays directly, because nothing is
    recorded.  Other threads are watched, too.  Two watches nest.
    """
    records = (*every_op.values(), *users_ops)
    before = [(record, record.raw, record.rules, record.watch) for record in records]
    try:
        if plain:
            watches.append(wrapped)
        for record, run, rules, watch in before:
            record.watch = _elsewhere(wrapped, record, watch)
            record.raw = wrapped(record.name, run)
            record.rules = _watched_rules(wrapped, f"the gradient of {record.name}", rules)
        yield
    finally:
        if plain:
            watches.remove(wrapped)
        for record, run, rules, watch in before:
            record.watch = watch
            record.raw = run
            record.rules = rules


def _elsewhere(wrapped: Wrapper, record: Op, before: Callable | None) -> Callable:
    """Return what wraps the functions of other libraries."""
    if before is None:
        return lambda run: wrapped(record.name, run)
    return lambda run: wrapped(record.name, before(run))


def _watched_rules(wrapped: Wrapper, name: str, rules: Any) -> Any:
    if isinstance(rules, EachArgument):
        return EachArgument(wrapped(name, rules.rule))
    if isinstance(rules, dict):
        return type(rules)({argnum: wrapped(name, rule) for argnum, rule in rules.items()})
    return tuple(rule and wrapped(name, rule) for rule in rules)
