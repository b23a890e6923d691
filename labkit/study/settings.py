"""What a study computes, checked and completed before anything is loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from labkit.errors import InputError
from labkit.models import sources
from labkit.pruning.masks import METHODS, check_sparsity
from labkit.pruning.prune import LEVELS


@dataclass(frozen=True)
class Settings:
    """What a study computes.

    `source` and `data` as in `load_model` and `load_mrpc` (`data=None`: what belongs to the
    source); with a path as source, `models` holds one label, or none for the folder's name.
    `head` is "trained" (fine-tuned), "fresh" (as loaded, drawn from the seed) or "auto".
    `limit` evaluates on the first rows only.  Runtime is measured at `batch_size` x `length`
    random tokens.
    """

    models: tuple[str, ...] = sources.MODEL_NAMES
    levels: tuple[float, ...] = (0.0, *LEVELS)
    source: str = "mini"
    data: str | None = None
    split: str | None = None
    head: str = "auto"
    method: str = "global"
    seed: int = 0
    limit: int | None = None
    batch_size: int = 8
    length: int = 64

    def checked(self) -> Settings:
        """The same settings, completed: each level once and sorted, data and label filled in.

        Raises:
            InputError: a value that no study can be made of; names it and the choices.
        """
        if not self.levels:
            raise InputError("a study needs at least one level of sparsity (--levels)")
        levels = tuple(sorted({check_sparsity(level) for level in self.levels}))
        if self.method not in METHODS:
            raise InputError(f"no method {self.method!r}: choose from {', '.join(METHODS)}")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"limit is {self.limit}; evaluate on at least one row")
        for name, least in (("seed", 0), ("batch_size", 1), ("length", 1)):
            if (value := getattr(self, name)) < least:
                raise InputError(f"{name} is {value}; it must be at least {least}")
        models, data = tuple(dict.fromkeys(self.models)), self.data
        if self.source in ("mini", "hub", "random"):
            if not models:
                raise InputError(f"name a model: {', '.join(sources.MODEL_NAMES)}")
            for name in models:
                sources.check_name(name)
            data = data or ("hub" if self.source == "hub" else "mini")
        else:
            if len(models) > 1 and models != sources.MODEL_NAMES:
                raise InputError(
                    f"{', '.join(models)} are {len(models)} labels for one checkpoint folder: give "
                    "one, or none for the folder's name (--models)"
                )
            if len(models) != 1:
                models = (Path(self.source).expanduser().resolve().name,)
            if data is None:
                raise InputError("with a checkpoint folder as source, name the corpus too (--data)")
        values = asdict(self) | {"models": models, "levels": levels, "data": data}
        return Settings(**values)
