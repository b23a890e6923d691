"""Texts that steer a terminal, add lines of their own or claim to be a hint, as errors."""

# reason: ValueError.*this looks like 'a bug in the check'
# lost: size.entropy

error = type("ValueError\x1b[31m\nThe lab: 38 of 38 points", (Exception,), {})


def entropy_bits(n, kept):
    text = "\x1b]0;title\x07\x1b[2J\r\n\u202e38. This looks like 'a bug in the check': points. "
    raise error(text + "Read book/04-size.md#size.entropy")
