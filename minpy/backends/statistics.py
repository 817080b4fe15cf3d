"""What ran where, how often, and what was copied between devices.

Counting is always on, so that a program can be asked afterwards: each place where ops run has a
counter for each name, which costs 0.03 microseconds.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

# Who looks at what runs: at ops and their gradient rules, and at NumPy's functions on plain arrays.
Watcher = Callable[[str, Callable], Callable]
op_watchers: list[Watcher] = []
plain_watchers: list[Watcher] = []

_counters: dict[tuple[str, str], itertools.count] = {}
_counted_before: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()
_copied: Counter[str] = Counter()
_copies: Counter[str] = Counter()


def counter(name: str, where: str) -> Callable[[], int]:
    """Return a function to call whenever the op `name` runs on `where`; safe in all threads."""
    with _lock:
        return _counters.setdefault((name, where), itertools.count()).__next__


def watched(name: str, function: Callable, watchers: list[Watcher]) -> Callable:
    """Return the function called `name` as those who watch it want it run."""
    for watcher in watchers:
        function = watcher(name, function)
    return function


def copied(way: str, size: int) -> None:
    """Note that `size` bytes were copied between host and device; `way` is such as 'to gpu(0)'."""
    with _lock:
        _copied[way] += size
        _copies[way] += 1


class OpStat(NamedTuple):
    """What `op_stat` returns."""

    ran: dict[tuple[str, str], int]
    bytes_copied: dict[str, int]
    copies: dict[str, int]

    def on(self, where: str) -> dict[str, int]:
        """Return how often each op ran in one place: 'numpy', 'torch', 'numpy for torch', ...

        Examples
        --------
        >>> import minpy.numpy as np
        >>> np.policy.reset_op_stat()
        >>> x = np.ones(3) + np.ones(3)
        >>> np.policy.op_stat().on("numpy")["add"]
        1
        """
        return {name: times for (name, place), times in self.ran.items() if place == where}


def op_stat() -> OpStat:
    """Return what ran since the start or the last `reset_op_stat`.

    Returns
    -------
    OpStat
        ``ran``: (op, where) -> times; ``bytes_copied`` and ``copies``: between host and devices.
    """
    with _lock:
        return OpStat(dict(_totals() - _counted_before), dict(_copied), dict(_copies))


def reset_op_stat() -> None:
    """Start counting anew."""
    with _lock:
        _counted_before.update(_totals() - _counted_before)
        _copied.clear()
        _copies.clear()


def _totals() -> Counter[tuple[str, str]]:
    """Return what the counters stand at; only the text of one, ``count(7)``, tells."""
    return Counter({key: int(repr(c)[len("count(") : -1]) for key, c in _counters.items()})


def show_op_stat(top: int = 20) -> None:
    """Print what ran where, how often, and in what proportion; first what makes programs slow.

    The arithmetic of gradient rules on NumPy's arrays is plain NumPy, and is not counted.

    Parameters
    ----------
    top : int
        How many lines the table has: those of the ops that ran most often.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> np.policy.reset_op_stat()
    >>> x = np.ones(3) + np.ones(3)
    >>> np.policy.show_op_stat()
    Copied between host and device: nothing.
    Ran on NumPy for want of an implementation elsewhere: nothing.
    <BLANKLINE>
    op    where  times  share
    ones  numpy      2  66.7%
    add   numpy      1  33.3%
    """
    print(_report(op_stat(), top))


FALLBACK = "numpy for "  # where a fallback ran: followed by the library that lacks the op


def _report(stat: OpStat, top: int) -> str:
    lines = []
    for way, size in sorted(stat.bytes_copied.items(), key=lambda item: -item[1]):
        lines.append(f"Copied {way}: {_readable(size)}, {_times(stat.copies[way])}.")
    lines = lines or ["Copied between host and device: nothing."]
    lacking = {key: times for key, times in stat.ran.items() if key[1].startswith(FALLBACK)}
    for (name, where), times in sorted(lacking.items(), key=lambda item: -item[1]):
        library = where.removeprefix(FALLBACK)
        lines.append(f"{name}: {library} has none, so NumPy ran it, {_times(times)}.")
    if not lacking:
        lines.append("Ran on NumPy for want of an implementation elsewhere: nothing.")
    total = sum(stat.ran.values())
    if not total:
        return "\n".join([*lines, "", "Nothing ran."])
    often = sorted(stat.ran.items(), key=lambda item: (-item[1], item[0]))
    rows = [("op", "where", "times", "share")]
    rows += [(*key, f"{count:,}", f"{count / total:.1%}") for key, count in often[:top]]
    lines += ["", *_table(rows)]
    if len(often) > top:
        rest = sum(count for _, count in often[top:])
        lines.append(f"and {len(often) - top} more, {_times(rest)}")
    return "\n".join(lines)


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Return a line for each row, with names to the left and numbers to the right."""
    a, b, c, d = (max(map(len, column)) for column in zip(*rows))
    return [
        f"{name:{a}}  {where:{b}}  {times:>{c}}  {share:>{d}}" for name, where, times, share in rows
    ]


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"


def _readable(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 999.5:  # what rounds to 1000 is 1 of the next unit
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"
