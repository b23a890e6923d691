"""The page and the table say what the outcomes say, whatever the students are called."""

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser

import graded
import pandas as pd
import pytest
from places import ROOT
from sample import CLASS, EXERCISES, LAB

from labkit.checks import TASKS, Verdict
from labkit.errors import SourceError
from labkit.grading.reports import summary
from labkit.grading.reports.class_report import write_report
from labkit.grading.reports.safe_tables import harmless, write_csv

RELEASE = (ROOT / f"exercises/{LAB}/{LAB}.ipynb").read_text(encoding="utf-8")
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "=HYPERLINK(0)",
    "{{ 7*7 }}",
    "half\ud800",
    "‮eman",
)


class _Page(HTMLParser):
    """Tags, and the rows of each table by the name of its region."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.tables, self._cells, self._rows = set(), {}, None, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        label = dict(attrs).get("aria-label")
        if label:
            self._rows = self.tables.setdefault(label, [])
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._rows[-1].append("")
        self._cells = tag in ("td", "th") or (self._cells and tag == "span")

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._cells = None

    def handle_data(self, data):
        if self._cells:
            self._rows[-1][-1] += data


def _report(outcomes, folder, **options):
    return write_report(outcomes, folder, lab=LAB, **options).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return _report(graded.outcomes(), tmp_path_factory.mktemp("report"), release=RELEASE)


def test_the_page_is_one_file_without_a_script_or_a_request(page):
    assert "<script" not in page and "url(http" not in page and "@import" not in page
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', page) == []
    assert page.count("<svg") == 1 and "prefers-color-scheme: dark" in page


def test_every_student_stands_in_it_with_points_status_and_reason(page):
    rows = _Page(page).tables["Students"]
    assert rows[0][:4] == ["student", "points", "status", "reason"]
    found = {row[0]: row for row in rows[1:]}
    assert list(found) == [person.student for person in CLASS]
    for person, outcome in zip(CLASS, graded.outcomes(), strict=True):
        assert float(found[person.student][1]) == pytest.approx(sum(person.points), abs=0.01)
        assert found[person.student][2:4] == [outcome.status, outcome.reason]
    assert [float(text) for text in found["dmitri"][4:11]] == [6, 0, 6, 0, 6, 0, 5]


def test_what_stands_out_comes_first(page):
    rows = _Page(page).tables["Submissions to look at"][1:]
    assert [row[0] for row in rows] == ["ingrid", "jonas"]
    assert "took 30 s" in rows[0][2] and "cut off" in rows[1][2]
    assert page.index("To look at") < page.index("Points</h2>")


def test_remarks_are_shown_to_the_instructor(tmp_path):
    outcomes = [replace(graded.outcomes()[0], remarks=("code cell 3 uses _exit: read it",))]
    rows = _Page(_report(outcomes, tmp_path)).tables["Submissions to look at"]
    assert rows[1] == ["amara", "graded", "code cell 3 uses _exit: read it"]


def test_rates_are_over_notebooks_that_could_be_read():
    frame = summary.pass_rates(graded.outcomes()).set_index("id")
    mask = frame.loc["pruning.magnitude_mask"]
    read = [person for person in CLASS if person.answers]
    assert mask["mean"] == pytest.approx(sum(p.points[0] for p in read) / len(read))
    assert mask["all"] == pytest.approx(4 / 11)
    # Nothing was written by Esi, and the cell of Hiro did not get as far as the function.
    assert mask["open"] == pytest.approx(2 / 11)
    assert frame["of"].tolist() == [6, 6, 6, 5, 6, 4, 5]


def test_properties_of_an_exercise_add_up():
    frame = summary.property_rates(graded.outcomes(), "pruning.magnitude_mask")
    assert frame["property"].tolist()[:3] == [
        "the smallest |w| are pruned",
        "exact count",
        "ties by index",
    ]
    verdicts = [
        verdict.passed
        for outcome in graded.outcomes()
        for verdict in outcome.scores[0].verdicts
        if verdict.name == "exact count"
    ]
    assert frame["holds"].tolist()[1] == f"{sum(verdicts)} of {len(verdicts)}"


def test_misconceptions_are_those_of_the_answers():
    """The variants say which mistake they make; each person counts once."""
    wanted = {}
    for person in CLASS:
        for exercise, answer in zip(EXERCISES, person.answers, strict=bool(person.answers)):
            if answer.startswith("wrong"):
                text = (ROOT / f"tests/labs/variants/{LAB}.{exercise}/{answer}.py").read_text()
                name = re.search(r'MISTAKE = "(.*)"', text)[1]
                title = TASKS[f"{LAB}.{exercise}"].title
                wanted[title, name] = wanted.get((title, name), 0) + 1
    frame = summary.misconceptions(graded.outcomes())
    named = frame[frame["named"]]
    found = {(row.exercise, row.mistake): row.students for row in named.itertuples()}
    assert found == wanted
    assert named["students"].tolist() == sorted(named["students"], reverse=True)
    assert "int() cuts off" in " ".join(named["what"]) and "Read book" not in " ".join(
        named["what"]
    )
    nameless = frame[~frame["named"]]["mistake"].tolist()
    assert sorted(nameless) == ["raised ZeroDivisionError", "ran too long"]


def test_a_student_cannot_put_a_mistake_under_another_name():
    """Text of the student's own stands before what the check says."""
    said = (
        "f raised E: This looks like 'x': y. Read z. This looks like 'signed compare': |w|. Read s"
    )
    assert summary.mistake(Verdict("p", False, said)) == ("signed compare", True)


