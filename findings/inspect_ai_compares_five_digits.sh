#!/usr/bin/env bash
# For Inspect two numbers are the same where their first five digits are.
#
# inspect_ai 0.3.285.
#
# Guess before the run: the scorer `match(numeric=True)`, of which the documentation says that
# numbers are normalised and compared, takes 1,000 and $1000.0 for 1000, and 1001 for a mistake.
#
# Seen: both numbers are rounded to five digits before they are compared. 100001 and 100004 are
# the same, and so are 2000000 and 2000050. A model that is off by one in each sum has no point
# where the sums have up to five digits, 0.87 with six and all with seven, so that the task gets
# easier as the numbers get longer. A year and a price are safe, a sum of seven
# digits or a count of parameters is not. `match()` on text finds all of these mistakes, and
# takes 25 for 5 instead, as it looks at the end of the answer only.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    inspect_ai==0.3.285 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
digits of the sum  answers                     right  numeric   text
                3  the sum                      1.00     1.00   1.00
                3  one too many                 0.00     0.00   0.00
                4  the sum                      1.00     1.00   1.00
                4  one too many                 0.00     0.00   0.00
                5  the sum                      1.00     1.00   1.00
                5  one too many                 0.00     0.00   0.00
                6  the sum                      1.00     1.00   1.00
                6  one too many                 0.00     0.87   0.00
                7  the sum                      1.00     1.00   1.00
                7  one too many                 0.00     1.00   0.00
SEEN

cd "$folder"
export INSPECT_LOG_DIR="$folder/logs"
"$folder/venv/bin/python" - > "$folder/seen" 2> "$folder/log" <<'CODE'
import random

from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import match

random.seed(0)


def score(sums, answers, numeric):
    questions = [f"{a} + {b} =" for a, b in sums]
    said = dict(zip(questions, answers))

    def answer(messages, *rest):
        text = f"The sum is {said[messages[-1].text]}"
        output = ModelOutput.from_content("mockllm/model", text)
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    samples = [Sample(input=q, target=str(a + b)) for q, (a, b) in zip(questions, sums)]
    log = eval(
        Task(dataset=MemoryDataset(samples), scorer=match(numeric=numeric)),
        model=get_model("mockllm/model", custom_outputs=answer, memoize=False),
        display="none",
    )[0]
    return log.results.scores[0].metrics["accuracy"].value


print(f"digits of the sum  {'answers':25}{'right':>8}{'numeric':>9}{'text':>7}")
for digits in (3, 4, 5, 6, 7):
    low = 10 ** (digits - 1)
    sums = [(random.randrange(low), random.randrange(low, 9 * low)) for _ in range(100)]
    for name, off in {"the sum": 0, "one too many": 1}.items():
        answers = [a + b + off for a, b in sums]
        right = sum(a + b == answer for (a, b), answer in zip(sums, answers)) / len(sums)
        print(
            f"{digits:17}  {name:25}{right:8.2f}"
            f"{score(sums, answers, True):9.2f}{score(sums, answers, False):7.2f}"
        )
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
