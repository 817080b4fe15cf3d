"""A root of its own for a submission: namespaces, mounts, and the loss of all privileges.

The order matters. An ordinary user gets the right to mount from a new user namespace, so that
comes first. Root mounts as root, then becomes another user, and enters the user namespace last: no
submission ever runs with root's uid in the eyes of the kernel.
"""

from __future__ import annotations

import ctypes
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x20000,
    0x4000000,
    0x8000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND = 1, 2, 4, 8, 32, 4096
MS_REC, MS_PRIVATE = 16384, 1 << 18
MNT_DETACH = 2
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
SYS_MOUNT_SETATTR = 442  # the same on all machines
PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 24, 38
CAPABILITY_VERSION_3 = 0x20080522
DEVICES = ("null", "zero", "full", "random", "urandom")
ROOT_SUBSTITUTE = 64_646  # the user that a box of root's runs as
INSIDE = 1000  # the uid and gid that a submission sees

TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # where programs put files for a while
STUDENT = "/student"  # where a submission's own files are: home, work, tmp

_libc = ctypes.CDLL(None, use_errno=True)


def _check(what: str, result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Enter new namespaces."""
    _check("unshare", _libc.unshare(flags))


def mount(source: str, target: str, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount, by the system call's name and in its order."""
    result = _libc.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() or None,
        ctypes.c_ulong(flags),
        options.encode() or None,
    )
    _check(f"mount {source} on {target}", result)


def enter_namespaces() -> None:
    """Leave the namespaces of this machine; the next child is process 1 of the new ones."""
    flags = NEWNS | NEWUTS | NEWIPC | NEWPID | NEWNET
    if os.getuid() == 0:
        unshare(flags)
        return
    uid, gid = os.getuid(), os.getgid()
    unshare(flags | NEWUSER)
    _map_user(uid, gid)


