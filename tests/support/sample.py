"""A class of twelve for trying out: `python tests/support/sample.py FOLDER`.

Writes `FOLDER/submitted/STUDENT/pruning/pruning.ipynb` and `timestamp.txt`, as nbgrader's collect
leaves them, and `FOLDER/students.csv` for `nbgrader db student import`.  The answers are those that
the checks were tried on (`tests/labs/variants`); the people are invented.
"""

from __future__ import annotations

import ast
import csv
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from places import ROOT

LAB = "pruning"
SEED = "sample class"
DUE = "2027-03-01 20:00:00 UTC"

EXERCISES = (
    "magnitude_mask",
    "global_threshold",
    "apply",
    "achieved",
    "sweep",
    "cubic",
    "layerwise",
)
OUT_OF = (6, 6, 6, 5, 6, 4, 5)

BLANK, SOLUTION = "blank", "solution"
RAISES_AT_ONCE = (
    "weight = no_such_name\n\n\ndef magnitude_mask(weight, sparsity):\n    return weight\n"
)
RAISES = "def global_masks(weights, sparsity):\n    return 1 / 0\n"
ENDLESS = "def magnitude_mask(weight, sparsity):\n    while True:\n        pass\n"


@dataclass(frozen=True)
class Person:
    """Someone in the class: who, what is special, and answers and points in the lab's order.

    An answer is `BLANK`, `SOLUTION`, the name of a variant, or code.
    """

    name: str
    email: str
    special: str
    answers: tuple[str, ...]
    points: tuple[float, ...]
    submitted: str = "2027-02-27 16:20:00 UTC"

    @property
    def student(self) -> str:
        return self.email.partition("@")[0]

    @property
    def late(self) -> bool:
        return self.submitted > DUE


_PAIR = (
    "wrong_threshold_keeps_ties",
    "right_threshold",
    "wrong_new_parameters",
    "right_vectors",
    "wrong_cached",
    "wrong_linear",
    "wrong_threshold",
)
_PAIR_POINTS = (5, 6, 5, 5, 5.1429, 0.8, 3.3333)
_NOTHING = (0, 0, 0, 0, 0, 0, 0)

CLASS = (
    Person("Amara Osei", "amara@example.org", "all right", (SOLUTION,) * 7, OUT_OF),
    Person(
        "Benedikt Lang",
        "benedikt@example.org",
        "all right, two days late",
        (
            "right_numpy",
            "right_numpy",
            "right_numpy_index",
            "right_vectors",
            "right_numpy",
            "right_numpy",
            "right_numpy",
        ),
        OUT_OF,
        submitted="2027-03-03 09:15:00 UTC",
    ),
    Person(
        "Chiara Conti",
        "chiara@example.org",
        "all right, in an unusual style",
        (
            "right_loop",
            "right_sorted_triples",
            "right_state",
            "right_running_totals",
            "right_triples",
            "right_expanded",
            "right_triples",
        ),
        OUT_OF,
    ),
    Person(
        "Dmitri Volkov",
        "dmitri@example.org",
        "half of it right, the rest left open",
        ("right_kthvalue", BLANK, "right_where", BLANK, "right_one_row", BLANK, "right_counts"),
        (6, 0, 6, 0, 6, 0, 5),
    ),
    Person("Esi Mensah", "esi@example.org", "handed in as it was", (BLANK,) * 7, _NOTHING),
    Person(
        "Farid Haddad",
        "farid@example.org",
        "all wrong",
        (
            "wrong_swapped",
            "wrong_swapped",
            "wrong_swapped",
            "wrong_density",
            "wrong_compounds",
            "wrong_swapped",
            "wrong_kept",
        ),
        _NOTHING,
    ),
    Person(
        "Grete Holm",
        "grete@example.org",
        "nearly right, with misconceptions",
        (
            "wrong_int",
            "wrong_int",
            "wrong_multiplies",
            "wrong_division",
            "wrong_int",
            "wrong_late",
            "wrong_int_alone",
        ),
        (4, 4, 5, 3, 4.2857, 3.2, 1.6667),
    ),
    Person(
        "Hiro Tanaka",
        "hiro@example.org",
        "one cell and one function raise",
        (RAISES_AT_ONCE, RAISES, "right_where", "wrong_state", BLANK, "right_expanded", BLANK),
        (0, 0, 6, 4, 0, 4, 0),
    ),
    Person(
        "Ingrid Dahl",
        "ingrid@example.org",
        "an endless loop",
        (
            ENDLESS,
            "right_threshold",
            "right_numpy_index",
            "wrong_tied",
            "wrong_threshold",
            SOLUTION,
            "right_counts",
        ),
        (0, 6, 6, 4, 4.2857, 4, 5),
    ),
    Person("Jonas Weber", "jonas@example.org", "a file cut off in the middle", (), _NOTHING),
    Person("Kemal Aydin", "kemal@example.org", "alike, the first", _PAIR, _PAIR_POINTS),
    Person("Lucia Marin", "lucia@example.org", "alike, the second", _PAIR, _PAIR_POINTS),
)
_RENAMED = {
    "mask": "keep",
    "masks": "kept",
    "level": "goal",
    "results": "out",
    "part": "piece",
    "name": "key",
    "order": "ranking",
    "threshold": "limit",
}


