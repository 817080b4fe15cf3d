"""The student's side of the wall: it runs cells and calls, and returns arrays.

A runner is a process of its own, and this file is all of the grader in it. It knows no expected
value, no seed and no points: it is given cells, then the names and the inputs of calls, and what it
sends back is judged elsewhere. Whatever a submission does to this process, it can only change which
arrays are sent.

Messages go both ways over one socket: eight bytes with the length of a header, the header in JSON,
and after it the bytes of the arrays that the header describes by dtype and shape. There is no
pickle, and the other side checks every field and limits every size.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import re
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import numpy as onp

MOST_HEADER = 2**20
KINDS = "biufc"
_DTYPE = re.compile(rf"[<>|=]?[{KINDS}]\d\d?")  # NumPy understands much more
SET_PDEATHSIG = 1  # of prctl


class ProtocolError(Exception):
    """What arrived is no message."""


# ------------------------------------------------------------------------------------ messages


def send(channel: socket.socket, header: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Send a header, and values: arrays, numbers, text, None, or dicts of these.

    Of what is none of these, the name of its type is sent.
    """
    blobs: list[bytes] = []
    header = {**header, "values": {name: _described(x, blobs) for name, x in values.items()}}
    text = json.dumps(header).encode()
    channel.sendall(len(text).to_bytes(8, "big") + text)
    for blob in blobs:
        channel.sendall(blob)


class Frozen:
    """A value as it will be sent: nothing of it runs any more."""

    def __init__(self, value: Any) -> None:
        self.blobs: list[bytes] = []
        self.description = _described(value, self.blobs)


