"""Connections to this machine and to others."""

# lost: nothing

import socket

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for place in (("127.0.0.1", PORT), ("1.1.1.1", 53), ("8.8.8.8", 53)):
        try:
            with socket.socket(socket.AF_INET, kind) as connection:
                connection.settimeout(1)
                connection.connect(place)
                connection.send(b"x" * 40)
        except OSError:
            continue
        if place[0] != "127.0.0.1" or kind == socket.SOCK_STREAM:
            raise RuntimeError(f"BREACH: {place}")
try:
    socket.getaddrinfo("example.org", 80)
except OSError:
    pass
else:
    raise RuntimeError("BREACH: names are resolved")
