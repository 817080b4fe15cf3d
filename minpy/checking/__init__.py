"""Checks that teach: outputs beside what they should be, as cards, and gradients beside numbers."""

from minpy.checking.card import Card
from minpy.checking.comparison import Comparison, compare, raised, unwritten
from minpy.checking.evidence import Evidence
from minpy.checking.gradcheck import ArgumentReport, GradientReport, gradcheck
from minpy.checking.nan import detect_nan
from minpy.checking.steps import StepSizes, step_sizes
from minpy.checking.texts import Message, set_texts, use_texts
from minpy.checking.unfinished import NotWrittenYet

__all__ = [
    "ArgumentReport",
    "Card",
    "Comparison",
    "Evidence",
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
    "unwritten",
    "use_texts",
]
