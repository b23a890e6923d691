"""Take from everybody but root what answers an exercise in the installed libraries.

Run once, when a container is built: where bubblewrap is not allowed there, a submission reads
whatever everybody may read.  It gets stubs of these modules, as in bubblewrap.
"""

from __future__ import annotations

from labkit.grading.sandbox.other_user import closed, withheld_files


def main() -> None:
    """Close the files of `visible_packages.WITHHELD`, and what was compiled from them."""
    for place in withheld_files():
        closed(place)
        for compiled in place.parent.glob(f"__pycache__/{place.stem}.*"):
            closed(compiled)


if __name__ == "__main__":
    main()
