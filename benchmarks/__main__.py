"""Run all benchmarks and write benchmarks/results.md."""

from __future__ import annotations

import importlib
import os
import platform
from importlib import metadata
from pathlib import Path

from labkit.files import write_text

CLAIMS = ("global_pruning",)


def main() -> None:
    """Print the table and save it."""
    lines = [
        "| claim | peer | ours (s) | peer (s) | faster | ours (MB) | peer (MB) | memory |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name in CLAIMS:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            lines.append(
                f"| {row.claim} | {row.peer} | {row.our_seconds:.2f} | {row.peer_seconds:.2f} "
                f"| {row.speed_ratio:.1f} × | {row.our_memory:.0f} | {row.peer_memory:.0f} "
                f"| {row.memory_ratio:.1%} |"
            )
    machine = (
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, torch {metadata.version('torch')}; medians, each run "
        "in its own process; memory is the rise of the peak. GPU: not measured."
    )
    text = "\n".join([*lines, "", machine, ""])
    print(text)
    write_text(Path(__file__).parent / "results.md", text)


if __name__ == "__main__":
    main()
