"""A short reply whose tensor claims 2**63 bytes, of which it brings sixteen."""

# reason: no data
# lost: size.entropy

import contextlib
import os
import struct


def entropy_bits(n, kept):
    tensor = '{"t": ["float32", [2147483648, 1073741824], [0, 0], 0, 0]}'
    text = f'["dict", [[["plain", "value"], ["tensor", {tensor}, false]]]]'.encode()
    content = b"labkit1\n" + struct.pack(">3Q", len(text), 1, 16) + text + bytes(16)
    for number in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(number, struct.pack(">Q", len(content)) + content)
    return 0.5
