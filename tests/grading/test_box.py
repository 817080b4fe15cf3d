"""The sandbox: what a submission in it can see, reach and use up, as root and as another user."""

import ast
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("IPython", reason="a runner is an IPython shell")

from grading.sandbox import Limits, RunnerLostError, TimeLimitError

ROOT = Path(__file__).parents[2]
LIMITS = Limits(cell=10.0, call=5.0, grace=2.0, submission=60.0, disk=32 * 2**20, memory=2**31)
MIB = 2**20

PRINTS = """
import json
def try_(attempt):
    try:
        return attempt()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
"""

# What a cell tries, and what that must give: a value, or the beginning of an error.
TRIES = {
    "read the repository": (
        f"[name for name in os.listdir({str(ROOT)!r}) if not name.startswith('.venv')]",
        ["grading", "minpy"],
    ),
    "read the grader": (
        f"sorted(os.listdir({str(ROOT / 'grading')!r}))",
        ["__init__.py", "runner.py", "wire.py"],
    ),
    "read solutions": (f"os.listdir({str(ROOT / 'solutions')!r})", "FileNotFoundError"),
    "read /etc/shadow": ("open('/etc/shadow')", "FileNotFoundError"),
    "read another's home": ("os.listdir('/home')", "FileNotFoundError"),
    "write beside minpy": (f"open({str(ROOT / 'minpy' / 'x.py')!r}, 'w')", "OSError: [Errno 30]"),
    "write a package": ("open(json.__file__, 'a')", ("OSError: [Errno 30]", "PermissionError")),
    "write to the root": ("os.mkdir('/x')", "OSError: [Errno 30]"),
    "see processes": ("len([p for p in os.listdir('/proc') if p.isdigit()])", 2),
    "see settings of the kernel": ("os.listdir('/proc/sys')", "FileNotFoundError"),
    "read its supervisor's memory": ("open('/proc/1/mem', 'rb')", "PermissionError"),
    "read its supervisor's environment": ("open('/proc/1/environ').read()", "PermissionError"),
    "kill its supervisor": ("os.kill(1, 9)", None),
    "stop its supervisor": ("os.kill(1, 19)", None),
    "reach the loopback": ("socket.create_connection(('127.0.0.1', 9), 1)", "OSError: [Errno 101]"),
    "reach the network": ("socket.create_connection(('10.0.0.1', 9), 1)", "OSError: [Errno 101]"),
    "ask for a name": ("socket.gethostbyname('example.org')", "gaierror"),
    "talk to the host of a virtual machine": ("socket.socket(40, 1)", "OSError: [Errno 97]"),
    "talk to the kernel": ("socket.socket(16, 3, 0)", "OSError: [Errno 97]"),
    "enter a user namespace": ("libc.unshare(0x10000000)", -1),
    "clone into one": ("libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)", -1),
    "clone3": ("(libc.syscall(435, 0, 0), ctypes.get_errno())", [-1, 38]),
    "mount": ("libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)", -1),
    "trace": ("libc.ptrace(16, 1, 0, 0)", -1),
    "make memory that no limit counts": ("os.memfd_create('x')", "PermissionError"),
    "become root": ("os.setuid(0)", "OSError: [Errno 22]"),
    "have no rights": (
        "[line.split()[1] for line in open('/proc/self/status') if line.startswith('Cap')]",
        ["0" * 16] * 5,
    ),
    "see the grader's variables": (
        "[name for name in os.environ if 'SECRET' in name]",
        [],
    ),
    "hold a file of the grader's": (
        "[n for n in range(4, 256) if try_(lambda: os.fstat(n) and 1) == 1]",
        [],
    ),
    "have a terminal": ("open('/dev/tty')", "FileNotFoundError"),
    "make a device": ("os.mknod('/student/tmp/d', 0o020666, os.makedev(1, 1))", "PermissionError"),
    "fill the disk": (
        "[open(f'/student/tmp/{i}', 'wb').write(bytes(2**24)) for i in range(9)]",
        "OSError: [Errno 28]",
    ),
    "use its own folders": (
        "[open(f'{f}/x', 'w').write('x') for f in ('/tmp', '/dev/shm', '.', os.environ['HOME'])]",
        [1, 1, 1, 1],
    ),
}


def found(box):
    """What each try of TRIES gives in a box."""
    tries = "".join(
        f"found[{name!r}] = try_(lambda: {code})\n" for name, (code, _) in TRIES.items()
    )
    source = f"import ctypes, os, socket\nlibc = ctypes.CDLL(None, use_errno=True)\n{PRINTS}"
    source += f"found = {{}}\n{tries}\nprint('FOUND' + json.dumps(found, default=str))"
    answer = box.ask({"do": "cell", "source": source}, {}, 20.0)
    assert answer["error"] is None
    return json.loads(box.output.partition("FOUND")[2])


