#!/usr/bin/env bash
# The pruning frequency of torch's cubic schedule changes nothing about how often it prunes.
#
# torch 2.14.1, torch.ao.pruning.
#
# Guess before the run: `CubicSL(sparsifier, delta_t=10, total_t=5)`, where delta_t is the "pruning
# frequency", which "is used to control how often the update of the sparsity level happens", and
# total_t the "total number of pruning steps", prunes five times, with ten steps of training from
# one time to the next to get over it, as in the paper that it names.
#
# Seen: the two numbers are only multiplied. The sparsity grows at each call of `step` and is at
# its end after 50 calls, just as with delta_t=1 and total_t=50, or 50 and 1. The weights chosen
# are the same, step by step. Whoever counts total_t in steps of training, with delta_t as it
# comes, ends with a tenth of the schedule: after 100 steps of total_t=100 the sparsity is 0.22 for
# 0.8. The steps in between come from calling the scheduler's `step` every tenth time only, with
# delta_t=1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
sparsity after step                    1     5     9    10    11    20    30    40    50   100  cuts
delta_t=10, total_t=5               0.05  0.22  0.36  0.39  0.42  0.63  0.75  0.79  0.80  0.80    48
delta_t=1, total_t=50               0.05  0.22  0.36  0.39  0.42  0.63  0.75  0.79  0.80  0.80    48
delta_t=50, total_t=1               0.05  0.22  0.36  0.39  0.42  0.63  0.75  0.79  0.80  0.80    48
total_t=100                         0.00  0.01  0.02  0.02  0.03  0.05  0.07  0.09  0.11  0.22   100
delta_t=1, total_t=5, every 10th    0.00  0.00  0.00  0.39  0.39  0.63  0.75  0.79  0.80  0.80     5
five cuts, as documented            0.00  0.00  0.00  0.39  0.39  0.63  0.75  0.79  0.80  0.80     5

the first three have the same masks at each step: yes
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from torch import nn
from torch.ao.pruning import CubicSL, WeightNormSparsifier

torch.set_num_threads(1)
LEVEL, SHOWN = 0.8, (1, 5, 9, 10, 11, 20, 30, 40, 50, 100)


def train(every=1, **schedule):
    """Masks after each of 100 steps, of a layer that learns nothing in them."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 64, bias=False))
    sparsifier = WeightNormSparsifier(sparsity_level=LEVEL, sparse_block_shape=(1, 1))
    sparsifier.prepare(model, [{"tensor_fqn": "0.weight"}])
    scheduler = CubicSL(sparsifier, **schedule)
    masks = []
    for step in range(1, 101):
        sparsifier.step()
        if step % every == 0:
            scheduler.step()
            sparsifier.step()
        masks.append(model[0].parametrizations.weight[0].mask.clone())
    return masks


def show(name, levels):
    cuts = sum(before < after for before, after in zip([0.0, *levels], levels))
    print(f"{name:34}{''.join(f'{levels[step - 1]:6.2f}' for step in SHOWN)}{cuts:6}")


print(f"{'sparsity after step':34}{''.join(f'{step:6}' for step in SHOWN)}  cuts")
runs = {}
for name, options in {
    "delta_t=10, total_t=5": {"delta_t": 10, "total_t": 5},
    "delta_t=1, total_t=50": {"delta_t": 1, "total_t": 50},
    "delta_t=50, total_t=1": {"delta_t": 50, "total_t": 1},
    "total_t=100": {"total_t": 100},
    "delta_t=1, total_t=5, every 10th": {"delta_t": 1, "total_t": 5, "every": 10},
}.items():
    runs[name] = train(**options)
    show(name, [(mask == 0).float().mean().item() for mask in runs[name]])
cuts = [min(step // 10, 5) for step in range(1, 101)]
show("five cuts, as documented", [LEVEL - LEVEL * (1 - cut / 5) ** 3 for cut in cuts])
first, *others = list(runs.values())[:3]
same = all(torch.equal(a, b) for other in others for a, b in zip(first, other))
print(f"\nthe first three have the same masks at each step: {'yes' if same else 'no'}")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
