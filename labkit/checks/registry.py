"""All exercises of the course, in the order of the labs."""

from collections.abc import Mapping
from types import MappingProxyType

from labkit.checks import challenges, criteria, language, mrpc, pruning, size, weights
from labkit.checks.engine.exercise import Exercise, Task
from labkit.checks.engine.libraries import Libraries

_ROOMS = {
    "weights": weights,
    "pruning": pruning,
    "mrpc": mrpc,
    "size": size,
    "challenges": challenges,
    "language": language,
    "criteria": criteria,
}

LABS: Mapping[str, tuple[Task, ...]] = {lab: room.TASKS for lab, room in _ROOMS.items()}

TASKS: Mapping[str, Task] = MappingProxyType(
    {task.id: task for tasks in LABS.values() for task in tasks}
)
"""Everything that earns points, the written questions too."""

REGISTRY: Mapping[str, Exercise] = MappingProxyType(
    {id: task for id, task in TASKS.items() if isinstance(task, Exercise)}
)
"""The exercises in code: those that a check grades."""


def libraries_of(lab: str) -> Libraries:
    """What is imported before a class of the lab is graded; nothing where there is no such lab."""
    return _ROOMS[lab].LIBRARIES if lab in _ROOMS else Libraries()
