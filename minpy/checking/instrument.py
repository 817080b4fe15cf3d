"""Looking at every op that runs: what `detect_nan` and `profile` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from minpy.backends.statistics import Watcher, op_watchers, plain_watchers, watched
from minpy.tape import all_ops, declaring


@contextmanager
def watching(watcher: Watcher, *, plain: bool = False) -> Iterator[None]:
    """Run ``watcher(name, run)`` in place of `run`, for all ops and gradient rules, in all threads.

    With `plain`, also for the functions of NumPy that get plain arrays directly, because nothing is
    recorded.  Watchers may come and go in any order: what runs is made of those who are there.
    """
    lists = [op_watchers, plain_watchers] if plain else [op_watchers]
    _change([watchers.append for watchers in lists], watcher)
    try:
        yield
    finally:
        _change([watchers.remove for watchers in lists], watcher)


def _change(changes: list[Callable[[Watcher], None]], watcher: Watcher) -> None:
    with declaring:
        for change in changes:
            change(watcher)
        for record in all_ops:
            record.run = watched(record.name, record.raw, op_watchers)
