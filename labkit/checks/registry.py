"""All exercises of the course, in the order of the labs."""

from collections.abc import Mapping
from types import MappingProxyType

from labkit.checks import challenges, criteria, language, mrpc, pruning, size, weights
from labkit.checks.engine.exercise import Exercise, Task

LABS = {
    "weights": weights.TASKS,
    "pruning": pruning.TASKS,
    "mrpc": mrpc.TASKS,
    "size": size.TASKS,
    "challenges": challenges.TASKS,
    "language": language.TASKS,
    "criteria": criteria.TASKS,
}

TASKS: Mapping[str, Task] = MappingProxyType(
    {task.id: task for tasks in LABS.values() for task in tasks}
)
"""Everything that earns points, the written questions too."""

REGISTRY: Mapping[str, Exercise] = MappingProxyType(
    {id: task for id, task in TASKS.items() if isinstance(task, Exercise)}
)
"""The exercises in code: those that a check grades."""
