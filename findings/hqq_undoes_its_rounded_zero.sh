#!/usr/bin/env bash
# HQQ rounds the zero point to keep zeros, and then moves it away again.
#
# hqq 0.2.8.post1, torch 2.13.0.
#
# Guess before the run: with `round_zero=True`, which BaseQuantizeConfig sets for 4 bits, the code
# that stands for 0 is a whole number, so that each zero of a pruned matrix comes back as zero.
#
# Seen: not one zero of a matrix at 50 % comes back, no more than with `round_zero=False`. The
# zero point is rounded first and then optimised, on by default, as a number with a fraction that
# is not rounded again. At 99 % the zeros that are left are those of groups with nothing else in
# them. With `optimize=False` the option does what it says: all zeros stay, and the error is the
# same to two digits, as the many zeros have none.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    hqq==0.2.8.post1 torch==2.13.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
8 bits: round_zero=False is what BaseQuantizeConfig sets
4 bits: round_zero=True is what BaseQuantizeConfig sets
2 bits: round_zero=False is what BaseQuantizeConfig sets

bits  zeros  round_zero  optimize  zeros after  error
   4   50 %  False       True              0 %   0.07
   4   50 %  False       False             0 %   0.09
   4   50 %  True        True              0 %   0.07
   4   50 %  True        False            50 %   0.07
   4   99 %  False       True             78 %   0.02
   4   99 %  False       False            84 %   0.11
   4   99 %  True        True             78 %   0.02
   4   99 %  True        False            99 %   0.02
   2   50 %  False       True              0 %   0.38
   2   50 %  False       False             0 %   0.52
   2   50 %  True        True              0 %   0.38
   2   50 %  True        False            56 %   0.38
   2   99 %  False       True             78 %   0.16
   2   99 %  False       False            84 %   0.80
   2   99 %  True        True             78 %   0.16
   2   99 %  True        False            99 %   0.16
SEEN

"$folder/venv/bin/python" -W ignore - > "$folder/seen" 2> "$folder/log" <<'CODE'
import torch
from hqq.core.quantize import BaseQuantizeConfig, Quantizer

torch.set_num_threads(1)
torch.manual_seed(0)
dense = torch.randn(256, 256)
for bits in (8, 4, 2):
    chosen = BaseQuantizeConfig(nbits=bits, group_size=64)["weight_quant_params"]["round_zero"]
    print(f"{bits} bits: round_zero={chosen} is what BaseQuantizeConfig sets")
print()
print("bits  zeros  round_zero  optimize  zeros after  error")
for bits in (4, 2):
    for share in (0.5, 0.99):
        pruned = dense * (dense.abs() > dense.abs().quantile(share))
        for round_zero in (False, True):
            for optimize in (True, False):
                codes, meta = Quantizer.quantize(
                    pruned,
                    nbits=bits,
                    group_size=64,
                    round_zero=round_zero,
                    optimize=optimize,
                    device="cpu",
                    compute_dtype=torch.float32,
                )
                found = Quantizer.dequantize(codes, meta).float()
                zeros = 100 * (found == 0).float().mean()
                error = (found - pruned).norm() / pruned.norm()
                print(
                    f"{bits:4}{100 * share:5.0f} %  {round_zero!s:12}{optimize!s:10}"
                    f"{zeros:9.0f} %{error:7.2f}"
                )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
