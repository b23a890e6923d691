"""What a process takes from itself before a submission's code runs in it: system calls of Linux.

Namespaces of its own, no privileges, and none of the calls that lead out of them.
"""

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

from labkit.grading.sandbox.limits import Limits

SCRATCH = "/box"  # the one folder in which a submission may write
SHARED = "/dev/shm"

SET_DUMPABLE, SET_NO_NEW_PRIVS = 4, 38
"""Options of `set_option` (prctl)."""

_NEWNS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
_NOSUID, _NODEV, _NOEXEC, _RDONLY, _REMOUNT, _BIND = 2, 4, 8, 1, 32, 4096
_CAPABILITIES_3 = 0x20080522
_SET_SECCOMP, _FILTER = 22, 2
_JOIN_SESSION_KEYRING = 1
# No namespace holds the keyrings of whoever grades, nor sockets to the host of a virtual machine;
# the others of these are a submission's way to the kernel's newest parts.  By machine: how the
# kernel calls it, keyctl, add_key, request_key, bpf, perf_event_open, userfaultfd, io_uring_setup;
# and socket.
_BARRED = {
    "x86_64": (0xC000003E, (250, 248, 249, 321, 298, 323, 425), 41),
    "aarch64": (0xC00000B7, (219, 217, 218, 280, 241, 282, 425), 198),
}
_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, 16)  # 16: what names interfaces


def new_namespaces() -> None:
    """Own users, mounts, processes (from the next fork on), IPC and network.

    Raises:
        OSError: the system refuses namespaces within namespaces.
    """
    user, group = os.getuid(), os.getgid()
    _call("unshare", _NEWUSER | _NEWNS | _NEWPID | _NEWIPC | _NEWNET)
    set_option(SET_DUMPABLE, 1)  # else its own files in /proc belong to root
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def become_private(limits: Limits) -> None:
    """Folders of its own, no privilege, limits.

    Raises:
        OSError: the system refuses one of them.
    """
    for place in (SCRATCH, SHARED):
        options = f"size={limits.scratch},nr_inodes=20000,mode=0700"
        _mount("tmpfs", place, "tmpfs", _NOSUID | _NODEV, options)
    # Root outside is root to /proc/sys as well, whatever it is called in here.
    _mount("none", "/proc", "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV | _NOEXEC, "")
    set_option(SET_NO_NEW_PRIVS, 1)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    limits.apply()
    bar()


def bar(families: Sequence[int] = _FAMILIES) -> None:
    """Take the system calls of `_BARRED` from this process and all that it starts, for good.

    Of sockets those of `families` are left.  Nothing is taken on machines whose numbers are not
    there.

    Raises:
        OSError: the system refuses it.
    """
    if platform.machine() not in _BARRED:
        return
    kind, barred, opens = _BARRED[platform.machine()]
    # A new keyring of the session, empty: that of whoever grades was inherited.
    ctypes.CDLL(None).syscall(barred[0], _JOIN_SESSION_KEYRING, None)
    # A program for the kernel: load, compare, return.  A comparison that fails goes on.
    load, equal, at_least, end = 0x20, 0x15, 0x35, 0x06
    allow, deny = 0x7FFF0000, 0x00050000 | errno.EPERM
    steps = [(load, 0, 0, 4), (equal, 1, 0, kind), (end, 0, 0, deny), (load, 0, 0, 0)]
    # From 2**30 on stand the calls of another way to number them.
    for number, compare in ((2**30, at_least), *((number, equal) for number in barred)):
        steps += [(compare, 0, 1, number), (end, 0, 0, deny)]
    steps += [(equal, 1, 0, opens), (end, 0, 0, allow), (load, 0, 0, 16)]
    for family in families:
        steps += [(equal, 0, 1, family), (end, 0, 0, allow)]
    steps.append((end, 0, 0, deny))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("HP", len(steps), ctypes.addressof(code)))
    _call("prctl", _SET_SECCOMP, _FILTER, program, 0, 0)


def _mount(source: str, target: str, kind: str, flags: int, options: str) -> None:
    _call("mount", *(text.encode() for text in (source, target, kind)), flags, options.encode())


def set_option(option: int, value: int) -> None:
    """Set one of the options of this process.

    Raises:
        OSError: the system refuses it.
    """
    _call("prctl", option, value, 0, 0, 0)


def _call(name: str, *arguments: object) -> None:
    """A function of the C library that Python 3.11 does not offer.

    Raises:
        OSError: it failed.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