def notebook(person: Person) -> bytes:
    """The file that this person hands in."""
    release = json.loads((ROOT / f"exercises/{LAB}/{LAB}.ipynb").read_text(encoding="utf-8"))
    if not person.answers:
        return json.dumps(release).encode()[:20_000]
    cells = {cell["id"]: cell for cell in release["cells"]}
    for exercise, answer in zip(EXERCISES, person.answers, strict=True):
        if answer != BLANK:
            text = _code(exercise, answer)
            if person.special == "alike, the second":
                text = _in_other_words(text)
            cells[f"{LAB}-{exercise}-answer"]["source"] = text
    return json.dumps(release, indent=1, ensure_ascii=False).encode()


def write_class(folder: Path | str, people: tuple[Person, ...] = CLASS) -> None:
    """Write the submissions and the list of students below `folder`."""
    folder = Path(folder)
    for person in people:
        path = folder / "submitted" / person.student / LAB
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{LAB}.ipynb").write_bytes(notebook(person))
        (path / "timestamp.txt").write_text(person.submitted, encoding="utf-8")
    with (folder / "students.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "first_name", "last_name", "email"])
        rows.writerows([p.student, *p.name.split(maxsplit=1), p.email] for p in people)


def _code(exercise: str, answer: str) -> str:
    if answer == SOLUTION:
        text = (ROOT / f"solutions/{LAB}/{LAB}.ipynb").read_text(encoding="utf-8")
        wanted = f"{LAB}-{exercise}-answer"
        source = next(c["source"] for c in json.loads(text)["cells"] if c["id"] == wanted)
        return re.sub(r"\n *### (BEGIN|END) SOLUTION", "", "".join(source))
    path = ROOT / f"tests/labs/variants/{LAB}.{exercise}/{answer}.py"
    if "\n" in answer:
        return answer
    text = path.read_text(encoding="utf-8")
    # What says of the answer that it is one of the tests.
    first = next(
        node
        for node in ast.parse(text).body
        if not isinstance(node, ast.Expr) and "MISTAKE" not in ast.unparse(node)
    )
    return "\n".join(text.splitlines()[first.lineno - 1 :]) + "\n"


def _in_other_words(text: str) -> str:
    """The same code with other names and a comment."""
    for old, new in _RENAMED.items():
        text = re.sub(rf"(?<![.\w]){old}\b(?!\()", new, text)
    return text.replace(":\n", ":\n    # here it goes\n", 1)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write_class(sys.argv[1])
