"""The student's side of the wall: it runs cells and calls, and returns arrays.

A runner is a process of its own. With the messages in `grading.wire` it is all of the grader that
runs beside a student's code. It knows no expected value, no seed and no points: it receives cells,
then the names and the inputs of calls, and the grader judges what it sends back. Whatever a
submission does to this process, it can only change which arrays are sent.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import nullcontext
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as onp

from grading.wire import EncodedValue, receive, send

SET_PDEATHSIG = 1  # of prctl


class CallInterrupted(BaseException):
    """The grader interrupted a cell or a call that takes too long."""


class BlockedModule(ModuleType):
    """A library that differentiates: an unused import of it costs nothing, and any use fails."""

    __path__: list[str] = []  # it may have submodules, which are blocked too

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return BlockedModule(f"{self.__name__}.{name}")  # for `from torch import nn`

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        library = self.__name__.partition(".")[0]
        raise ModuleNotFoundError(f"{library} cannot be used while this is graded")


class ImportBlocker(Loader):
    """An importer that gives a `BlockedModule` for some packages."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return a module that cannot be used; leave other packages to the other importers."""
        if name.partition(".")[0] in self.names:
            return ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return BlockedModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: there is nothing in it."""


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
        return {"error": None if error is None else self._describe(error)}

    def call(self, message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Run the lines of a check; return what came of it, and the results."""
        from minpy.checking import forbid, loops, spec

        inputs = {name: _writable(value) for name, value in message["values"].items()}
        scope = {**self.shell.user_ns, **inputs}
        calls: Counter[str] = Counter()
        engine: list[str] = []
        counting = self._counting(calls, engine)
        found: dict[str, Any] = {}
        answer: dict[str, Any] = {"error": None, "stage": "forward"}
        off: Any = nullcontext([])
        if message["no_gradients"]:
            off = forbid.gradients_off(message["name"])
        counted: Any = loops.count_steps() if message["steps"] else nullcontext()
        start = time.perf_counter()
        # a student's `numpy.seterr(all="raise")` serves to find mistakes, and makes none
        libraries = forbid.libraries_off(message["name"], message["no_libraries"])
        with off as refused, onp.errstate(all="ignore"), counted as steps, libraries as called:
            try:
                for stage in ("forward", "backward"):
                    if message[stage]:
                        answer["stage"] = stage
                        if message["count"]:
                            sys.setprofile(counting)
                        scope = spec.run(message[stage], scope)
                        if message["count"] and sys.getprofile() is not counting:
                            engine.append("a profiler that counts calls was taken away")
                        sys.setprofile(None)
                found = spec.results(message["wanted"], scope)
                # now, and not when it is sent: what was returned may compute in `__array__`
                found = {text: EncodedValue(value) for text, value in found.items()}
            except CallInterrupted:
                raise
            except BaseException as error:
                sys.setprofile(None)
                answer["error"] = self._describe(error)
        answer["seconds"] = time.perf_counter() - start
        answer["asked"] = [str(name) for name in (*refused, *engine)]
        answer["called"] = called
        if steps is not None:
            answer["steps"] = steps.steps if steps.complete else None
        answer["calls"] = dict(calls)
        after = {f"after {name}": value for name, value in inputs.items()}
        return answer, {**{f"result {text}": x for text, x in found.items()}, **after}

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

    def _describe(self, error: BaseException) -> dict[str, Any]:
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


def set_limits(limits: Mapping[str, int]) -> None:
    """Set the limits of this process for good, and let it end with its parent (on Linux)."""
    import resource

    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)

    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}", None)
        if which is not None:
            resource.setrlimit(which, (value, value))


def serve(channel: socket.socket, notebook: Notebook) -> None:
    """Answer the messages of a grader until it closes the connection.

    Parameters
    ----------
    channel : socket
    notebook : Notebook
    """
    sys.path.insert(0, os.getcwd())  # as in a notebook
    own_pid = os.getpid()
    busy = False

    def interrupt(*_: Any) -> None:
        if busy:
            raise CallInterrupted

    signal.signal(signal.SIGINT, interrupt)
    send(channel, {"id": 0}, {})
    while True:
        try:
            message = receive(channel, 2**31)
        except EOFError:
            return
        busy = True
        answer: dict[str, Any] = {}
        values: dict[str, Any] = {}
        try:
            if message["do"] == "cell":
                answer = notebook.cell(message["source"])
            elif message["do"] == "block":
                sys.meta_path.insert(0, ImportBlocker(message["names"]))
            else:
                answer, values = notebook.call(message)
        except CallInterrupted:
            answer = {"error": {"type": "CallInterrupted", "text": "", "line": None}}
            values = {}
        finally:
            busy = False
        sys.stdout.flush()
        sys.stderr.flush()
        if os.getpid() != own_pid:  # a child that the submission forked
            os._exit(0)
        send(channel, {"id": message["id"], **answer}, values)


def main(arguments: list[str]) -> None:
    """Run as a program: the number of a socket, limits as JSON, and the folder to work in."""
    channel, limits, folder = arguments
    sys.path.pop(0)  # where it was started
    os.chdir(folder)
    set_limits(json.loads(limits))
    serve(socket.socket(fileno=int(channel)), Notebook())


if __name__ == "__main__":
    main(sys.argv[1:])
