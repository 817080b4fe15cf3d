"""The old minpy's `minpy.dispatch.policy`: policies as classes.

What each makes is the policy of that name, and can stand wherever a name can.
"""

from __future__ import annotations

from typing import Any

from minpy.backends.policy import POLICIES, Policy, set_global_policy, wrap_policy

__all__ = [
    "OnlyMXNetPolicy",
    "OnlyNumPyPolicy",
    "Policy",
    "PreferMXNetPolicy",
    "set_global_policy",
    "wrap_policy",
]


class PreferMXNetPolicy:
    """``'prefer_mxnet'``: arrays are MXNet's; what it lacks runs on NumPy and is counted."""

    def __new__(cls) -> Any:
        """Return the policy itself."""
        return POLICIES["prefer_mxnet"]


class OnlyMXNetPolicy:
    """``'only_mxnet'``: arrays are MXNet's; what it lacks raises, naming the op."""

    def __new__(cls) -> Any:
        """Return the policy itself."""
        return POLICIES["only_mxnet"]


class OnlyNumPyPolicy:
    """``'only_numpy'``: NumPy runs everything.

    Examples
    --------
    >>> @wrap_policy(OnlyNumPyPolicy())
    ... def in_force():
    ...     from minpy import current_policy
    ...     return current_policy().name
    >>> in_force()
    'only_numpy'
    """

    def __new__(cls) -> Any:
        """Return the policy itself."""
        return POLICIES["only_numpy"]
