"""The `labkit` command, as a program and as `python -m labkit`.

It stands outside of `cli` so that Ctrl-C is seen to before that is loaded, which takes a while.
"""

import signal

from labkit.own_process import leave_at_once


def main() -> None:
    """Load the command and run it; Ctrl-C before it runs ends the process, with exit code 130."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, leave_at_once)
    from labkit.cli import main as command

    command()


if __name__ == "__main__":  # worker processes import this module too
    main()
