"""What a study computes, checked and completed before anything is loaded."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from labkit.errors import InputError
from labkit.models import sources
from labkit.pruning.masks import METHODS, check_sparsity
from labkit.pruning.prune import LEVELS

TASKS = ("mrpc", "text")
"""What models can be studied at: pairs of sentences, or what a text costs them."""

_AT_LEAST_ONE = ("batch_size", "length", "context", "repeats")


@dataclass(frozen=True)
class Settings:
    """What a study computes.

    `task` holds "mrpc" (classifiers), "text" (language models, as they were published) or both.
    `source`, `data` and `text` as in `load_model`, `load_mrpc` and `load_text` (None: what belongs
    to the source); with a path as source, `models` holds one label, or none for the folder's name.
    `head` is "trained" (fine-tuned), "fresh" (as loaded, drawn from the seed) or "auto", and of
    classifiers alone.  `limit` evaluates on the first rows or documents only.  `context` is that of
    `evaluate_text` (None: its default).  Runtime is that of `repeats` passes over `batch_size` x
    `length` random tokens.
    """

    models: tuple[str, ...] = sources.MODEL_NAMES
    levels: tuple[float, ...] = (0.0, *LEVELS)
    source: str = "mini"
    task: tuple[str, ...] = ("mrpc",)
    data: str | None = None
    text: str | None = None
    split: str | None = None
    head: str = "auto"
    method: str = "global"
    seed: int = 0
    limit: int | None = None
    batch_size: int = 8
    length: int = 64
    context: int | None = None
    repeats: int = 11

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
        for name, least in {**dict.fromkeys(_AT_LEAST_ONE, 1), "seed": 0}.items():
            if (value := getattr(self, name)) is not None and value < least:
                raise InputError(f"{name} is {value}; it must be at least {least}")
        task = self._tasks()
        models, data, text = tuple(dict.fromkeys(self.models)), self.data, self.text
        if self.source in ("mini", "hub", "random"):
            if not models:
                raise InputError(f"name a model: {', '.join(sources.MODEL_NAMES)}")
            for name in models:
                sources.check_name(name)
            default = "hub" if self.source == "hub" else "mini"
            data, text = data or default, text or default
        else:
            if len(models) > 1 and models != sources.MODEL_NAMES:
                raise InputError(
                    f"{', '.join(models)} are {len(models)} labels for one checkpoint folder: give "
                    "one, or none for the folder's name (--models)"
                )
            if len(models) != 1:
                models = (Path(self.source).expanduser().resolve().name,)
            self._check_folder(task)
        values = asdict(self) | {"models": models, "levels": levels, "task": task}
        return Settings(**values | {"data": data, "text": text})

    def _tasks(self) -> tuple[str, ...]:
        """The tasks, each once, in the order of `TASKS`.

        Raises:
            InputError: none, or another one.
        """
        for name in self.task:
            if name not in TASKS:
                raise InputError(f"no task named {name!r}: choose from {', '.join(TASKS)} (--task)")
        if not self.task:
            raise InputError(f"name a task: {', '.join(TASKS)} (--task)")
        if self.head == "fresh" and "mrpc" not in self.task:
            raise InputError(
                "a fresh head is for classifiers: a drawn head says nothing of a text (--as-loaded)"
            )
        return tuple(name for name in TASKS if name in self.task)

    def _check_folder(self, task: tuple[str, ...]) -> None:
        if len(task) > 1:
            raise InputError(
                f"{self.source} is one checkpoint, with the head of one task: choose mrpc or text "
                "(--task)"
            )
        option = {"mrpc": "data", "text": "text"}[task[0]]
        if getattr(self, option) is None:
            raise InputError(
                f"with a checkpoint folder as source, name the corpus too (--{option})"
            )
