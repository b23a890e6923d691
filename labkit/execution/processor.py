"""What the processor can compute with: the instruction sets that decide which engine is fast."""

from __future__ import annotations

from collections.abc import Mapping

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
