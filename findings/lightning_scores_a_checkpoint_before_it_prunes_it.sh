#!/usr/bin/env bash
# Lightning chooses the best pruned checkpoint by scores of models that it did not save.
#
# lightning 2.6.6, torch 2.14.1.
#
# Guess before the run: with the callbacks ModelPruning and ModelCheckpoint, the score by which a checkpoint is chosen
# and after which it can be named is that of the weights in it, so `trainer.validate` of the file gives it again.
#
# Seen: ModelPruning prunes after the validation and ModelCheckpoint saves after that, so each file holds the weights
# after a pruning and the score from before. The file called best was saved with a score of 0.809 and is right on 0.750,
# less than another one. `prune_on_train_epoch_end=False`, of which the documentation says that "the check runs at the
# end of the validation epoch" then, changes nothing: the score comes first there, too. `use_lottery_ticket_hypothesis`
# is off here; on, as it comes, the weights in the files are another step away from those that were scored.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    lightning==2.6.6 torch==2.14.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
as it comes
         zeros in it    its score    validated
epoch 1         0.50        0.749        0.782
epoch 2         0.75        0.809        0.750  the best
epoch 3         0.88        0.757        0.695
epoch 4         0.97        0.690        0.604
prune_on_train_epoch_end=False
         zeros in it    its score    validated
epoch 1         0.50        0.749        0.782
epoch 2         0.75        0.809        0.750  the best
epoch 3         0.88        0.757        0.695
epoch 4         0.97        0.690        0.604
SEEN

cd "$folder"
"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import tempfile

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, ModelPruning
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.set_num_threads(1)
features = torch.randn(2048, 32, generator=torch.Generator().manual_seed(0))
data = TensorDataset(features, (features.sum(dim=1) > 0).long())


class Model(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(32, 2)

    def training_step(self, batch):
        return nn.functional.cross_entropy(self.layer(batch[0]), batch[1])

    def validation_step(self, batch):
        self.log("right", (self.layer(batch[0]).argmax(1) == batch[1]).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def make_trainer(**options):
    return lightning.Trainer(
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **options,
    )


def run(**options):
    torch.manual_seed(0)
    checkpoints = ModelCheckpoint(
        dirpath=tempfile.mkdtemp(dir="."), filename="{epoch}", monitor="right", mode="max", save_top_k=-1
    )
    pruning = ModelPruning(
        "l1_unstructured",
        parameter_names=["weight"],
        use_lottery_ticket_hypothesis=False,
        **options,
    )
    loader = DataLoader(data, 256)
    make_trainer(max_epochs=4, callbacks=[pruning, checkpoints]).fit(Model(), loader, loader)
    for path, score in checkpoints.best_k_models.items():
        saved = torch.load(path)
        again = make_trainer().validate(Model(), loader, ckpt_path=path, verbose=False)[0]["right"]
        zeros = (saved["state_dict"]["layer.weight"] == 0).float().mean()
        best = "the best" if path == checkpoints.best_model_path else ""
        print(f"epoch {saved['epoch'] + 1}{zeros:13.2f}{score:13.3f}{again:13.3f}  {best}".rstrip())


def amount(epoch):
    return 0.5 if epoch < 3 else 0.8


for options in ({}, {"prune_on_train_epoch_end": False}):
    print(", ".join(f"{name}={value}" for name, value in options.items()) or "as it comes")
    print(f"{'':7}{'zeros in it':>13}{'its score':>13}{'validated':>13}")
    run(amount=amount, **options)
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
