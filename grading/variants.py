"""Planted mistakes and correct alternatives: one file for each notebook, beside its solutions.

``solutions/a1-linear/variants/two_layer.py`` never leaves. The tests of the assignment read it, and
so does `grading.demo`. It defines

- ``CORRECT``: whole functions that must get all points, by question and by what is special;
- ``MISTAKES``: edits of the solution that must lose points, by question and by what is wrong;
- ``FORBIDDEN``: edits whose results are right, but which do what the check forbids;
- ``EQUIVALENT``: mutants of the solution that do the same, by question and change, with the reason;
- ``DEMO``: for `grading.demo`, who makes which of these: a question and a name in it.

An edit is a `Mistake`. All may be left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from grading.spec import load

FOLDER = "variants"


class VariantError(Exception):
    """A file of variants does not fit the solutions."""


@dataclass(frozen=True)
class Mistake:
    """An edit of a solution.

    Attributes
    ----------
    old, new : str
        A part of the solution, and what stands in its place.
    says : str
        Words of the diagnosis that the card must show.

    Examples
    --------
    >>> Mistake("a + b", "a - b").applied_to("def f(a, b):\\n    return a + b")
    'def f(a, b):\\n    return a - b'
    """

    old: str
    new: str
    says: str = ""

    def applied_to(self, solution: str) -> str:
        """Return the source with the mistake in it.

        Raises
        ------
        VariantError
            If the solution does not have the part that is replaced.
        """
        old = self.old.strip("\n")
        if old not in solution:
            raise VariantError(f"the solution has no {self.old!r}, which a mistake replaces")
        return solution.replace(old, self.new.strip("\n"), 1)


@dataclass(frozen=True)
class Variants:
    """The variants of one notebook; see the module."""

    correct: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    mistakes: Mapping[str, Mapping[str, Mistake]] = field(default_factory=dict)
    forbidden: Mapping[str, Mapping[str, Mistake]] = field(default_factory=dict)
    demo: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    equivalent: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def demo_mistakes(self) -> Iterator[tuple[str, str, Mistake]]:
        """Give who makes a mistake in the demo class, in which question, and the mistake."""
        for student, (question, name) in self.demo.items():
            listed = {**self.mistakes.get(question, {}), **self.forbidden.get(question, {})}
            if name not in listed:
                raise VariantError(f"{question} has no mistake {name!r}, which {student!r} makes")
            yield student, question, listed[name]


def variants_of(assignment: Path, notebook: str) -> Variants:
    """Return the variants of a notebook; none where there is no file.

    Parameters
    ----------
    assignment : Path
        The folder with the solutions, such as ``solutions/a1-linear``.
    notebook : str
    """
    path = assignment / FOLDER / f"{notebook}.py"
    if not path.exists():
        return Variants()
    module = load(path)
    names = ("CORRECT", "MISTAKES", "FORBIDDEN", "DEMO", "EQUIVALENT")
    return Variants(*(getattr(module, name, {}) for name in names))