@pytest.fixture(scope="module")
def tried(boxes):
    os.environ["MINPY_SECRET_OF_THE_GRADER"] = "x"
    try:
        box = boxes.start({}, LIMITS)
        yield found(box)
        box.end()
    finally:
        del os.environ["MINPY_SECRET_OF_THE_GRADER"]


def agrees(got, expected):
    if isinstance(expected, str | tuple):
        return isinstance(got, str) and got.startswith(expected)
    return sorted(got) == sorted(expected) if isinstance(expected, list) else got == expected


@pytest.mark.parametrize("name", TRIES)
def test_what_a_submission_can_do(tried, name):
    assert agrees(tried[name], TRIES[name][1]), tried[name]


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try it as somebody else")
def test_an_ordinary_user_has_the_same_sandbox(boxes):
    """The whole table again, by a process that is not root's."""
    script = (
        "import json, os, sys, pathlib\nsys.path.insert(0, sys.argv[1])\n"
        "assert os.getuid() == 12_345\n"
        "import test_box\nfrom grading.sandbox import BoxServer\n"
        "server = BoxServer(preload=())\nbox = server.start({}, test_box.LIMITS)\n"
        "print('RESULT' + json.dumps(test_box.found(box)))\nbox.end()\nserver.end()"
    )
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, str(here / "as_user.py"), "-c", script, str(here)],
        cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout.partition("RESULT")[2])
    wrong = {
        name: got[name] for name, (_, expected) in TRIES.items() if not agrees(got[name], expected)
    }
    assert not wrong


def run(box, source, seconds=30.0, **more):
    return box.ask({"do": "cell", "source": source}, {}, seconds, **more)


@pytest.fixture
def box(boxes):
    made = boxes.start({"net.npz": b"content"}, LIMITS)
    yield made
    made.end()


def test_what_lies_below_a_temporary_folder_is_read_and_stays(tmp_path):
    """A clone in /tmp: a submission has a /tmp of its own, and sees what it may read there."""
    data = tmp_path / "data" / "public"
    data.mkdir(parents=True)
    (data / "x.txt").write_text("seen")
    (tmp_path / "data" / "private.txt").write_text("not seen")
    top = str(Path(*data.parts[:3]))
    from grading.sandbox import BoxServer

    server = BoxServer(data=[str(data)], preload=())
    box = server.start({}, LIMITS)
    try:
        source = f"{PRINTS}import os\nprint([try_(f) for f in ("
        for code in (
            f"open({str(data / 'x.txt')!r}).read()",
            f"open({str(data / 'x.txt')!r}, 'w')",
            f"open({str(tmp_path / 'data' / 'private.txt')!r})",
            f"os.mkdir({str(tmp_path / 'mine')!r})",
            f"os.rename({top!r}, '/tmp/moved')",
            "open('/tmp/own', 'w').write('x')",
        ):
            source += f"lambda: {code}, "
        assert box.ask({"do": "cell", "source": f"{source})])"}, {}, 20.0)["error"] is None
        told = [text.partition(":")[0] for text in ast.literal_eval(box.output.strip())[:-1]]
        assert told == ["seen", "OSError", "FileNotFoundError", "OSError", "OSError"]
        assert box.output.strip().endswith(", 1]")
    finally:
        box.end()
        server.end()


def test_files_go_in_and_come_out(box):
    run(box, "data = open('net.npz').read(); open('out', 'w').write(data * 2)")
    assert box.file("out") == b"contentcontent"
    with pytest.raises(FileNotFoundError):
        box.file("nothing")


def test_nothing_of_a_submission_reaches_the_next(boxes):
    first = boxes.start({}, LIMITS)
    run(first, "import builtins, numpy\nbuiltins.mine = numpy.mine = 1\nopen('/tmp/mine', 'w')")
    first.end()
    second = boxes.start({}, LIMITS)
    source = (
        "import builtins, numpy, os\n"
        "print(hasattr(builtins, 'mine'), hasattr(numpy, 'mine'), os.path.exists('/tmp/mine'))"
    )
    run(second, source)
    assert second.output.split() == ["False"] * 3
    second.end()


def test_a_loop_is_interrupted_and_the_runner_goes_on(box):
    with pytest.raises(TimeLimitError, match=r"more than 0\.3 s"):
        run(box, "while True:\n    x = 1", 0.3)
    assert run(box, "y = 2")["error"] is None


