"""Where new arrays are made, as the policy and the context in force say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from minpy import errors
from minpy.backends import context, libraries, policy
from minpy.backends.backend import NUMPY, Backend
from minpy.backends.context import CPU, Context, current_context
from minpy.backends.policy import Policy, current_policy
from minpy.backends.settings import Setting

_using: Setting[Backend | None] = Setting("backend", None)


def current() -> Backend:
    """Return the backend on which new arrays are made."""
    backend = _using.get()
    if backend is not None:
        return backend
    wanted, device = current_policy(), current_context()
    if wanted.library is None and device is CPU:
        return NUMPY  # spelt out: this is asked whenever an array is made
    return backend_for(wanted, device)


@contextmanager
def using(backend: Backend) -> Iterator[Backend]:
    """Make new arrays on `backend` inside a ``with`` block, whatever policy and context say."""
    _using.enter(backend)
    try:
        yield backend
    finally:
        _using.leave()


@cache
def backend_for(policy: Policy, context: Context) -> Backend:
    """Return the backend on which a policy makes arrays on a device.

    Raises
    ------
    minpy.DeviceError
        If the policy's library is not installed, or there is no such device for it.
    """
    if policy.library == NUMPY.name or (policy.library is None and context.device_type == "cpu"):
        if context.device_type != "cpu":
            raise errors.no_device(context, policy.name, ["NumPy computes on the CPU alone."])
        return NUMPY
    reasons = []
    for library in libraries.LIBRARIES.values():
        if policy.library in (None, library.name):
            try:
                return library.backend_on(context)
            except errors.DeviceError as error:
                reasons.append(str(error))
    raise errors.no_device(context, policy.name, reasons)


def check_policy(backend: Backend) -> None:
    """Raise if the policy in force forbids that ops run on `backend`."""
    in_force = current_policy()
    if in_force.only and in_force.library != backend.name:
        raise errors.forbidden(backend, in_force.name)


def _check_policy_works(new: Policy) -> None:
    backend_for(new, current_context())


def _check_device_exists(new: Context) -> None:
    backend_for(current_policy(), new)


# Settings know nothing of libraries, and libraries use settings: here the two meet.
policy.in_force.check = _check_policy_works
context.in_force.check = _check_device_exists
