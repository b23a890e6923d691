"""The kernel's keyrings: keys of whoever grades, and a way to leave something for the next one."""

# lost: nothing

import ctypes
import platform

libc = ctypes.CDLL(None)
numbers = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}
add, request, control = numbers.get(platform.machine(), (None,) * 3)
for keyring in (-3, -4, -5) if add else ():  # of the session, the user, the user's session
    if libc.syscall(add, b"user", b"left", b"an answer", 9, keyring) > 0:
        raise RuntimeError(f"BREACH: a key in the keyring {keyring}")
    if libc.syscall(control, 0, keyring, 0) > 0:
        raise RuntimeError(f"BREACH: the number of the keyring {keyring}")
if add and libc.syscall(request, b"user", b"left", None, -3) > 0:
    raise RuntimeError("BREACH: a key that another one left")
