"""Contexts: the device on which new arrays are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minpy.backends.settings import Setting

__all__ = ["Context", "cpu", "current_context", "gpu", "set_context"]


@dataclass(frozen=True)
class Context:
    """A device; in a ``with`` block, new arrays are made on it.

    Parameters
    ----------
    device_type : {'cpu', 'gpu'}
    device_id : int
        Which of the devices of this type.

    Raises
    ------
    minpy.DeviceError
        On entering a block, or in `set_context`, if there is no such device or no library that
        can use it; the message says what was looked for and what to install.

    Examples
    --------
    >>> import minpy.numpy as np
    >>> with Context("cpu", 0):
    ...     np.ones(2)
    array([1., 1.])
    """

    device_type: str
    device_id: int = 0

    def __post_init__(self) -> None:
        if self.device_type not in ("cpu", "gpu"):
            raise ValueError(f"a device is of type 'cpu' or 'gpu', not {self.device_type!r}")
        if type(self.device_id) is not int or self.device_id < 0:
            raise ValueError(f"devices are numbered 0, 1, ..., but was given {self.device_id!r}")

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def __enter__(self) -> Context:
        in_force.enter(self)
        return self

    def __exit__(self, *exception: Any) -> None:
        in_force.leave()


def cpu(device_id: int = 0) -> Context:
    """Return the CPU as a context; see `Context`."""
    return Context("cpu", device_id)


def gpu(device_id: int = 0) -> Context:
    """Return a GPU as a context; see `Context`.

    Examples
    --------
    >>> gpu(1)
    gpu(1)
    """
    return Context("gpu", device_id)


CPU = cpu()
in_force = Setting("context", CPU)  # `minpy.backends.placement` checks what is put in force


def current_context() -> Context:
    """Return the device on which new arrays are made.

    Examples
    --------
    >>> current_context()
    cpu(0)
    """
    return in_force.get()


def set_context(context: Context) -> None:
    """Make new arrays of all threads on a device, where no ``with`` block says otherwise.

    Raises
    ------
    minpy.DeviceError
        If there is no such device, or no library that can use it.

    Examples
    --------
    >>> set_context(cpu())
    """
    if not isinstance(context, Context):
        raise TypeError(f"set_context takes a context, such as gpu(0), but was given {context!r}")
    in_force.set_everywhere(context)
