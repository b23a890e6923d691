#!/usr/bin/env bash
# A sum of ones in a sparse bfloat16 tensor of torch ends at 256.
#
# torch 2.13.0, on the CPU.
#
# Guess before the run: a product or a sum of a sparse tensor in bfloat16 or float16 is as good as
# that of the dense tensor: the sum is kept in float32 and rounded once at the end, so that the
# error is that of one rounding, 0.2 % in bfloat16.
#
# Seen: the dense ones are so, and so is `sum()` of all. Products with a sparse COO matrix, sums
# along a dimension and `coalesce` keep the sum in the type of the weights and round it at each
# step. 256 + 1 is 256 in bfloat16, and so 3000 ones are 256; in float16 the end is 2048. A layer
# of 4096 inputs at half of its weights is off by 5 %, where the dense layer is by 0.2 %; where
# the products are all positive, it has lost 39 % of the output. Nothing is said. Turned into
# float32 the same sparse weights give the right product.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
3000 ones                        float32  bfloat16   float16
dense, all                          3000      3008      3000
dense, along a dimension            3000      3008      3000
dense, product                      3000      3008      3000
sparse, all                         3000      3008      3000
sparse, along a dimension           3000       256      2048
sparse, product                     3000       256      2048
sparse, entries at one place        3000       256      2048

error of a layer, half pruned     inputs  dense  sparse
bfloat16  weights                    512    0 %     2 %
bfloat16  positive weights           512    0 %     3 %
float16   weights                    512    0 %     0 %
float16   positive weights           512    0 %     0 %
bfloat16  weights                   4096    0 %     5 %
bfloat16  positive weights          4096    0 %    39 %
float16   weights                   4096    0 %     1 %
float16   positive weights          4096    0 %     3 %
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" <<'CODE'
import torch

torch.set_num_threads(1)
TYPES = (torch.float32, torch.bfloat16, torch.float16)
print("3000 ones                     ", *(f"{str(each)[6:]:>9}" for each in TYPES))
sums = {
    "dense, all": lambda ones: ones.sum(),
    "dense, along a dimension": lambda ones: ones.sum(1),
    "dense, product": lambda ones: ones @ torch.ones_like(ones).T,
    "sparse, all": lambda ones: ones.to_sparse().sum(),
    "sparse, along a dimension": lambda ones: ones.to_sparse().sum(1).to_dense(),
    "sparse, product": lambda ones: ones.to_sparse() @ torch.ones_like(ones).T,
    "sparse, entries at one place": lambda ones: (
        torch.sparse_coo_tensor(torch.zeros_like(ones, dtype=torch.long), ones[0], (1,)).to_dense()
    ),
}
for name, add in sums.items():
    values = (f"{add(torch.ones(1, 3000, dtype=each)).item():9.0f}" for each in TYPES)
    print(f"{name:30}", *values)


def error(weights, inputs, kind, multiply):
    weights, inputs = weights.to(kind), inputs.to(kind)
    right = weights.double() @ inputs.double()
    return ((multiply(weights, inputs).double() - right).norm() / right.norm()).item()


print()
print("error of a layer, half pruned     inputs  dense  sparse")
torch.manual_seed(0)
for size in (512, 4096):
    weights = torch.randn(64, size) * (torch.rand(64, size) < 0.5) / size**0.5
    inputs = torch.rand(size, 16)
    for kind in TYPES[1:]:
        for name, numbers in (("weights", weights), ("positive weights", weights.abs())):
            dense = error(numbers, inputs, kind, torch.matmul)
            sparse = error(numbers, inputs, kind, lambda a, b: a.to_sparse() @ b)
            print(f"{str(kind)[6:]:10}{name:20}{size:10}{100 * dense:5.0f} %{100 * sparse:6.0f} %")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
