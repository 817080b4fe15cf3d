"""The red team: each file in `attacks/` is a cell that a student hands in.

Each attack must first succeed without a sandbox, as its control, or the test proves nothing. Then
it must gain nothing in a box: no point, no secret, no changed file, no ended and no remaining
process. The cells are told what an attacker can hope to know: the paths and numbers of all targets.
"""

import hashlib
import http.server
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as onp
import pytest

pytest.importorskip("IPython", reason="a runner is an IPython shell")
pytest.importorskip("nbformat", reason="notebooks are read with nbformat")

from grading.judge import judge, seed
from grading.processes import adopt_orphans, descendants
from grading.sandbox import Limits, RunnerLostError, TimeLimitError
from grading.session import Session
from grading.spec import load

HERE = Path(__file__).parent
HIDDEN = {
    hidden.check.name: hidden
    for hidden in load(HERE / "tiny" / "tiny" / "hidden" / "affine.py").hidden
}["affine_backward"]
LIMITS = Limits(cell=10.0, call=5.0, grace=2.0, submission=60.0, disk=64 * 2**20)
ONLY_IN_CONTROL = "# --- only in the control"

# What a check in the student's kernel does: run it, and believe what that says.
NAIVE = """
import numpy as np

def naive_check():
    rng = np.random.default_rng(0)
    x, w, b, dout = (rng.normal(size=s) for s in ((4, 3), (3, 5), (5,), (4, 5)))
    dx, dw, db = affine_backward(dout, affine_forward(x, w, b)[1])
    assert np.allclose(dx, dout @ w.T)
    assert np.allclose(dw, x.T @ dout)
    assert np.allclose(db, dout.sum(axis=0))

def affine_forward(x, w, b):
    return x @ w + b, (x, w, b)
"""


def attacks(kind):
    """The names of the attacks of a kind, as parameters of a test."""
    return sorted(path.stem for path in (HERE / "attacks" / kind).glob("*.cell"))


def cell_of(kind, name):
    """The cell of an attack, and what only its control runs before."""
    text = (HERE / "attacks" / kind / f"{name}.cell").read_text()
    cell, _, control = text.partition(ONLY_IN_CONTROL)
    return cell, control.partition("\n")[2]


def test_there_are_at_least_a_hundred():
    assert len(list((HERE / "attacks").rglob("*.cell"))) >= 100


# ------------------------------------------------------------------------------- points for nothing


@pytest.mark.family("red-team")
@pytest.mark.parametrize("attack", attacks("forges"))
def test_forged_answers_get_no_points(boxes, attack):
    with Session([NAIVE, cell_of("forges", attack)[0]], {}, LIMITS, start=boxes.start) as session:
        sandbox = session._running_sandbox()
        assert not session.errors
        control = sandbox.ask({"do": "cell", "source": "naive_check()"}, {}, 10.0)
        assert control.get("error") is None  # a check in the kernel gives full points
        found = judge(session, HIDDEN, seed(b"secret", "ada", "tiny", attack))
    assert found.points == 0, found.why
    assert found.status in ("wrong", "forbidden", "failed")


# -------------------------------------------------------------------------- the grader's belongings


