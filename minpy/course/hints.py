"""Hints in steps: a question first, then what to look at, at last a sketch; never the code."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Hint:
    """One hint; a notebook shows it as text with formulas.

    Attributes
    ----------
    name : str
        Of the function.
    number, count : int
        Which one it is, from 1, and how many there are.
    text : str
        In Markdown.
    """

    name: str
    number: int
    count: int
    text: str

    @property
    def place(self) -> str:
        """Which one it is, in words."""
        after = "the last one" if self.number == self.count else "call again for the next"
        return f"hint {self.number} of {self.count} ({after})"

    def __repr__(self) -> str:
        return f"{self.name}, {self.place}: {self.text}"

    def _repr_markdown_(self) -> str:
        return f"**`{self.name}`, {self.place}.** {self.text}"


class Hints:
    """The hints of a notebook: each call with a function's name gives its next one.

    They are in a Markdown file beside the checks, a title for each function and a list item for
    each hint: ``checks/two_layer_hints.md`` for ``checks/two_layer.py``, which has the line ::

        hint = course.Hints(__file__)

    Parameters
    ----------
    checks : path
        The file of the checks.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> written = folder.joinpath("square_hints.md").write_text('''
    ... # square
    ... - What is a power?
    ... - Multiply `x` by itself.
    ... ''')
    >>> hint = Hints(folder / "square.py")
    >>> hint("square")
    square, hint 1 of 2 (call again for the next): What is a power?
    >>> hint("square")
    square, hint 2 of 2 (the last one): Multiply `x` by itself.
    """

    def __init__(self, checks: str | Path) -> None:
        self._path = Path(checks).with_name(f"{Path(checks).stem}_hints.md")
        self._given: Counter[str] = Counter()

    def read(self) -> dict[str, list[str]]:
        """Return all hints, by the name of the function, in order."""
        text = self._path.read_text(encoding="utf-8")
        parts = re.split(r"^# (\w+)$", text, flags=re.MULTILINE)[1:]
        return {
            name: [
                " ".join(hint.split()) for hint in re.split(r"^- ", items, flags=re.MULTILINE)[1:]
            ]
            for name, items in zip(parts[::2], parts[1::2])
        }

    def __call__(self, name: str) -> Hint:
        """Return the next hint for a function; after the last one, that one again.

        Parameters
        ----------
        name : str

        Raises
        ------
        ValueError
            If there are no hints of that name.
        """
        hints = self.read()
        if name not in hints:
            raise ValueError(f"there are no hints for {name!r}; there are for {', '.join(hints)}")
        found = hints[name]
        self._given[name] = min(self._given[name] + 1, len(found))
        number = self._given[name]
        return Hint(name, number, len(found), found[number - 1])