def test_what_changed_since_the_last_run_is_told(tmp_path):
    now = graded.outcomes()
    scores = (replace(now[3].scores[0], points=3.5), *now[3].scores[1:])
    before = [*now[:3], replace(now[3], scores=scores), *now[5:]]
    rows = _Page(_report(now, tmp_path, previous=before)).tables["Changed since the last run"]
    assert rows[1:] == [
        ["dmitri", "20.5 (graded)", "23 (graded)", "pruning.magnitude_mask: 3.5 → 6"]
    ]
    assert "Changed since" not in _report(now, tmp_path, previous=now)


def test_the_pair_is_called_alike(page):
    rows = _Page(page).tables["Submissions that are alike"]
    assert rows[1][:2] == ["kemal", "lucia"] and len(rows) == 2
    assert not re.search("copied|plagiar|cheat", page, re.IGNORECASE)


def test_text_of_students_is_only_text(tmp_path):
    one = graded.outcomes()[0]
    outcomes = []
    for text in HOSTILE:
        verdicts = (Verdict("a name", False, f"raised E: {text}"),)
        scores = (replace(one.scores[0], verdicts=verdicts), *one.scores[1:])
        outcomes.append(
            replace(one, student=text, reason=text, remarks=(text,), scores=scores, origin=text)
        )
    page = _Page(_report(outcomes, tmp_path))
    assert not {"script", "img"} & page.tags
    names = [row[0] for row in page.tables["Students"][1:]]
    assert names == [text.replace("\ud800", "?") for text in HOSTILE]
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["student"] for row in rows][2:5] == ["'=HYPERLINK(0)", "{{ 7*7 }}", "half?"]


def test_scores_csv_has_a_row_per_student_and_a_column_per_exercise(tmp_path):
    _report(graded.outcomes(), tmp_path)
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for person, row in zip(CLASS, rows, strict=True):
        assert row["student"] == person.student
        assert [float(row[f"{LAB}.{name}"]) for name in EXERCISES] == list(person.points)
        assert float(row["points"]) == pytest.approx(sum(person.points))


def test_a_class_in_which_nothing_was_handed_in_has_a_report(tmp_path):
    assert "nobody" in _report([], tmp_path)
    missing = replace(
        graded.outcomes()[4], status="missing", reason="nothing was handed in", notebook=""
    )
    assert "nothing was handed in" in _report([missing], tmp_path)


def test_answers_in_words_are_announced(tmp_path):
    text = write_report([replace(graded.outcomes()[0], lab="weights")], tmp_path, lab="weights")
    assert "6 more points are for answers in words" in text.read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="file"):
        write_report(graded.outcomes()[:1], tmp_path / "file", lab=LAB)


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1", "＝1", "\n=1", "-2+3"]
)
def test_formulas_become_text(tmp_path, text):
    assert harmless(text) == f"'{text}"
    write_csv(pd.DataFrame({"a": [text], "=b": ["plain"]}), tmp_path / "x.csv")
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [["a", "'=b"], [f"'{text}", "plain"]]


@pytest.mark.parametrize("value", ["Ada", "a=b", "", "-", 3, -2.5, "O'Brien", "5 - 3"])
def test_what_is_no_formula_stays_as_it_is(value):
    assert harmless(value) is value