class Target:
    """A course and processes that are worth an attack, with a canary in everything."""

    def __init__(self, folder, stack):
        self.canary = "CANARY-" + hashlib.sha256(os.urandom(8)).hexdigest()[:32]
        self.course = folder / "course"
        self.home = folder / "home"
        self.own = folder / "own"
        self.mark = f"1{int(self.canary[7:15], 16)}"  # seconds, and so an argument of sleep
        self.outside = [
            Path(place, f"minpy-{name}{self.mark}")
            for place, name in (("/dev/shm", ""), ("/var/tmp", ""), ("/tmp", "attack-"))
        ]
        self.make_files()
        for path in self.outside:
            stack.callback(path.unlink, missing_ok=True)
        self.stack = stack
        self.ports = [self.serve(socket.AF_INET, ("127.0.0.1", 0)) for _ in range(1)]
        self.abstract = f"minpy-{self.mark}"
        self.serve(socket.AF_UNIX, "\0" + self.abstract)
        self.socket = str(folder / "s")
        self.serve(socket.AF_UNIX, self.socket)
        self.http = self.serve_http()
        self.memory = onp.frombuffer(self.canary.encode() + b"\0" * 40, onp.uint8).copy()
        self.secret_file = (self.course / ".secret").open()
        os.set_inheritable(self.secret_file.fileno(), True)
        stack.callback(self.secret_file.close)
        self.segment = self.make_segment()

    def make_files(self):
        work = self.course / "submitted" / "bob" / "a1"
        for path in (work, self.home / ".ssh", self.own, *(self.course / f for f in FOLDERS)):
            path.mkdir(parents=True, exist_ok=True)
        texts = {".secret": self.canary, "results.json": json.dumps([self.canary])}
        texts |= {
            f"{folder}/two_layer.py": f"EXPECTED = '{self.canary}'\n" for folder in FOLDERS[:2]
        }
        texts |= {"submitted/bob/a1/net.ipynb": json.dumps({"cells": [self.canary]})}
        texts |= {"feedback/bob.html": self.canary, "grading.json": "{}"}
        for name, text in texts.items():
            (self.course / name).write_text(text)
        onp.savez(work / "net.npz", w=onp.array(self.canary))
        (self.home / ".ssh" / "id_ed25519").write_text(self.canary)
        (self.home / ".bashrc").write_text("")
        for path in self.outside:
            path.write_text(self.canary)
        with sqlite3.connect(self.course / "gradebook.db") as book:
            book.execute("CREATE TABLE grade (student, manual_score, extra_credit)")
            book.execute("INSERT INTO grade VALUES (?, 1, 0)", (self.canary,))
        book.close()

    def serve(self, family, address):
        server = socket.socket(family)
        server.bind(address)
        server.listen()
        self.stack.callback(server.close)

        def answer():
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.sendall(self.canary.encode())
                    connection.close()

        threading.Thread(target=answer, daemon=True).start()
        return server.getsockname()[1] if family == socket.AF_INET else None

    def serve_http(self):
        canary = self.canary

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(canary.encode())

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.stack.callback(server.server_close)
        self.stack.callback(server.shutdown)
        return server.server_port

    def make_segment(self):
        """Make a segment of shared memory of System V, and return its number."""
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.shmat.restype = ctypes.c_void_p
        number = libc.shmget(0, 4096, 0o1600)
        self.stack.callback(libc.shmctl, number, 0, None)
        ctypes.memmove(libc.shmat(number, None, 0), self.canary.encode(), len(self.canary))
        return number

    def start_victim(self):
        """Start a process of the grader, with a canary in its environment and its arguments."""
        victim = subprocess.Popen(
            [self.canary, self.mark],
            executable=shutil.which("sleep"),
            cwd=self.course,
            env={"PATH": os.environ["PATH"], "SECRET": self.canary},
            start_new_session=True,
        )
        self.stack.callback(victim.wait)
        self.stack.callback(victim.kill)
        return victim

    def names(self, victim):
        """The lines that tell an attack where everything is."""
        known = {
            "COURSE": str(self.course),
            "HOME": str(self.home),
            "GRADER": os.getpid(),
            "VICTIM": victim.pid,
            "PORT": self.ports[0],
            "HTTP": self.http,
            "ABSTRACT": self.abstract,
            "SOCKET": self.socket,
            "SEGMENT": self.segment,
            "ADDRESS": self.memory.ctypes.data,
            "SHM": str(self.outside[0]),
            "VARTMP": str(self.outside[1]),
            "MARK": self.mark,
        }
        return "".join(f"{name} = {value!r}\n" for name, value in known.items())

    def state(self):
        """What must not change: every file, with its mode."""
        found = {}
        for root in (self.course, self.home):
            for path in sorted(root.rglob("*")):
                content = path.read_bytes() if path.is_file() else b""
                found[str(path)] = (path.lstat().st_mode, content)
        return found | {str(path): (0, path.read_bytes()) for path in self.outside}


FOLDERS = ("hidden", "solutions", "feedback", "autograded")


@pytest.fixture
def target(tmp_path):
    with ExitStack() as stack:
        yield Target(tmp_path, stack)


UNPROTECTED = """
import sys, traceback
scope = {"__name__": "__main__"}
try:
    exec(compile(sys.stdin.read(), "cell", "exec"), scope)
except Exception:
    traceback.print_exc(file=sys.stdout)
sys.stdout.flush()
sys.stdout.buffer.write(str(scope.get("loot", "")).encode(errors="replace")[-(2**15):])
"""


