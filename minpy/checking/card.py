"""A card: what a check found about all outputs of a function, for people.

It is HTML in a notebook and text in a terminal, and says the same in both:

>>> import numpy as np
>>> from minpy.checking.comparison import compare
>>> right = np.ones((2, 3))
>>> print(Card("affine_backward", [compare("dx", right, right), compare("dw", None, right)]))
✗ affine_backward: 1 of 2 outputs are wrong
  ✓ dx  right    (2, 3)  float64  error 0, allowed 1e-6
  ✗ dw  missing
    dw is None. Does the function return it?
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from minpy.checking import card_text
from minpy.checking.card_html import STYLE, card_html
from minpy.checking.comparison import Comparison
from minpy.checking.json_values import pack, unpack
from minpy.checking.texts import cleaned, plain, say

WIDTH = 100  # columns of text
LONGEST_NOTE = 400


class Card:
    """What a check found; true if all is right, readable when printed, and HTML in a notebook.

    Parameters
    ----------
    title : str
        What was checked, such as the name of the function.
    comparisons : iterable of Comparison
    points, out_of : number, optional
        What it earned.
    notes : iterable of str, optional
        Sentences below, such as how many more checks run when it is graded.
    about : {'outputs', 'gradients'}
        What the comparisons are of, for the words above them.

    Attributes
    ----------
    title : str
    comparisons : tuple of Comparison
    points, out_of : number, optional
    notes : tuple of str
    about : str
    """

    def __init__(
        self,
        title: str,
        comparisons: Iterable[Comparison] = (),
        points: float | None = None,
        out_of: float | None = None,
        notes: Iterable[str] = (),
        about: str = "outputs",
    ) -> None:
        self.title = cleaned(title)
        self.comparisons = tuple(comparisons)
        self.points = points
        self.out_of = out_of
        self.about = about
        self.notes = tuple(cleaned(note, LONGEST_NOTE) for note in notes)

    @property
    def passed(self) -> bool:
        """Whether every output is right, and there is one."""
        return bool(self.comparisons) and all(self.comparisons)

    def __bool__(self) -> bool:
        return self.passed

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Card) and self.as_dict() == other.as_dict()

    __hash__ = None  # type: ignore[assignment]  # as all that compares by value and can change

    @property
    def summary(self) -> str:
        """How many outputs are right, in words."""
        count = len(self.comparisons)
        wrong = sum(not found.passed for found in self.comparisons)
        if not count:
            return say("card.nothing")
        if self.state == "unwritten":
            return say("verdict.unwritten")
        if self.about == "gradients":
            return say("card.differs" if wrong else "card.agrees")
        key = f"card.output{'' if count == 1 else 's'}_{'wrong' if wrong else 'right'}"
        return say(key, count=count, wrong=wrong)

    @property
    def points_in_words(self) -> str:
        """The points, or nothing if there are none to earn."""
        if self.out_of is None:
            return ""
        key = "card.point" if self.out_of == 1 else "card.points"
        points = 0 if self.points is None else self.points
        return say(key, points=points, out_of=self.out_of)

    @property
    def state(self) -> str:
        """``"right"``, ``"unwritten"`` if no output is written yet, or ``"wrong"``."""
        unwritten = [found.verdict == "unwritten" for found in self.comparisons]
        if unwritten and all(unwritten):
            return "unwritten"
        return "right" if self.passed else "wrong"

    # ------------------------------------------------------------------------------- for people

    def __str__(self) -> str:
        points = self.points_in_words
        between = " " if self.about == "gradients" else ": "
        head = f"{say(f'sign.{self.state}')} {self.title}{between}{self.summary}"
        lines = _wrapped(head + (f" ({points})" if points else ""), "", "  ")
        rows = [_cells(found) for found in self.comparisons]
        widths = [max(map(len, column)) for column in zip(*rows)]
        for found, row in zip(self.comparisons, rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths))
            lines += _wrapped("  ".join(cells).rstrip(), "  ", "      ")
            for sentence in card_text.sentences(found):
                lines += _wrapped(plain(sentence), "    ", "    ")
        for note in self.notes:
            lines += _wrapped(plain(note), "  ", "  ")
        return "\n".join(lines)

    __repr__ = __str__

    def html(self) -> str:
        """Return the card as HTML without its style, for a page that has `STYLE` once.

        It has no script, no style and no link.  A sanitiser must let pass the tags and attributes
        that `minpy.checking.card_html.SAFE` lists.
        """
        return card_html(self)

    def _repr_html_(self) -> str:
        return f"<style>{STYLE}</style>{self.html()}"

    def show(self) -> float | None:
        """Show the card, as HTML where there is a notebook; return the points.

        As the last line of a check cell it makes the cell's value the points, which is how
        nbgrader gives credit for a part.
        """
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            ipython.display.display(self)
        else:
            print(self)
        return self.points

    # ----------------------------------------------------------------------------- for programs

    def as_dict(self) -> dict[str, Any]:
        """Return it as dicts, lists, strings and numbers that JSON can say."""
        return {
            "title": self.title,
            "comparisons": [found.as_dict() for found in self.comparisons],
            "points": pack(self.points),
            "out_of": pack(self.out_of),
            "notes": list(self.notes),
            "about": self.about,
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Card:
        """Return what `as_dict` was made of; raise ValueError if it is something else."""
        try:
            comparisons = [Comparison.from_dict(item) for item in found["comparisons"]]
            points, out_of = unpack(found["points"]), unpack(found["out_of"])
            return cls(found["title"], comparisons, points, out_of, found["notes"], found["about"])
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"this is not a Card's as_dict(): {error}") from None

    def to_json(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(self.as_dict(), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Return what `to_json` was made of.

        Examples
        --------
        >>> card = Card("affine", [Comparison("out", "missing")], points=0, out_of=5)
        >>> Card.from_json(card.to_json()) == card
        True
        """
        return cls.from_dict(json.loads(text))


def _cells(found: Comparison) -> tuple[str, ...]:
    name = f"{card_text.sign(found)} {found.name}"
    numbers = ""
    if found.error is not None:
        both = {"error": card_text.error(found), "tolerance": card_text.tolerance(found)}
        numbers = say("card.error_row", **both)
    return name, card_text.verdict(found), card_text.shape(found), found.dtype or "", numbers


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest)
