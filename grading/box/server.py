"""A clean process that forks once per submission: a start costs a fork and not a second.

It is started by exec with an environment of a few variables, loads what submissions import, and
then waits for requests. It never holds anything of a grader's, nor of a submission's: whatever a
submission does, it does in a fork.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as onp

from grading import runner, wire
from grading.box import namespaces, seccomp
from grading.box.supervisor import MOST_FILE, Supervisor

SET_PDEATHSIG = 1  # of prctl
WORK = f"{namespaces.STUDENT}/work"
ENVIRONMENT = {
    "HOME": f"{namespaces.STUDENT}/home",
    "TMPDIR": f"{namespaces.STUDENT}/tmp",
    "IPYTHONDIR": f"{namespaces.STUDENT}/home/ipython",
    "MPLCONFIGDIR": f"{namespaces.STUDENT}/home/matplotlib",
}


def main(arguments: list[str]) -> None:
    """Fork for each request on the socket whose number is given, until it is closed."""
    link = socket.socket(fileno=int(arguments[0]))
    settings = json.loads(arguments[1])
    _end_with_parent()
    for name in settings["preload"]:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:  # a package that is not installed here
            continue
    notebook = runner.Notebook()
    gc.collect()
    gc.freeze()  # a collection in a fork would copy all pages
    link.sendall(b"ready")
    while True:
        request, descriptors, _, _ = socket.recv_fds(link, 2**20, 3)
        if not request:
            return
        box = os.fork()
        if not box:
            link.close()
            _run_box(json.loads(request), descriptors, notebook)
        ends = os.pidfd_open(box)  # it ends last of all that runs in the box
        socket.send_fds(link, [b"box"], [ends])
        for number in (*descriptors, ends):
            os.close(number)
        _reap()


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _run_box(plan: Mapping[str, Any], descriptors: list[int], notebook: runner.Notebook) -> None:
    """Enter the namespaces, and let a child be process 1 in them; never returns.

    The kernel ends all processes of a box before it reports the end of process 1.
    """
    control = socket.socket(fileno=descriptors[0])
    try:
        _end_with_parent()
        os.setsid()
        namespaces.enter_namespaces()
        if os.fork():
            control.close()
            for number in descriptors[1:]:
                os.close(number)
            os.wait()
            os._exit(0)
        _end_with_parent()
        os.setsid()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        namespaces.make_root(plan)
        namespaces.drop_privileges()
        _end_with_parent()  # the kernel forgets it when the user changes
        files = wire.receive(control, 2 * MOST_FILE)["values"]
        _write_files(files)

        def start() -> None:
            control.close()
            _become_runner(plan, descriptors, notebook)

        supervisor = Supervisor(control, start, plan["box"])
        for number in descriptors[1:]:
            os.close(number)
    except BaseException as error:
        wire.send(control, {"error": f"{type(error).__name__}: {error}"}, {})
        os._exit(1)
    try:
        wire.send(control, {"error": ""}, {})
        supervisor.run()
    finally:
        os._exit(0)


def _write_files(files: Mapping[str, onp.ndarray]) -> None:
    for name, content in files.items():
        target = Path(WORK, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.tobytes())


def _become_runner(
    plan: Mapping[str, Any], descriptors: list[int], notebook: runner.Notebook
) -> None:
    """Give up what is left of privileges, and serve the grader."""
    _, channel, output = descriptors
    os.setsid()
    null = os.open("/dev/null", os.O_RDONLY)
    os.dup2(null, 0)
    for number in (1, 2):
        os.dup2(output, number)
    kept = os.dup2(channel, 3)
    os.closerange(4, 1024)
    os.environ.update(ENVIRONMENT)
    onp.random.seed()
    os.chdir(WORK)
    runner.set_limits(plan["rlimits"])
    seccomp.install()
    runner.serve(socket.socket(fileno=kept), notebook)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
