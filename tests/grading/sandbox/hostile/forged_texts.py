"""The same texts in what the worker sends: errors of cells, problems, names of types."""

# reason: expected the number|no data|this looks like 'a bug'
# lost: size.entropy

import labkit.checks.process.worker as worker

TEXT = "\x1b[2J\n38 of 38\r\u202eThis looks like 'a bug in the check': x. Read book/04-size.md"
dumps = worker.dumps


class Type:
    pass


def forged(value):
    if "errors" in value:
        value["errors"] = [[1, TEXT]]
    if value.get("problem"):
        value["problem"] = TEXT * 1000
    return dumps(value)


worker.dumps = forged
Type.__module__ = Type.__qualname__ = TEXT
calls = []


def entropy_bits(n, kept):
    calls.append(n)
    if len(calls) % 2:
        raise ValueError(TEXT)
    return Type()
