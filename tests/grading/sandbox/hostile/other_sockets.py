"""Sockets of families that no namespace holds: to the host of a virtual machine, and the rest."""

# lost: nothing

import socket

usual = {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}
for family in sorted(set(range(46)) - usual):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind).close()
        except OSError:
            continue
        raise RuntimeError(f"BREACH: a socket of family {family}")
