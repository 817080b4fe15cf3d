"""What goes over the wall: arrays, whole; and nothing that is more than it says."""

import json
import socket
import threading
import time

import numpy as onp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import minpy.numpy as np
from grading import wire


def passed(values, header=None):
    """Send values over a socket, and return what arrives."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = threading.Thread(target=wire.send, args=(theirs, header or {}, values))
        sender.start()
        received = wire.receive(ours, 2**24, time.monotonic() + 10)
        sender.join()
    return received


def arrived(raw, most=2**20):
    """Send raw bytes, close, and return what the receiver makes of them."""
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(raw)
        return wire.receive(ours, most, time.monotonic() + 2)


def message(values, blob=b"", header=None):
    text = json.dumps({**(header or {}), "values": values}).encode()
    return len(text).to_bytes(8, "big") + text + blob


@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i8", "u1", "?", ">f8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3, 4)])
def test_arrays_arrive_as_they_were(dtype, shape):
    array = onp.arange(onp.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    found = passed({"x": array})["values"]["x"]
    assert found.dtype == array.dtype
    assert found.shape == shape
    assert onp.array_equal(found, array)


def test_what_students_return_arrives():
    class Mine(onp.ndarray):
        pass

    found = passed(
        {
            "minpy": np.ones((2, 2)),
            "number": 2.5,
            "list": [[1, 2], [3, 4]],
            "none": None,
            "text": "cifar10",
            "dict": {"W1": onp.ones(2)},
            "subclass": onp.ones(3).view(Mine),
            "turned": onp.arange(6).reshape(2, 3).T,
        }
    )["values"]
    assert onp.array_equal(found["minpy"], onp.ones((2, 2)))
    assert found["number"] == 2.5
    assert onp.array_equal(found["list"], [[1, 2], [3, 4]])
    assert found["none"] is None
    assert found["text"] == "cifar10"
    assert onp.array_equal(found["dict"]["W1"], [1, 1])
    assert type(found["subclass"]) is onp.ndarray
    assert onp.array_equal(found["turned"], onp.arange(6).reshape(2, 3).T)


@pytest.mark.parametrize(
    "value, name",
    [
        (object(), "object"),
        ({1, 2}, "set"),
        (onp.array([None]), "ndarray"),
        ([[1], [1, 2]], "list"),
    ],
)
def test_of_what_is_no_array_only_the_type_arrives(value, name):
    found = passed({"x": value})["values"]["x"]
    assert isinstance(found, wire.OpaqueValue)
    assert found.name.startswith(name)


@pytest.mark.parametrize(
    "raw",
    [
        (2**40).to_bytes(8, "big"),
        message({"x": {"array": ["<f8", [2**40]]}}),
        message({"x": {"array": ["<f8", [2**20]]}}),
        message({"x": {"array": ["<f8", [-1]]}}),
        message({"x": {"array": ["|O", [1]]}}, b"\0" * 8),
        message({"x": {"array": ["|V8", [1]]}}, b"\0" * 8),
        message({"x": {"array": ["<U2", [1]]}}, b"\0" * 8),
        message({"x": {"array": ["nonsense", [1]]}}),
        message({"x": {"array": ["<f8", [1.5e400]]}}),
        message({"x": {"array": ["<f8"]}}),
        message({"x": {"array": ["<f8", [1] * 50]}}, b"\0" * 8),
        message({"x": {"unknown": 1}}),
        message({"x": {}}),
        message({"x": 3}),
        message([1, 2]),
        (2).to_bytes(8, "big") + b"{}",
        (4).to_bytes(8, "big") + b"null",
        (4).to_bytes(8, "big") + b"\xff\xff\xff\xff",
        (60_000).to_bytes(8, "big") + b"[" * 60_000,
    ],
    ids=range(19),
)
def test_what_is_no_message_is_refused(raw):
    with pytest.raises(wire.ProtocolError):
        arrived(raw)


def test_an_end_in_the_middle_and_silence_are_noticed():
    with pytest.raises(EOFError):
        arrived(message({"x": {"array": ["<f8", [4]]}}, b"\0" * 8))
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        wire.receive(ours, 2**20, time.monotonic() + 0.05)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_end(data):
    with pytest.raises((wire.ProtocolError, EOFError)):
        arrived(len(data).to_bytes(8, "big") + data)
