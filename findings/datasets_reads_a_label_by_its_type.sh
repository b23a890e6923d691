#!/usr/bin/env bash
# The same labels -1, 0 and 1 mean other classes from JSON than from CSV in datasets.
#
# datasets 5.2.0, pandas 2.3.3, pyarrow 26.0.1.
#
# Guess before the run: with `ClassLabel(names=["-1", "0", "1"])` a review that is marked -1 is of the class named
# "-1", whichever file it comes from, or the numbers are refused since the names are texts.
#
# Seen: texts are looked up among the names, whole numbers are taken for positions in the list. `load_dataset` of CSV
# looks the labels up, of JSON and Parquet it counts: 0 becomes "-1", 1 becomes "0", and -1 becomes "no label". The
# same CSV file read first and `cast` then is counted, too. Nothing warns. The documentation of ClassLabel says that
# labels are stored as integers and that -1 stands for a missing one, but not whether a number in a file is a name or
# a position (pull request 3340 made it a position for JSON).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    datasets==5.2.0 pandas==2.3.3 pyarrow==26.0.1 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
written as                            -1     0     1
numbers.csv                           -1     0     1
texts.jsonl                           -1     0     1
numbers.jsonl                       none    -1     0
numbers.parquet                     none    -1     0
numbers.csv, then cast              none    -1     0
numbers.csv, class_encode_column      -1     0     1
Dataset.from_pandas                 none    -1     0
Dataset.from_dict                   none    -1     0
SEEN

cd "$folder"
export HF_HOME="$folder/cache" HF_HUB_OFFLINE=1
"$folder/venv/bin/python" -W error - > "$folder/seen" <<'CODE'
import datasets
import pandas as pd
from datasets import ClassLabel, Dataset, Features, Value, load_dataset

datasets.disable_progress_bars()
features = Features({"text": Value("string"), "label": ClassLabel(names=["-1", "0", "1"])})
table = pd.DataFrame({"text": ["I left early.", "Nothing new.", "Go and see it."], "label": [-1, 0, 1]})
table.to_csv("numbers.csv", index=False)
table.to_parquet("numbers.parquet", index=False)
table.to_json("numbers.jsonl", orient="records", lines=True)
table.astype({"label": str}).to_json("texts.jsonl", orient="records", lines=True)


def load(file, **options):
    reader = {"csv": "csv", "parquet": "parquet", "jsonl": "json"}[file.split(".")[1]]
    return load_dataset(reader, data_files=file, split="train", **options)


def show(name, data):
    label = data.features["label"]
    words = [label.int2str(number) if number >= 0 else "none" for number in data["label"]]
    print(f"{name:34}" + "".join(f"{word:>6}" for word in words))


print(f"{'written as':34}" + "".join(f"{number:6}" for number in table["label"]))
for file in ("numbers.csv", "texts.jsonl", "numbers.jsonl", "numbers.parquet"):
    show(file, load(file, features=features))
show("numbers.csv, then cast", load("numbers.csv").cast(features))
show("numbers.csv, class_encode_column", load("numbers.csv").class_encode_column("label"))
show("Dataset.from_pandas", Dataset.from_pandas(table, features=features))
show("Dataset.from_dict", Dataset.from_dict(table.to_dict("list"), features=features))
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
