"""Policies: which library runs an op.

========================  ========================================================================
``auto`` (the default)    Arrays are NumPy's on the CPU, and PyTorch's on a GPU.  The heavy kernels
                          of networks, the convolutions, run on the fastest library installed,
                          over shared memory.
``only_numpy``            NumPy runs everything; arrays of other libraries are refused.
``prefer_mxnet``          Arrays are MXNet's; what it lacks runs on NumPy and is counted.
``only_mxnet``            Arrays are MXNet's; what it lacks raises, naming the op.
``prefer_torch``          Arrays are PyTorch's; what it lacks runs on NumPy and is counted.
``only_torch``            Arrays are PyTorch's; what it lacks raises, naming the op.
========================  ========================================================================

A policy is read where arrays are made and where kernels are chosen.  An op runs where its arrays
live: NumPy's arrays, lists and numbers join the arrays of another library, and arrays of two
devices do not mix.
"""

from __future__ import annotations

import contextlib
import inspect
from dataclasses import dataclass
from typing import Any

from minpy.backends.settings import Setting
from minpy.backends.statistics import op_stat, reset_op_stat, show_op_stat

__all__ = [
    "POLICIES",
    "Policy",
    "current_policy",
    "op_stat",
    "reset_op_stat",
    "set_global_policy",
    "show_op_stat",
    "use_policy",
    "wrap_policy",
]


@dataclass(frozen=True)
class Policy:
    """Which library makes arrays and runs ops.

    Attributes
    ----------
    name : str
    library : str or None
        Whose arrays are made; None leaves it to the device.
    only : bool
        Whether another library running an op is an error.
    """

    name: str
    library: str | None = None
    only: bool = False


POLICIES = {
    policy.name: policy
    for policy in (
        Policy("auto"),
        Policy("only_numpy", "numpy", only=True),
        Policy("prefer_mxnet", "mxnet"),
        Policy("only_mxnet", "mxnet", only=True),
        Policy("prefer_torch", "torch"),
        Policy("only_torch", "torch", only=True),
    )
}

# `minpy.backends.placement` checks what is put in force
in_force = Setting("policy", POLICIES["auto"])


def policy_named(policy: str | Policy) -> Policy:
    """Return a policy by its name; a policy as it is."""
    if isinstance(policy, Policy):
        return policy
    found = POLICIES.get(policy) if isinstance(policy, str) else None
    if found is None:
        raise ValueError(f"there is no policy {policy!r}; there are {', '.join(POLICIES)}")
    return found


def current_policy() -> Policy:
    """Return the policy in force.

    Examples
    --------
    >>> current_policy().name
    'auto'
    """
    return in_force.get()


def set_global_policy(policy: str | Policy) -> None:
    """Put a policy in force for all threads, where no `use_policy` says otherwise.

    Raises
    ------
    ValueError
        If there is no such policy.
    minpy.BackendError
        If its library is not installed, or cannot use the device of the context in force.

    Examples
    --------
    >>> set_global_policy("only_numpy")
    >>> set_global_policy("auto")
    """
    in_force.set_everywhere(policy_named(policy))


class use_policy(contextlib.ContextDecorator):
    """Put a policy in force for a ``with`` block, or for each call of a function.

    Other threads do not notice, nor do those that the block starts.  What was in force before is
    put back, also when the block raises.

    Parameters
    ----------
    policy : {'auto', 'only_numpy', 'prefer_mxnet', 'only_mxnet', 'prefer_torch', 'only_torch'}

    Raises
    ------
    ValueError
        If there is no such policy.
    minpy.BackendError
        On entering, if its library is not installed or cannot use the device in force.

    Examples
    --------
    >>> with use_policy("only_numpy"):
    ...     current_policy().name
    'only_numpy'
    >>> @use_policy("only_numpy")
    ... def inside():
    ...     return current_policy().name
    >>> inside(), current_policy().name
    ('only_numpy', 'auto')
    """

    def __init__(self, policy: str | Policy) -> None:
        self.policy = policy_named(policy)

    def __call__(self, func: Any) -> Any:
        """Return `func` with the policy in force whenever it is called."""
        if inspect.isgeneratorfunction(func) or inspect.iscoroutinefunction(func):
            raise TypeError(
                f"{func.__name__} runs on after its call returns, when no decorator can keep a "
                f"policy in force; write `with use_policy({self.policy.name!r}):` in it, around "
                "what is computed there"
            )
        return super().__call__(func)

    def __enter__(self) -> Policy:
        in_force.enter(self.policy)
        return self.policy

    def __exit__(self, *exception: Any) -> None:
        in_force.leave()


wrap_policy = use_policy  # the old minpy's name for the decorator
