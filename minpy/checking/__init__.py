"""Checks that teach: outputs beside what they should be, as cards, and gradients beside numbers.

`compare` takes one output of a student's function, whatever it is, and says in which way it is
wrong, where, and why, if a hypothesis about that holds.  A `Card` shows what was found: as HTML in
a notebook, as text in a terminal.

>>> import numpy as np
>>> right = np.array([[0.3, -0.1], [0.7, 0.2]])
>>> found = [compare("dw", right, right), compare("db", -right[0], right[0])]
>>> print(Card("affine_backward", found, points=1, out_of=2))
✗ affine_backward: 1 of 2 outputs are wrong (1 of 2 points)
  ✓ dw  right         (2, 2)  float64  error 0, allowed 1e-6
  ✗ db  wrong values  (2,)    float64  error 2, allowed 1e-6
    The sign is wrong: -db is right (error 0).
    Largest error at (0,): yours is -0.3, expected is 0.3.

`gradcheck` compares gradients with finite differences and returns such a card; `step_sizes` shows
how good those differences are.  All sentences are in `minpy.checking.texts`, for translation.
"""

from minpy.checking.call_context import CallContext
from minpy.checking.card import Card
from minpy.checking.comparison import Comparison, compare, raised, unchanged, unwritten
from minpy.checking.gradcheck import ArgumentReport, GradientReport, gradcheck
from minpy.checking.nan import detect_nan
from minpy.checking.steps import StepSizes, step_sizes
from minpy.checking.texts import Message, set_texts, use_texts
from minpy.checking.unfinished import NotWrittenYet

__all__ = [
    "ArgumentReport",
    "Card",
    "Comparison",
    "CallContext",
    "GradientReport",
    "Message",
    "NotWrittenYet",
    "StepSizes",
    "compare",
    "detect_nan",
    "gradcheck",
    "raised",
    "set_texts",
    "step_sizes",
    "unchanged",
    "unwritten",
    "use_texts",
]
