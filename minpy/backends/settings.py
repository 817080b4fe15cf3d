"""What is set for the whole process, and otherwise for a while: the policy and the context."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")


class Setting(Generic[T]):
    """A value for all threads, in whose place a ``with`` block of one thread puts another.

    Threads see each other's `set_everywhere`, and never each other's blocks.  What a block puts in
    place knows what was there before, so that one object may be entered several times, and by
    several threads at once.

    Attributes
    ----------
    check : callable
        Raises for a value that cannot be put in force; by default every value can.

    Examples
    --------
    >>> colour = Setting("colour", "red")
    >>> colour.enter("blue")
    >>> colour.get()
    'blue'
    >>> colour.leave()
    >>> colour.get()
    'red'
    """

    def __init__(self, name: str, value: T) -> None:
        self.check: Callable[[T], None] = lambda value: None
        self._everywhere = value
        self._here: ContextVar[tuple | None] = ContextVar(f"minpy_{name}", default=None)

    def get(self) -> T:
        """Return the value in force."""
        here = self._here.get()
        return self._everywhere if here is None else here[0]

    def set_everywhere(self, value: T) -> None:
        """Change the value for all threads, where no block is in force."""
        self.check(value)
        self._everywhere = value

    def enter(self, value: T) -> None:
        """Put `value` in place, until `leave`."""
        self.check(value)
        self._here.set((value, self._here.get()))

    def leave(self) -> None:
        """Put back what was there before the last `enter`."""
        here = self._here.get()
        assert here is not None, "leave() without enter()"
        self._here.set(here[1])
