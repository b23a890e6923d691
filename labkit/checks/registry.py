"""All exercises of the course, in the order of the labs."""

from collections.abc import Mapping
from types import MappingProxyType

from labkit.checks import pruning, weights
from labkit.checks.exercise import Exercise

REGISTRY: Mapping[str, Exercise] = MappingProxyType(
    {exercise.id: exercise for exercise in (*weights.EXERCISES, *pruning.EXERCISES)}
)
