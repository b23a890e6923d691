#!/usr/bin/env bash
# Lightning rewinds a lottery ticket to its first weights once, and then no more.
#
# lightning 2.6.6, torch 2.14.1.
#
# Guess before the run: with `use_lottery_ticket_hypothesis`, the default of the callback ModelPruning, the weights
# that stay are set back to their first values after every round of pruning. Its documentation says "the exact
# original parameters will be used".
#
# Seen: that is so after the first round only. The callback hands the storage of its copy of the first weights to the
# model (`dst.data = src.data`) instead of copying the numbers, so training goes on in the copy, and every later
# rewinding sets the weights to what they are anyway: from the second round on it is plain pruning. Where there is one
# round only, at the last epoch, the rewinding works and ends the training with the weights of its start: 0.63 of the
# answers right, and not 0.93. Rewinding was missing altogether before (issue 13643) and came with pull request 21191.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    lightning==2.6.6 torch==2.14.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
largest move from the first weights   epoch 1  epoch 2  epoch 3  epoch 4  right in the end
pruned every epoch, no lottery ticket   0.442    0.702    0.893    1.043              0.94
pruned every epoch, lottery ticket      0.000    0.439    0.701    0.890              0.93
pruned once, no lottery ticket          0.442    0.702    0.892    1.043              0.93
pruned once, lottery ticket             0.442    0.702    0.892    0.000              0.63
SEEN

cd "$folder"
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelPruning
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
features = torch.randn(512, 16, generator=torch.Generator().manual_seed(0))
data = TensorDataset(features, (features[:, 0] > 0).long())


class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(16, 2)

    def training_step(self, batch):
        return nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


class Show(Callback):
    """Collects how far the weights that stay are from the first ones, after the pruning of an epoch."""

    def on_fit_start(self, trainer, model):
        self.first, self.moved = model.layer.weight.detach().clone(), []

    def on_train_epoch_end(self, trainer, model):
        weights = getattr(model.layer, "weight_orig", model.layer.weight)
        kept = getattr(model.layer, "weight_mask", torch.ones_like(weights)).bool()
        self.moved.append((weights - self.first)[kept].abs().max().item())


def every_epoch(epoch):
    return 0.2


def last_epoch(epoch):
    return 0.5 if epoch == 3 else 0


print(f"{'largest move from the first weights':37} epoch 1  epoch 2  epoch 3  epoch 4  right in the end")
for name, options in {
    "pruned every epoch, no lottery ticket": {"amount": every_epoch, "use_lottery_ticket_hypothesis": False},
    "pruned every epoch, lottery ticket": {"amount": every_epoch},
    "pruned once, no lottery ticket": {"amount": last_epoch, "use_lottery_ticket_hypothesis": False},
    "pruned once, lottery ticket": {"amount": last_epoch},
}.items():
    torch.manual_seed(0)
    model, show = Model(), Show()
    pruning = ModelPruning("l1_unstructured", parameter_names=["weight"], **options)
    lightning.Trainer(
        max_epochs=4,
        callbacks=[pruning, show],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(model, DataLoader(data, 32))
    right = (model.layer(features).argmax(1) == data.tensors[1]).float().mean()
    print(f"{name:37}" + "".join(f"{each:8.3f} " for each in show.moved) + f"{right:17.2f}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
