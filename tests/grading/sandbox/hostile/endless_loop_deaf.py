"""An endless loop that swallows the alarm, KeyboardInterrupt and SIGTERM."""

# reason: no answer after
# lost: size.entropy

import signal


def entropy_bits(n, kept):
    for number in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
