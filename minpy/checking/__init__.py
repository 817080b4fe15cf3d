"""Checks of gradients against numbers."""

from minpy.checking.gradcheck import ArgumentReport, GradientReport, gradcheck
from minpy.checking.nan import detect_nan

__all__ = ["ArgumentReport", "GradientReport", "detect_nan", "gradcheck"]