def make_root(plan: Mapping[str, Any]) -> None:
    """Make a root file system of what the plan lists, and go there; to be called as process 1.

    Parameters
    ----------
    plan : mapping
        "root", an empty folder; "binds", what can be read, by its path; "links", symbolic links by
        path; "disk", the bytes that the submission may write.
    """
    root = plan["root"]
    mount("none", "/", flags=MS_REC | MS_PRIVATE)
    mount("tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=4m")
    late = [path for path in plan["binds"] if path.startswith(tuple(f"{p}/" for p in TEMPORARY))]
    for path in plan["binds"]:
        if path not in late:
            _bind(path, f"{root}{path}")
    for path, target in plan["links"].items():
        if not os.path.lexists(f"{root}{path}"):
            Path(f"{root}{path}").parent.mkdir(parents=True, exist_ok=True)
            os.symlink(target, f"{root}{path}")
    _make_devices(root)
    _make_writable(root, plan["disk"])
    _bind_below_temporary(root, late)
    os.makedirs(f"{root}/etc", exist_ok=True)
    Path(f"{root}/etc/passwd").write_text(f"student:x:{INSIDE}:{INSIDE}::{STUDENT}/home:/bin/sh\n")
    os.makedirs(f"{root}/proc", exist_ok=True)
    flags = MS_NOSUID | MS_NODEV | MS_NOEXEC
    mount("proc", f"{root}/proc", "proc", flags, "subset=pid")
    _set_mount(root, MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.chdir(root)
    _check("pivot_root", _libc.syscall(_pivot_root_number(), b".", b"."))
    _check("umount", _libc.umount2(b".", MNT_DETACH))
    os.chdir("/")


def drop_privileges() -> None:
    """Become a user without capabilities, for good."""
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(ROOT_SUBSTITUTE, ROOT_SUBSTITUTE, ROOT_SUBSTITUTE)
        os.setresuid(ROOT_SUBSTITUTE, ROOT_SUBSTITUTE, ROOT_SUBSTITUTE)
        _libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # or its uid_map would be root's
        unshare(NEWUSER)
        _map_user(ROOT_SUBSTITUTE, ROOT_SUBSTITUTE)
    for number in range(64):
        if _libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0):
            break  # there are no more
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    _check("capset", _libc.capset(header, (ctypes.c_uint32 * 6)()))
    _check("no_new_privs", _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # no process of the same user looks into this one


def _map_user(uid: int, gid: int) -> None:
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{INSIDE} {uid} 1"),
        ("gid_map", f"{INSIDE} {gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text)


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        Path(target).touch()
    mount(source, target, flags=MS_BIND | MS_REC)
    _set_mount(target, MS_RDONLY | MS_NOSUID | MS_NODEV, recursive=True)


def _set_mount(target: str, flags: int, recursive: bool = False) -> None:
    """Add flags to a mount; those it has stay."""
    attributes = (ctypes.c_uint64 * 4)(flags, 0, 0, 0)
    result = _libc.syscall(
        SYS_MOUNT_SETATTR,
        AT_FDCWD,
        os.fsencode(target),
        AT_RECURSIVE if recursive else 0,
        attributes,
        ctypes.sizeof(attributes),
    )
    _check(f"mount_setattr {target}", result)


def _make_devices(root: str) -> None:
    os.makedirs(f"{root}/dev")
    for name in DEVICES:
        if stat.S_ISCHR(os.stat(f"/dev/{name}").st_mode):
            Path(f"{root}/dev/{name}").touch()
            mount(f"/dev/{name}", f"{root}/dev/{name}", flags=MS_BIND)
    os.symlink("/proc/self/fd", f"{root}/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")


def _make_writable(root: str, size: int) -> None:
    """Mount all that a submission may write to: one tmpfs, so that one size limits it."""
    owner = ROOT_SUBSTITUTE if os.getuid() == 0 else INSIDE
    options = f"mode=755,uid={owner},gid={owner},size={size},nr_inodes=20000"
    os.makedirs(f"{root}{STUDENT}")
    mount("tmpfs", f"{root}{STUDENT}", "tmpfs", MS_NOSUID | MS_NODEV, options)
    for name, places in (("home", ()), ("work", ()), ("tmp", TEMPORARY)):
        own = f"{root}{STUDENT}/{name}"
        os.mkdir(own)
        os.chown(own, owner, owner)
        for place in places:
            os.makedirs(f"{root}{place}", exist_ok=True)
            mount(own, f"{root}{place}", flags=MS_BIND)


def _bind_below_temporary(root: str, paths: Sequence[str]) -> None:
    """Bind what lies in a folder for temporary files, of which a submission has its own.

    The folder below it is a mount too, so that the submission cannot move it away.
    """
    made = []
    for path in paths:
        place = next(p for p in TEMPORARY if path.startswith(f"{p}/"))
        first = f"{root}{place}/{path[len(place) + 1 :].split('/')[0]}"
        if first != f"{root}{path}" and first not in made:
            os.mkdir(first)
            mount("tmpfs", first, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m")
            made.append(first)
        _bind(path, f"{root}{path}")
    for first in made:
        _set_mount(first, MS_RDONLY | MS_NOSUID | MS_NODEV)


def _pivot_root_number() -> int:
    return 155 if os.uname().machine == "x86_64" else 41


def readable_paths(more: Sequence[str] = ()) -> tuple[list[str], dict[str, str]]:
    """Return what a box needs to read, shortest paths first, and the symbolic links to make.

    It is the interpreter, its packages, and the libraries of the system: never the folder that
    holds minpy, where solutions may be.

    Parameters
    ----------
    more : sequence of str
        Other paths: the package itself, and public data.
    """
    import sys

    system = [
        *("/usr/bin", "/usr/lib", "/usr/lib64", "/usr/lib32", "/bin", "/lib", "/lib64", "/lib32"),
        *("/usr/share/zoneinfo", "/usr/share/fonts", "/usr/share/fontconfig", "/etc/fonts"),
        *("/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives"),
    ]
    own = [f"{prefix}/{part}" for prefix in (sys.base_prefix, sys.prefix) for part in PARTS]
    packages = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    links = {}
    found: list[str] = []
    for path in sorted({*system, *own, *packages, *more}, key=len):
        if os.path.islink(path):
            links[path] = os.readlink(path)
        elif os.path.exists(path) and not any(path.startswith(f"{one}/") for one in found):
            found.append(path)
    return found, links


PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")  # of an installation of Python