def _described(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, Frozen):
        blobs += value.blobs
        return value.description
    if value is None or isinstance(value, str):
        return {"text": value}
    if hasattr(value, "asnumpy"):
        value = value.asnumpy()
    if isinstance(value, dict):
        return {"dict": {str(key): _described(x, blobs) for key, x in value.items()}}
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
    """Receive a message; its "values" are arrays again, or an `Other`.

    Parameters
    ----------
    channel : socket
    most : int
        How many bytes its arrays may have.
    deadline : float, optional
        On `time.monotonic`'s clock.

    Raises
    ------
    ProtocolError
        If it is none, or too large.
    TimeoutError
    EOFError
        If the other side has gone.
    """
    length = int.from_bytes(_exactly(channel, 8, deadline), "big")
    if length > MOST_HEADER:
        raise ProtocolError(f"a header of {length} bytes")
    try:
        header = json.loads(_exactly(channel, length, deadline))
        budget = [most]
        values = {
            str(name): _rebuilt(described, channel, budget, deadline)
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
        raise ProtocolError(f"no message: {error}") from None
    return {**header, "values": values}


class Other:
    """A result that is no array: only the name of its type is known."""

    def __init__(self, name: str) -> None:
        self.name = name


def _rebuilt(
    described: Any, channel: socket.socket, budget: list[int], deadline: float | None
) -> Any:
    ((kind, what),) = described.items()
    if kind == "dict":
        return {str(key): _rebuilt(x, channel, budget, deadline) for key, x in what.items()}
    if kind == "text":
        return None if what is None else str(what)[:1000]
    if kind == "other":
        return Other(str(what)[:100])
    if not _DTYPE.fullmatch(str(what[0])):
        raise ProtocolError("an array whose dtype is not one of numbers")
    dtype, shape = onp.dtype(str(what[0])), tuple(int(n) for n in what[1])
    size = math.prod(shape) * dtype.itemsize
    if len(shape) > 32 or min(shape, default=0) < 0:
        raise ProtocolError(f"an array of dtype {dtype} and shape {shape}")
    budget[0] -= size
    if budget[0] < 0:
        raise ProtocolError("more bytes of arrays than are allowed")
    if not size:
        return onp.empty(shape, dtype)
    return onp.frombuffer(_exactly(channel, size, deadline), dtype).reshape(shape)


def _exactly(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
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


# -------------------------------------------------------------------------- the student's notebook


class Stopped(BaseException):
    """The other side says that this takes too long."""


class Blocked:
    """An importer that refuses some packages: libraries which differentiate."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Raise for what is refused; leave the rest to the others."""
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"{name} is not there when this is graded", name=name)


class Notebook:
    """A shell that runs cells, and calls functions which they made."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        class Shell(InteractiveShell):
            def ask_exit(self) -> None:
                """Go on: `exit()` in a cell ends the kernel, but not what is graded."""

            def enable_gui(self, gui: str | None = None) -> None:
                """Go on: `%matplotlib inline` has nothing to switch on here."""

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        self.shell = Shell.instance(config=config)

    def cell(self, source: str) -> dict[str, Any]:
        """Run a cell; say what it raised."""
        done = self.shell.run_cell(source)
        error = done.error_before_exec or done.error_in_exec
        return {"error": None if error is None else self._said(error)}

    def call(self, message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the lines of a check; return what came of it, and the results."""
        from minpy.checking import forbid, spec

        inputs = {name: _writable(value) for name, value in message["values"].items()}
        scope = {**self.shell.user_ns, **inputs}
        calls: Counter[str] = Counter()
        engine: list[str] = []
        counting = self._counting(calls, engine)
        found: dict[str, Any] = {}
        said: dict[str, Any] = {"error": None, "stage": "forward"}
        off: Any = nullcontext([])
        if message["no_gradients"]:
            off = forbid.gradients_off(message["name"])
        start = time.perf_counter()
        with off as asked:
            try:
                for stage in ("forward", "backward"):
                    if message[stage]:
                        said["stage"] = stage
                        if message["count"]:
                            sys.setprofile(counting)
                        scope = spec.run(message[stage], scope)
                        if message["count"] and sys.getprofile() is not counting:
                            engine.append("a profiler that counts calls was taken away")
                        sys.setprofile(None)
                found = spec.results(message["wanted"], scope)
                # now, and not when it is sent: what was returned may compute in `__array__`
                found = {text: Frozen(value) for text, value in found.items()}
            except Stopped:
                raise
            except BaseException as error:
                sys.setprofile(None)
                said["error"] = self._said(error)
        said["seconds"] = time.perf_counter() - start
        said["asked"] = [str(name) for name in (*asked, *engine)]
        said["calls"] = dict(calls)
        after = {f"after {name}": value for name, value in inputs.items()}
        return said, {**{f"result {text}": x for text, x in found.items()}, **after}

    def _counting(self, calls: Counter[str], engine: list[str]) -> Any:
        """Return a profiler that counts calls of the student's functions, and of the engine's."""
        from minpy import autograd

        mine = self.shell.user_ns
        engine_file = autograd.__file__  # also of a copy, imported anew

        def count(frame: Any, event: str, arg: Any) -> None:
            if event != "call":
                return
            code = frame.f_code
            if frame.f_globals is mine:
                calls[code.co_name] += 1
            elif code.co_name == "__init__" and code.co_filename == engine_file:
                engine.append("a recording of the engine")

        return count

    def _said(self, error: BaseException) -> dict[str, Any]:
        """Return an error's type, text, and the student's own line."""
        line, function = None, None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_globals is self.shell.user_ns:
                line, function = trace.tb_lineno, trace.tb_frame.f_code.co_name
            trace = trace.tb_next
        return {
            "type": type(error).__name__,
            "text": str(error)[:1000],
            "line": line,
            "function": function,
        }


def _writable(value: Any) -> Any:
    return value.copy() if isinstance(value, onp.ndarray) else value


def limit(limits: Mapping[str, int]) -> None:
    """Set this process's limits, for good; and let it end when its parent does (Linux)."""
    import resource

    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is not None:
            resource.setrlimit(which, (value, value))


def main() -> None:
    """Answer the messages on the socket whose number is given, until it is closed."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    sys.path.pop(0)  # the folder of this file
    sys.path.insert(0, os.getcwd())  # as in a notebook
    limit(json.loads(sys.argv[2]))
    home = os.getpid()
    busy = False

    def stop(*_: Any) -> None:
        if busy:
            raise Stopped

    signal.signal(signal.SIGINT, stop)
    notebook = Notebook()
    send(channel, {"id": 0}, {})
    while True:
        try:
            message = receive(channel, 2**31)
        except EOFError:
            return
        busy = True
        said: dict[str, Any] = {}
        values: dict[str, Any] = {}
        try:
            if message["do"] == "cell":
                said = notebook.cell(message["source"])
            elif message["do"] == "block":
                sys.meta_path.insert(0, Blocked(message["names"]))
            else:
                said, values = notebook.call(message)
        except Stopped:
            said, values = {"error": {"type": "Stopped", "text": "", "line": None}}, {}
        finally:
            busy = False
        sys.stdout.flush()
        sys.stderr.flush()
        if os.getpid() != home:  # a child that the submission forked
            os._exit(0)
        send(channel, {"id": message["id"], **said}, values)


if __name__ == "__main__":
    main()