def unprotected(source):
    """Run a cell as a kernel without a sandbox does; return what it prints and its `loot`."""
    with tempfile.TemporaryFile() as output:  # what a cell starts would hold a pipe open
        subprocess.run(
            [sys.executable, "-c", UNPROTECTED],
            input=source.encode(),
            stdout=output,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )
        output.seek(0)
        return output.read().decode(errors="replace")


def in_a_box(boxes, source):
    """Run a cell in a box; return all that comes out: what is printed, raised, and in `loot`."""
    box = boxes.start({}, LIMITS)
    try:
        answer = box.ask({"do": "cell", "source": source}, {}, 10.0)
        box.ask({"do": "cell", "source": "print(loot if 'loot' in dir() else '')"}, {}, 10.0)
        return json.dumps(answer, default=str) + box.output
    except (RunnerLostError, TimeLimitError) as error:
        return f"{error}{box.output}"
    finally:
        box.end()


@pytest.mark.family("red-team")
@pytest.mark.parametrize("attack", attacks("reads"))
def test_nothing_is_read(boxes, target, attack):
    cell, before = cell_of("reads", attack)
    names = target.names(target.start_victim())
    own = f"OWN = {str(target.own)!r}\nCANARY = {target.canary!r}\n"
    control = unprotected(names + own + before + cell)
    assert target.canary in control, f"the control finds {control[-500:]!r}"
    assert target.canary not in in_a_box(boxes, f"{names}OWN = '/student/tmp'\n{cell}")


@pytest.mark.family("red-team")
@pytest.mark.parametrize("attack", attacks("writes"))
def test_nothing_is_written(boxes, tmp_path, attack):
    cell, _ = cell_of("writes", attack)
    with ExitStack() as stack:
        target = Target(tmp_path / "control", stack)
        before = target.state()
        unprotected(target.names(target.start_victim()) + cell)
        assert changed(target, before), "the control changes nothing"
    with ExitStack() as stack:
        target = Target(tmp_path / "boxed", stack)
        before = target.state()
        in_a_box(boxes, target.names(target.start_victim()) + cell)
        assert not changed(target, before)


def changed(target, before):
    try:
        return target.state() != before
    except OSError:  # a file is gone, or may not be read any more
        return True


@pytest.mark.family("red-team")
@pytest.mark.parametrize("attack", attacks("harms"))
def test_no_process_is_harmed(boxes, target, attack):
    cell, _ = cell_of("harms", attack)
    victim = target.start_victim()
    before = condition(victim.pid)
    unprotected(target.names(victim) + cell)
    assert eventually(lambda: condition(victim.pid) != before), "the control does no harm"
    victim = target.start_victim()
    before = condition(victim.pid)
    in_a_box(boxes, target.names(victim) + cell)
    assert condition(victim.pid) == before


def condition(pid):
    """What must not change of a process: that it runs, its limits, its priority."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    if fields[0] == "Z":
        return "ended"
    stopped = fields[0] in "Tt"
    with open(f"/proc/{pid}/limits") as limits, open(f"/proc/{pid}/oom_score_adj") as score:
        return stopped, fields[16], os.sched_getaffinity(pid), limits.read(), score.read()


def eventually(holds):
    for _ in range(100):
        if holds():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.family("red-team")
@pytest.mark.parametrize("attack", attacks("leaves"))
def test_no_process_is_left(boxes, target, attack):
    cell, _ = cell_of("leaves", attack)
    source = f"MARK = {target.mark!r}\n{cell}"
    adopt_orphans()
    unprotected(source)
    try:
        assert eventually(lambda: sleeping(target.mark)), "the control leaves nothing"
    finally:
        for _ in range(20):
            for pid in sleeping(target.mark) | parents_of(target.mark):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
    before = descendants()
    in_a_box(boxes, source)
    assert not sleeping(target.mark)
    assert not {pid for pid in descendants() - before if not is_zombie(pid)}


def sleeping(mark):
    """The processes that sleep for a number of seconds that no other test uses."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if path.read_bytes() == f"sleep\0{mark}\0".encode():
                found.add(int(path.parent.name))
    return found


def parents_of(mark):
    """Shells that start it anew."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if f"sleep {mark};".encode() in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
