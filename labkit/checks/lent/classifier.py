"""A classifier of a few weights that keeps a record of how it was called."""

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import SequenceClassifierOutput

from labkit.checks.lent.trained import Trained


class TinyClassifier(Trained):
    """Two logits from the mean of the embeddings of a row, over the entries that the mask keeps.

    `calls` holds for each call whether dropout was active and whether what came out carries a
    history for gradients.  Without a mask every entry counts, as in the models of transformers.
    Its parameters have gradients from before.
    """

    def __init__(self, tokens: int, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.words = nn.Embedding(tokens, hidden)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(hidden, 2)
        self.calls: list[tuple[bool, bool]] = []
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        self.with_gradients()

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor | None = None
    ) -> SequenceClassifierOutput:
        """Logits of shape (rows, 2) for int64 `input_ids` of shape (rows, tokens)."""
        mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
        share = mask / mask.sum(1, keepdim=True)
        pooled = (self.words(input_ids) * share[..., None]).sum(1)
        logits = self.head(self.dropout(pooled))
        self.calls.append((self.dropout.training, logits.requires_grad))
        return SequenceClassifierOutput(logits=logits)
