"""`python -m labkit.cli` is the `labkit` command, as `python -m labkit` is."""

from labkit.cli import main

if __name__ == "__main__":  # worker processes import this module too
    main()
