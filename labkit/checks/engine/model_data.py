"""What is left of a model, and of what is no data, once only data may pass."""

from dataclasses import dataclass, field
from typing import Any

HELD = "the gradient of "
"""How the mark begins that says whether a parameter has a gradient other than 0."""


@dataclass(frozen=True, eq=False)
class ModelData:
    """A torch module as data: its type, parameters and buffers by name, and plain attributes.

    `marks` holds by text what else a function may leave changed in it: modules in training mode or
    with hooks, and parameters that require or hold gradients.
    """

    kind: str
    parameters: dict[str, Any]
    buffers: dict[str, Any]
    state: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, Any] = field(default_factory=dict)

    @property
    def contents(self) -> dict[str, Any]:
        """Parameters and buffers by name, tied ones under each of their names."""
        return self.parameters | self.buffers

    def named_parameters(self, remove_duplicate: bool = True) -> list[tuple[str, Any]]:
        """As `torch.nn.Module.named_parameters`."""
        return _once(self.parameters) if remove_duplicate else list(self.parameters.items())

    def named_buffers(self, remove_duplicate: bool = True) -> list[tuple[str, Any]]:
        """As `torch.nn.Module.named_buffers`."""
        return _once(self.buffers) if remove_duplicate else list(self.buffers.items())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self.__dict__.get("state", {}):
            raise AttributeError(name)
        return self.state[name]


def _once(tensors: dict[str, Any]) -> list[tuple[str, Any]]:
    first = {id(tensor): name for name, tensor in reversed(tensors.items())}
    return [(name, tensor) for name, tensor in tensors.items() if first[id(tensor)] == name]


def same_kind(value: Any, other: Any) -> bool:
    """Whether two values have one type, also where models have become data."""
    if isinstance(value, ModelData) and isinstance(other, ModelData):
        return value.kind == other.kind
    return type(value) is type(other)


@dataclass(frozen=True)
class Other:
    """Something that is no data; only the name of its type is known."""

    kind: str


def type_name(value: Any) -> str:
    """Name of a value's type, also where only data is left of it."""
    return value.kind.rpartition(".")[2] if isinstance(value, Other) else type(value).__name__


def model_data(model: Any) -> ModelData:
    """A torch module as data; tied parameters stand under each of their names."""
    return ModelData(
        kind_of(model),
        dict(model.named_parameters(remove_duplicate=False)),
        dict(model.named_buffers(remove_duplicate=False)),
        marks=_marks(model),
    )


def _marks(model: Any) -> dict[str, Any]:
    """The state of a module beside its tensors, in the words in which a check names it."""
    marks: dict[str, Any] = {}
    for path, module in model.named_modules():
        where = f" of {path}" if path else ""
        marks[f"training{where}"] = module.training
        tables = (table for name, table in vars(module).items() if name.endswith("_hooks"))
        marks[f"hooks{where}"] = sum(len(table) for table in tables if isinstance(table, dict))
    for name, parameter in model.named_parameters(remove_duplicate=False):
        marks[f"requires_grad of {name}"] = parameter.requires_grad
        marks[f"hooks of {name}"] = len(parameter._backward_hooks or ())
        marks[f"{HELD}{name}"] = parameter.grad is not None and bool(parameter.grad.any())
    return marks


def kind_of(value: Any) -> str:
    """Module and name of a value's class."""
    return f"{type(value).__module__}.{type(value).__qualname__}"
