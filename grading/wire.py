"""The messages between a grader and a runner: arrays and JSON, and nothing that can run.

A message is eight bytes with the length of a header, the header in JSON, and the bytes of the
arrays that the header describes by dtype and shape. Nothing is pickled. Neither side trusts the
other: `receive` checks every field and limits every size before it allocates anything.

This module imports NumPy and nothing else, since it also runs beside a student's code.
"""

from __future__ import annotations

import json
import math
import re
import socket
import time
from collections.abc import Mapping
from typing import Any

import numpy as onp

MOST_HEADER = 2**20
KINDS = "biufc"
_DTYPE = re.compile(rf"[<>|=]?[{KINDS}]\d\d?")  # NumPy understands much more


class ProtocolError(Exception):
    """The received bytes are not a message."""


def send(channel: socket.socket, header: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Send a header, and values: arrays, numbers, text, None, or dicts of these.

    For any other value, the name of its type is sent.
    """
    blobs: list[bytes] = []
    header = {**header, "values": {name: _encode(x, blobs) for name, x in values.items()}}
    text = json.dumps(header).encode()
    channel.sendall(len(text).to_bytes(8, "big") + text)
    for blob in blobs:
        channel.sendall(blob)


class EncodedValue:
    """A value encoded ahead of sending, so that none of its code runs later."""

    def __init__(self, value: Any) -> None:
        self.blobs: list[bytes] = []
        self.description = _encode(value, self.blobs)


def _encode(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, EncodedValue):
        blobs += value.blobs
        return value.description
    if value is None or isinstance(value, str):
        return {"text": value}
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if isinstance(value, dict):
        return {"dict": {str(key): _encode(x, blobs) for key, x in value.items()}}
    if isinstance(value, list | tuple):
        try:
            value = onp.array(value)
        except ValueError:
            return {"other": f"{type(value).__name__} of arrays of different shapes"}
    if isinstance(value, bool | int | float | complex):
        value = onp.array(value)
    if not isinstance(value, onp.ndarray | onp.generic) or value.dtype.kind not in KINDS:
        return {"other": type(value).__name__}
    array = onp.ascontiguousarray(value).reshape(value.shape)
    blobs.append(array.tobytes())
    return {"array": [array.dtype.str, list(array.shape)]}


def receive(channel: socket.socket, most: int, deadline: float | None = None) -> dict[str, Any]:
    """Receive a message; its "values" are arrays again, or `OpaqueValue`.

    Parameters
    ----------
    channel : socket
    most : int
        The most bytes that its arrays may have together.
    deadline : float, optional
        On `time.monotonic`'s clock.

    Raises
    ------
    ProtocolError
        If the bytes are not a message, or the message is too large.
    TimeoutError
    EOFError
        If the other side has closed the connection.
    """
    length = int.from_bytes(_receive_exactly(channel, 8, deadline), "big")
    if length > MOST_HEADER:
        raise ProtocolError(f"a header of {length} bytes")
    try:
        header = json.loads(_receive_exactly(channel, length, deadline))
        budget = [most]
        values = {
            str(name): _decode(described, channel, budget, deadline)
            for name, described in header["values"].items()
        }
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ProtocolError(f"bytes that are not a message: {error}") from None
    return {**header, "values": values}


class OpaqueValue:
    """A result that is not an array: only the name of its type is known."""

    def __init__(self, name: str) -> None:
        self.name = name


def _decode(
    described: Any, channel: socket.socket, budget: list[int], deadline: float | None
) -> Any:
    ((kind, what),) = described.items()
    if kind == "dict":
        return {str(key): _decode(x, channel, budget, deadline) for key, x in what.items()}
    if kind == "text":
        return None if what is None else str(what)[:1000]
    if kind == "other":
        return OpaqueValue(str(what)[:100])
    if not _DTYPE.fullmatch(str(what[0])):
        raise ProtocolError("an array whose dtype is not numeric")
    dtype, shape = onp.dtype(str(what[0])), tuple(int(n) for n in what[1])
    size = math.prod(shape) * dtype.itemsize
    if len(shape) > 32 or min(shape, default=0) < 0:
        raise ProtocolError(f"an array of dtype {dtype} and shape {shape}")
    budget[0] -= size
    if budget[0] < 0:
        raise ProtocolError("more bytes of arrays than are allowed")
    if not size:
        return onp.empty(shape, dtype)
    return onp.frombuffer(_receive_exactly(channel, size, deadline), dtype).reshape(shape)


def _receive_exactly(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    data = bytearray()
    while len(data) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            channel.settimeout(left)
        part = channel.recv(min(size - len(data), 2**20))
        if not part:
            raise EOFError
        data += part
    return data
