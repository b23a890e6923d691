"""Messages between the process of a submission and the checks: a length, then as many bytes."""

import struct
from typing import BinaryIO

from labkit.checks.engine.plain_data import LARGEST


def read_frame(stream: BinaryIO, largest: int = 2 * LARGEST) -> bytes:
    """One message: 8 bytes of length, then as many bytes, not more than `largest`.

    Raises:
        EOFError: the other side has ended.
        ValueError: it sends something else.
    """
    head = stream.read(8)
    if len(head) < 8:
        raise EOFError
    (length,) = struct.unpack(">Q", head)
    if length > largest:
        raise ValueError("no message of the worker")
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def write_frame(stream: BinaryIO, content: bytes) -> None:
    """Send one message, see `read_frame`."""
    stream.write(struct.pack(">Q", len(content)) + content)
    stream.flush()
