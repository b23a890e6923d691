"""What the processor can compute with: the instruction sets that decide which engine is fast."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

INSTRUCTION_SETS = {
    "AVX2": ("avx2",),
    "AVX-512": ("avx512_f", "avx512_bw", "avx512_dq", "avx512_vl"),
    "VNNI": ("avx512_vnni",),
    "AVX-VNNI": ("avx_vnni",),
    "AVX-512-BF16": ("avx512_bf16",),
    "AMX": ("amx_tile", "amx_int8", "amx_bf16"),
    "NEON": ("neon",),
    "dot product": ("dot",),
    "int8 matrices": ("i8mm",),
    "bf16 of Arm": ("bf16",),
    "SVE": ("sve",),
}
"""The sets that are named, each with the capabilities that all have to be there for it."""

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")

MATTERS = ("AVX2", "AVX-512", "VNNI", "AMX")
"""Those whose absence is said on x86: with them bf16 or int8 may be much faster than float32."""


def instruction_sets(capabilities: Mapping[str, object] | None = None) -> tuple[str, ...]:
    """The names of `INSTRUCTION_SETS` that this processor has and the system lets programs use.

    They are asked of the processor by torch's own library (`torch.cpu.get_capabilities`), in the
    same way on Linux, macOS and Windows.

    Args:
        capabilities: what that function returned, perhaps elsewhere; default: ask it here.
    """
    has = torch.cpu.get_capabilities() if capabilities is None else capabilities
    return tuple(
        name for name, needs in INSTRUCTION_SETS.items() if all(has.get(need) for need in needs)
    )


def long_vectors(capabilities: Mapping[str, object] | None = None) -> bool:
    """Whether vectors of 512 bits are there, with 32 registers for them.

    Args:
        capabilities: as `instruction_sets`.
    """
    return "AVX-512" in instruction_sets(capabilities)


def bfloat16_matrices(capabilities: Mapping[str, object] | None = None) -> bool:
    """Whether products of matrices in bfloat16 are faster by far than in float32: AMX, no less.

    Args:
        capabilities: as `instruction_sets`.
    """
    return "AMX" in instruction_sets(capabilities)


def first_level_cache(folder: Path = _CACHES) -> int | None:
    """Bytes of the first core's first-level cache of data; see `second_level_cache`."""
    return _cache("1", folder)


def second_level_cache(folder: Path = _CACHES) -> int | None:
    """Bytes of the second-level cache of the first core, or None where the system does not say.

    Args:
        folder: where Linux lists the caches of a core, one folder for each.
    """
    return _cache("2", folder)


def _cache(level: str, folder: Path) -> int | None:
    """Bytes of the first cache of a level that holds data."""
    units = {"K": 1 << 10, "M": 1 << 20}
    for cache in sorted(folder.glob("index*")):
        try:
            if cache.joinpath("level").read_text().strip() != level:
                continue
            kind = cache / "type"
            if kind.exists() and kind.read_text().strip() == "Instruction":
                continue
            size = cache.joinpath("size").read_text().strip()
            return int(size.rstrip("KM")) * units.get(size[-1], 1)
        except (OSError, ValueError, IndexError):
            continue
    return None


def instruction_sets_text(capabilities: Mapping[str, object] | None = None) -> str:
    """The instruction sets in words: "AVX2; no AVX-512, VNNI or AMX"."""
    has = torch.cpu.get_capabilities() if capabilities is None else capabilities
    found = instruction_sets(has)
    text = ", ".join(found) or "no vector instructions that are known here"
    lacking = [name for name in MATTERS if name not in found]
    if not lacking or "x86" not in str(has.get("architecture", "")):
        return text
    *most, last = lacking
    names = f"{', '.join(most)} or {last}" if most else last
    return f"{text}; no {names}"