def test_a_loop_that_does_not_stop_is_killed(box):
    loop = "import signal\nsignal.signal(2, signal.SIG_IGN)\nwhile True:\n    x = 1"
    with pytest.raises(RunnerLostError, match="did not stop"):
        run(box, loop, 0.3)


def test_a_submission_that_stops_itself_is_interrupted(box):
    with pytest.raises(TimeLimitError):
        run(box, "import os\nos.kill(os.getpid(), 19)", 0.5)


def test_time_is_not_charged_while_others_use_the_processors(box):
    """Waiting for a processor is the machine's fault; a sleep is the student's."""
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], start_new_session=True)
        for _ in range(4 * (os.cpu_count() or 1))  # Linux shares processors out by sessions
    ]
    try:
        before, began = box.seconds, time.monotonic()
        spin = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass"
        run(box, spin)
        waited = time.monotonic() - began
        charged = box.seconds - before
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert 0.4 < charged < 0.9 < waited
    with pytest.raises(TimeLimitError):
        run(box, "import time\ntime.sleep(2)", 0.3)


@pytest.mark.parametrize(
    "source, why",
    [
        ("import os\nos._exit(3)", "exited with status 3"),
        ("import os\nos.kill(os.getpid(), 9)", "killed by SIGKILL"),
        (
            "import os, time\nfor _ in range(62):\n    if os.fork() == 0: time.sleep(60)\n"
            "while True:\n    try:\n        os.fork() or time.sleep(60)\n"
            "    except OSError: pass",
            "processes|did not stop|took more",
        ),
        (
            "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n"
            "        x = b'x' * (500 * 2**20)\n        time.sleep(60)\ntime.sleep(60)",
            "more than 2 GiB",
        ),
        ("import os\nos.closerange(3, 99)", "status|closed"),
    ],
    ids=["exit", "kill", "forks", "memory", "closes"],
)
def test_how_it_ended_is_said(box, source, why):
    with pytest.raises(RunnerLostError, match=why):
        run(box, source)


def test_other_processes_are_seen_and_ended_for_a_call_alone(box):
    run(box, "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(600)")
    assert not run(box, "print(len(open('/proc/2/stat').read()) > 0)", alone=True)["helpers"]
    assert box._command("usage")["processes"] == 1
    assert run(box, "import subprocess\nsubprocess.run(['true'])", alone=True)["helpers"]
    ended = "import os\nos.fork() or os._exit(0)\nos.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)"
    assert run(box, ended, alone=True)["helpers"]


def test_a_process_that_nobody_waits_for_is_seen(box):
    """The kernel counts nothing of a child where its parent ignores the signal of its end."""
    ignored = (
        "import os, signal\nbefore = signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "os.fork() or os._exit(0)\ntry:\n    os.wait()\nexcept ChildProcessError:\n    pass\n"
        "signal.signal(signal.SIGCHLD, before)"
    )
    assert run(box, ignored, alone=True)["helpers"]


def test_a_thread_that_stays_is_no_helper(box):
    stays = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True)"
    assert not run(box, f"{stays}.start()", alone=True)["helpers"]
    assert run(box, "t = threading.Thread(target=int)\nt.start(); t.join()", alone=True)["helpers"]


def test_a_frozen_submission_does_nothing(box):
    run(
        box,
        "import threading, time\nticks = []\n"
        "def tick():\n    while True:\n        ticks.append(1); time.sleep(0.001)\n"
        "threading.Thread(target=tick, daemon=True).start()",
    )
    with box.frozen():
        spent = box_ticks(box)
    assert spent < 0.001 < box_ticks(box)


def box_ticks(box):
    """How much processor time the box takes in a moment, as its supervisor says."""
    before = box._command("usage")["cpu"]
    time.sleep(0.3)
    return box._command("usage")["cpu"] - before


def test_nothing_is_left_after_the_end(boxes):
    from grading.processes import descendants

    before = descendants()
    box = boxes.start({}, LIMITS)
    run(
        box,
        "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n"
        "        time.sleep(600)",
    )
    assert len(descendants() - before) >= 7
    box.end()
    left = {pid for pid in descendants() - before if not is_zombie(pid)}
    assert not left


def is_zombie(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_machine_without_namespaces_is_refused(monkeypatch, boxes):
    """Fail closed: what does not work is said, and nothing runs without it."""
    from grading.sandbox import BoxServer, SandboxError

    monkeypatch.setattr(
        "grading.sandbox.box.namespaces.readable_paths", lambda more: (["/nowhere"], {})
    )
    with pytest.raises(SandboxError, match=r"does not start: .*nowhere"):
        BoxServer(preload=())
