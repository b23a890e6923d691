"""Small models that `pruning.apply` draws, and masks for some of their weights."""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.mask_cases import Masks
from labkit.checks.engine.small_models import gpt2
from labkit.checks.pruning.draws import Draws, as_tensor, consecutive

if TYPE_CHECKING:
    from torch import Tensor, nn


class Models:
    """Models with weights that are no zeros, and masks for some of them."""

    def __init__(self, draw: Random) -> None:
        self.draws = Draws(draw)

    def filled(self, model: "nn.Module") -> "nn.Module":
        """The model with distinct weights that no narrower type than float32 holds."""
        for parameter in model.parameters():
            values = as_tensor(self.draws.distinct(parameter.numel()), tuple(parameter.shape))
            parameter.data.copy_(consecutive(values))
        return model

    def mask(self, *shape: int) -> "Tensor":
        """About half of it True; both values occur."""
        import torch

        count = torch.Size(shape).numel()
        kept = [True, False] + [self.draws.random.random() < 0.5 for _ in range(count - 2)]
        self.draws.random.shuffle(kept)
        return torch.tensor(kept[:count], dtype=torch.bool).reshape(shape)

    def masks(self, model: "nn.Module", *names: str) -> Masks:
        """Masks of the weights of these names."""
        parameters = dict(model.named_parameters())
        return {name: self.mask(*parameters[name].shape) for name in names}

    def small(self) -> "nn.Module":
        """Two linear layers with a LayerNorm between them."""
        from torch import nn

        return self.filled(nn.Sequential(nn.Linear(4, 3), nn.LayerNorm(3), nn.Linear(3, 5)))

    def tied(self) -> "nn.Module":
        """A head that is tied to the embeddings."""
        from torch import nn

        model = nn.ModuleDict(
            {"words": nn.Embedding(6, 4), "mlp": nn.Linear(4, 4), "head": nn.Linear(4, 6)}
        )
        model["head"].weight = model["words"].weight
        return self.filled(model)

    def twice(self) -> "nn.Module":
        """One module under two names."""
        from torch import nn

        small = self.small()
        return nn.ModuleList([small, nn.Linear(2, 2), small])

    def gpt2(self) -> "nn.Module":
        """GPT-2 with one block; its head is tied to the embeddings."""
        from transformers import GPT2LMHeadModel

        return self.filled(GPT2LMHeadModel(gpt2(1)))

    def with_buffers(self) -> "nn.Module":
        """A batch norm between two linear layers."""
        from torch import nn

        return self.filled(nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2)))

    def with_empty(self) -> "nn.Module":
        """The first layer has no inputs, and so no weights."""
        from torch import nn

        model = nn.Sequential(nn.Linear(0, 3), self.filled(nn.Linear(3, 2)))
        model[0].bias.data.fill_(0.5)
        return model

    def frozen(self) -> "nn.Module":
        """As `small`, its first layer without gradients."""
        model = self.small()
        model[0].requires_grad_(False)
        return model

    def trained(self) -> "nn.Module":
        """Two linear layers whose parameters have gradients, as after a step of training."""
        from torch import nn

        from labkit.checks.lent.trained import TrainedLayers

        model = self.filled(TrainedLayers(nn.Linear(4, 3), nn.Linear(3, 5)))
        model.with_gradients()
        return model

    def double(self) -> "nn.Module":
        """As `small`, with float64 weights that no narrower type holds."""
        import torch

        model = self.small().double()
        for parameter in model.parameters():
            parameter.data.mul_(1 + 2.0**-40)
        return model.to(torch.float64)

    def modes(self) -> "nn.Module":
        """As `small`, one layer in evaluation mode."""
        model = self.small()
        model[1].eval()
        return model

    def of_any_kind(self) -> "nn.Module":
        """Parameters of other names, shapes and strides, and two that are equal."""
        import torch
        from torch import nn

        extra = nn.ParameterDict({"scale": torch.ones(()), "table": torch.ones(3, 5).t()})
        twins = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        model = self.filled(nn.ModuleDict({"extra": extra, "twins": twins}))
        twins[1].load_state_dict(twins[0].state_dict())
        return model

    def odd(self) -> tuple["nn.Module", Masks]:
        """As `small`, with NaN, inf and -0.0 where the masks are False, and where they are True."""
        import torch

        model = self.small()
        masks = self.masks(model, "0.weight", "2.weight")
        for name, mask in masks.items():
            weight = model.get_parameter(name).data
            for where in ((~mask).nonzero().tolist(), mask.nonzero().tolist()):
                values = [float("nan"), float("inf"), -0.0, -float("inf")]
                for at, value in zip(where, values, strict=False):
                    weight[tuple(at)] = value
            # One of each for certain, whatever the draw.
            mask.view(-1)[:3] = torch.tensor([False, False, True])
            weight.view(-1)[:3] = torch.tensor([float("nan"), -1.5, float("nan")])
        return model, masks
