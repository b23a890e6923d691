"""A checkpoint on disk: its safetensors files, where each tensor lies in them, what is prunable."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from labkit.errors import InputError, SourceError
from labkit.models import quantised, recomputed
from labkit.models.blueprint import adapter_error, refuse_adapter
from labkit.models.float8 import scale_of, scaled_error
from labkit.models.left_out import WORTH_SAYING
from labkit.models.parameter_kinds import adapter
from labkit.pruning.files.prunable_names import Wanted, prunable_names
from labkit.pruning.thresholds import FORMATS, NARROW

INDEX = "model.safetensors.index.json"
SINGLE = "model.safetensors"
_WEIGHTS = {".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".onnx", ".gguf"}
_BITS = {"F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32, "F16": 16}
_BITS |= {"BF16": 16, "I16": 16, "U16": 16, "I8": 8, "U8": 8, "BOOL": 8}
_BITS |= dict.fromkeys(NARROW, 8)
_RANKED = (*FORMATS, *NARROW)
_MAX_HEADER = 100_000_000  # bytes, as in the safetensors library


class Tensor(NamedTuple):
    """One tensor of a safetensors file; `start` and `stop` are bytes from the file's begin."""

    name: str
    file: Path
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of entries."""
        size = 1
        for length in self.shape:
            size *= length
        return size


@dataclass(frozen=True)
class Checkpoint:
    """A safetensors file, or a folder in the layout of `save_pretrained`.

    `files` hold the weights; `others` (config, tokenizer, index) go along with them; `left_out` are
    other copies of the weights and their indexes, and whatever lies in subfolders.
    """

    path: Path
    files: tuple[Path, ...]
    tensors: dict[str, Tensor]
    others: tuple[Path, ...] = ()
    left_out: tuple[Path, ...] = ()

    @property
    def bytes(self) -> int:
        """Size of all files that belong to it."""
        return sum(file.stat().st_size for file in (*self.files, *self.others))


def open_checkpoint(path: Path | str) -> Checkpoint:
    """Read the headers of a checkpoint's safetensors files.

    Raises:
        SourceError: nothing there, no safetensors file, a damaged one (named), or an adapter's.
    """
    path = Path(path).absolute()  # tasks may run elsewhere; links stay, for the sake of names
    if path.is_file():
        return Checkpoint(path, (path,), _no_adapter(path, read_header(path)))
    if not path.is_dir():
        raise SourceError(f"{path} is not there: name a safetensors file or a checkpoint's folder")
    refuse_adapter(path)
    # As from_pretrained chooses: saving a model whole leaves an index of earlier shards behind.
    if not (path / SINGLE).is_file() and (path / INDEX).is_file():
        names = _index(path / INDEX)
        files = [path / name for name in sorted(set(names.values()))]
    else:
        names = {}
        files = [path / SINGLE] if (path / SINGLE).is_file() else sorted(path.glob("*.safetensors"))
        if len(files) != 1:
            raise SourceError(
                f"{path} has no {SINGLE} and no {INDEX}. Save the model there with "
                "model.save_pretrained(...), or name one safetensors file."
            )
    tensors = {name: tensor for file in files for name, tensor in read_header(file).items()}
    _no_adapter(path, tensors)
    for name, file in names.items():
        if name not in tensors or tensors[name].file.name != file:
            raise SourceError(f"{path / INDEX} places {name} in {file}, which does not hold it")
    others, left_out = [], []
    for entry in sorted(path.iterdir()):
        if entry not in files:
            aside = entry.is_dir() or entry.suffix in _WEIGHTS or entry.name.startswith(".")
            aside |= entry.name.endswith(".index.json") and not (names and entry.name == INDEX)
            (left_out if aside else others).append(entry)
    return Checkpoint(path, tuple(files), tensors, tuple(others), tuple(left_out))


def _no_adapter(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if name := adapter(list(tensors)):
        raise adapter_error(f"{path} holds weights of an adapter ({name})")
    return tensors


def _index(path: Path) -> dict[str, str]:
    try:
        names = json.loads(path.read_text(encoding="utf-8"))["weight_map"]
        if any(Path(file).name != file for file in names.values()):
            raise ValueError("a file outside the folder")
        return names
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(f"{path} is damaged ({error!r}): fetch or save it again") from error
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error


def read_header(path: Path) -> dict[str, Tensor]:
    """Name → place of each tensor, in the order of the file.

    The format: 8 bytes with the length of a JSON header (little endian), the header, the tensors'
    bytes without gaps (https://huggingface.co/docs/safetensors).

    Raises:
        SourceError: the file is missing, truncated, or not in that format.
    """

    def damaged(what: str) -> SourceError:
        return SourceError(f"{path} is no whole safetensors file ({what}): fetch or save it again")

    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 2 <= length <= min(size - 8, _MAX_HEADER):
                raise damaged(f"{size} bytes, header of {length}")
            header = json.loads(file.read(length))
    except (ValueError, RecursionError) as error:
        raise damaged(f"header: {error}") from error
    except OSError as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"cannot read {path}: {error.strerror or error}") from error
    try:
        header.pop("__metadata__", None)
        tensors = [_tensor(path, name, 8 + length, entry) for name, entry in header.items()]
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise damaged(f"header: {error!r}") from error
    tensors.sort(key=lambda tensor: (tensor.start, tensor.stop))
    end = 8 + length
    for tensor in tensors:
        bits = _BITS.get(tensor.dtype)
        if tensor.start != end or (bits and 8 * (tensor.stop - tensor.start) != bits * tensor.size):
            raise damaged(f"bytes of {tensor.name}")
        end = tensor.stop
    if end != size:
        raise damaged(f"{size} bytes, the header tells of {end}")
    return {tensor.name: tensor for tensor in tensors}


def _tensor(path: Path, name: str, offset: int, entry: dict[str, Any]) -> Tensor:
    start, stop = (offset + int(at) for at in entry["data_offsets"])
    dtype, shape = entry["dtype"], tuple(map(int, entry["shape"]))
    if stop < start or not isinstance(dtype, str) or min(shape, default=0) < 0:
        raise ValueError(f"entry of {name}")
    return Tensor(name, path, dtype, shape, start, stop)


class Chosen(list[Tensor]):
    """The tensors to prune; `remark` says what of the blocks is left out, if that is much."""

    def __init__(self, tensors: Iterable[Tensor], remark: str = "") -> None:
        super().__init__(tensors)
        self.remark = remark


def prunable_tensors(checkpoint: Checkpoint, include: str | None = None) -> Chosen:
    """The tensors to prune, in the order that decides between equal magnitudes.

    Args:
        checkpoint: a folder with config.json is asked for the weights of its model's blocks, as
            `prunable_layers` lists them, and finds them under the names and in the pieces that
            they have on disk; of a bare file every floating-point matrix with a number
            in its dotted name is taken ("layers.3.weight"), numbers in their order.
        include: regular expression; takes the floating-point tensors whose names match it instead.

    Raises:
        InputError: nothing to prune, a bad expression, a dtype that cannot be ranked, or
            quantised weights.
        SourceError: config.json and the files do not belong together.
    """
    if include is None:
        matrices = (name for name, t in checkpoint.tensors.items() if len(t.shape) == 2)
        recomputed.check_names(checkpoint.path, matrices)
        quantised.check_names(checkpoint.path, {n: t.dtype for n, t in checkpoint.tensors.items()})
    if include is None and (checkpoint.path / "config.json").is_file():
        wanted, remark = prunable_names(checkpoint.path, checkpoint.tensors)
        found = Chosen([tensor for entry in wanted for tensor in _find(checkpoint, entry)], remark)
        for tensor in found:
            if tensor.dtype not in _RANKED:
                raise InputError(
                    f"{tensor.name} in {tensor.file} has dtype {tensor.dtype}: save the model in "
                    f"one of {', '.join(_RANKED)} first"
                )
        return _unscaled(checkpoint, found)
    try:
        wanted = re.compile(include or r"(^|\.)\d+\.")
    except re.error as error:
        raise InputError(f"--include {include!r} is no regular expression: {error}") from error
    named = [
        tensor
        for name, tensor in checkpoint.tensors.items()
        if wanted.search(name) and tensor.dtype in _RANKED
    ]
    found = [tensor for tensor in named if include or len(tensor.shape) == 2]
    if not any(tensor.size for tensor in found):
        raise InputError(
            f"no floating-point tensor of {checkpoint.path} is chosen by {wanted.pattern!r}: "
            "name those to prune with --include REGEX"
        )
    chosen = Chosen(sorted(found, key=lambda tensor: _natural(tensor.name)))
    chosen.remark = "" if include else _remark(checkpoint, named)
    return _unscaled(checkpoint, chosen)


def _remark(checkpoint: Checkpoint, named: list[Tensor]) -> str:
    """What has to be said of a bare file's experts: matrices in tensors of three dimensions."""
    deep = [tensor for tensor in named if len(tensor.shape) > 2]
    share = sum(tensor.size for tensor in deep) / sum(tensor.size for tensor in named)
    if share <= WORTH_SAYING:
        return ""
    return (
        f"{checkpoint.path}: {share:.1%} of the weights with a number in their names are not "
        f"pruned, since they are in tensors of more than two dimensions ({len(deep)}, "
        f"{deep[0].name} among them): name a folder with config.json, or them (--include REGEX)."
    )


def _unscaled(checkpoint: Checkpoint, chosen: Chosen) -> Chosen:
    for tensor in chosen:
        scale = scale_of(tensor.name, checkpoint.tensors) if tensor.dtype in NARROW else None
        if scale:
            raise scaled_error(f"{tensor.name} in {tensor.file}", scale)
    return chosen


def _find(checkpoint: Checkpoint, wanted: Wanted) -> list[Tensor]:
    """The tensors that hold a parameter, or the parts of tensors, in the order of its entries."""
    for place in wanted.places:
        found = []
        for name, whole, start, shape in place:
            tensor = checkpoint.tensors.get(name)
            if tensor is None or list(tensor.shape) != list(whole):
                break
            item = (tensor.stop - tensor.start) // max(tensor.size, 1)
            part = tensor._replace(shape=tuple(shape), start=tensor.start + start * item)
            found.append(part._replace(stop=part.start + part.size * item))
        else:
            return found
    raise SourceError(
        f"{checkpoint.path} lacks the weight {wanted.name} that its config.json tells of, or "
        "stores it in another shape or order: prune it in memory (from_pretrained, prune_global, "
        "save_pretrained), or name the tensors to prune yourself (--include REGEX)"
    )


def _natural(name: str) -> list[tuple[int, str]]:
    parts = name.split(".")
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
