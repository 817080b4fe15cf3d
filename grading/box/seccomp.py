"""The filter on system calls: what no notebook needs, and what has helped to leave a box.

It is a list of what is refused, as in the default profiles of containers, since NumPy, BLAS and
others need many of the rest. A refused call fails with EPERM, so a program can go on.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000

# The numbers of the kernel's headers: (x86-64, aarch64).
REFUSED = {
    # looking into other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # large parts of the kernel that no notebook uses
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "personality": (135, 92),
    # memory that no limit counts
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    "remap_file_pages": (216, 234),
    # the machine
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "iopl": (172, None),
    "ioperm": (173, None),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "vhangup": (153, 58),
}
CLONE, CLONE3 = (56, 220), (435, 435)
SOCKETS = ((41, 198), (53, 199))  # socket, socketpair
NEW_NAMESPACES = 0x7E020000  # all CLONE_NEW* flags that clone takes
FAMILIES = (1, 2, 10)  # local and internet sockets; AF_VSOCK, for one, has no namespaces
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
X32 = 0x40000000  # the bit of a second set of numbers on x86-64

# Instructions of the classic BPF machine.
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # where they are in `struct seccomp_data`


def supported() -> bool:
    """Whether the filter knows this machine's system calls."""
    return platform.machine() in MACHINES


def program(machine: str) -> list[tuple[int, int, int, int]]:
    """Return the filter of a machine as instructions: code, jump if true, jump if false, value.

    Parameters
    ----------
    machine : {'x86_64', 'aarch64'}
    """
    column, architecture = MACHINES[machine]
    refuse = (RETURN, 0, 0, ERRNO | errno.EPERM)
    made = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
    ]
    if machine == "x86_64":
        made += [(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, KILL)]
    for numbers in REFUSED.values():
        number = numbers[column]
        if number is not None:  # else this machine does not have it
            made += [(EQUAL, 0, 1, number), refuse]
    # glibc then uses clone, whose flags a filter can read
    made += [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, ERRNO | errno.ENOSYS)]
    made += [
        (EQUAL, 0, 4, CLONE[column]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (ANY_BIT, 0, 1, NEW_NAMESPACES),
        refuse,
        (RETURN, 0, 0, ALLOW),
    ]
    for numbers in SOCKETS:
        made += [(EQUAL, 0, len(FAMILIES) + 3, numbers[column]), (LOAD, 0, 0, FIRST_ARGUMENT)]
        for place, family in enumerate(FAMILIES):
            made.append((EQUAL, len(FAMILIES) - place, 0, family))
        made += [(RETURN, 0, 0, ERRNO | errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    return [*made, (RETURN, 0, 0, ALLOW)]


def install() -> None:
    """Put the filter on this process and all that it starts, for good.

    Raises
    ------
    OSError
        If the kernel refuses it.
    """
    instructions = b"".join(struct.pack("HBBI", *one) for one in program(platform.machine()))
    code = ctypes.create_string_buffer(instructions, len(instructions))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    wanted = Program(len(instructions) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(wanted), 0, 0
    ):
        number = ctypes.get_errno()
        raise OSError(number, "the kernel refuses a seccomp filter")
