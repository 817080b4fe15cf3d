"""What is measured: a case is one table of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

#: Unit of a table -> factor from seconds or bytes.
UNITS = {"us": 1e6, "ms": 1e3, "MB": 1e-6}


class Sampler(Protocol):
    """One implementation of a case, ready to be measured."""

    def result(self) -> Any:
        """Return what is computed: compared between implementations before any measurement."""

    def prepare(self, shortest: float) -> None:
        """Get ready; a timer finds how many calls fill `shortest` seconds."""

    def sample(self) -> float:
        """Return one measurement, in seconds or in bytes."""


@dataclass(frozen=True)
class Benchmark:
    """The same work, built for several implementations.

    Attributes
    ----------
    name : str
        The row's name, or ``row.part``.
    title : str
        What is measured, in a line.
    unit : str
        A key of `UNITS`.
    builders : mapping of str to callable
        Implementation -> function without arguments that returns its sampler. It raises
        `peers.Unavailable` for a peer that is not installed. An implementation is named as in
        `peers.PACKAGES` or, for a way of running minpy, in `steps.POLICIES`; where there are
        several problems, a comma and the variant of the problem follow. The hand-written one is
        called "NumPy". Those of one variant must agree on the result.
    reference : str or mapping of str to str
        What each implementation is divided by in the table.
    rounds : float
        Rounds of this case for each round asked for: fewer where a measurement is slow or steady.
    note : str
        What a reader must know of the method, printed under the title.
    """

    name: str
    title: str
    unit: str
    builders: Mapping[str, Callable[[], Sampler]]
    reference: str | Mapping[str, str] = "NumPy"
    rounds: float = 1.0
    note: str = ""

    def reference_of(self, name: str) -> str | None:
        """Return what `name` is divided by in the table, None for the reference itself."""
        if isinstance(self.reference, str):
            return None if name == self.reference else self.reference
        return self.reference.get(name)

    def must_agree_with(self, name: str) -> str:
        """Return the implementation of the same variant that `name` is compared with.

        It is the hand-written one, or else the first.

        Examples
        --------
        >>> names = ["minpy, 5 ops", "NumPy, 5 ops", "minpy, 9 ops", "PyTorch, 9 ops"]
        >>> case = Benchmark("chain", "a chain", "us", dict.fromkeys(names))
        >>> case.must_agree_with("minpy, 5 ops"), case.must_agree_with("PyTorch, 9 ops")
        ('NumPy, 5 ops', 'minpy, 9 ops')
        """
        _, comma, variant = name.partition(",")
        same = [other for other in self.builders if other.partition(",")[2] == variant]
        by_hand = f"NumPy{comma}{variant}"
        return by_hand if by_hand in same else same[0]
