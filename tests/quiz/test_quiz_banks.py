"""The quiz banks: what is in them, and that each platform's form holds all of it."""

import re
import zipfile
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from hypothesis import given, settings
from hypothesis import strategies as st
from places import ROOT
from typer.testing import CliRunner

from labkit.checks.engine.exercise import CHAPTERS
from labkit.cli import app
from labkit.errors import InputError, SourceError
from labkit.quiz import Bank, Choice, Question, find_banks, read_bank, write_banks
from labkit.quiz.canvas import PACKAGE, QTI
from labkit.quiz.gift import gift
from labkit.quiz.markup import for_canvas, for_moodle, to_html
from labkit.quiz.moodle_xml import moodle_xml

BANKS = find_banks(ROOT)

# What trips up one platform or another: signs of GIFT, XML, Markdown and LaTeX.
text = st.text(alphabet=list("ab1 ~=#{}:\\%<>&\"'$*_`[]()-/|^²×–"), min_size=1, max_size=30).filter(
    lambda t: t.strip() == t and not t.startswith(("- ", ">"))
)
formula = st.sampled_from([r"\nu", r"\frac{a}{b} < 1 \& 2", "x_1^2", r"\{0,1\}", "a=b~c#d:e"])
line = st.lists(st.one_of(text, formula.map("${}$".format)), min_size=1, max_size=3).map(" ".join)


@st.composite
def a_bank(draw):
    texts = draw(st.lists(line, min_size=2, max_size=4, unique=True))
    right = draw(st.integers(0, len(texts) - 1))
    choices = [Choice(t, n == right, draw(line)) for n, t in enumerate(texts)]
    question = Question(draw(text), draw(line), tuple(choices))
    return Bank("04-size", draw(text), (question,))


def as_html(bank, platform):
    """What a platform has to be given of each question."""
    return [
        (
            q.title,
            to_html(q.text, platform),
            [
                (c.right, to_html(c.text, platform), to_html(c.feedback, platform))
                for c in q.choices
            ],
        )
        for q in bank.questions
    ]


def read_gift(source):
    """GIFT as Moodle's importer documents it: escapes first, then the signs."""
    kept = {rf"\{sign}": chr(0xE000 + n) for n, sign in enumerate("\\~=#{}:")}
    back = {hidden: sign[1] for sign, hidden in kept.items()}

    def plain(part):
        part = part.strip().removeprefix("[html]")
        return "".join(back.get(character, character) for character in part)

    found = []
    for block in re.split(r"\n\s*\n", source.strip()):
        if block.startswith("$CATEGORY:"):
            continue
        block = re.sub(r"\\(.)", lambda sign: kept[sign[0]], block)
        title, stem, answers = re.fullmatch(r"::(.*?)::(.*?)\{(.*)\}", block, re.S).groups()
        parts = re.findall(r"([=~])([^=~]*)#([^=~#]*)", answers)
        choices = [(sign == "=", plain(one), plain(feedback)) for sign, one, feedback in parts]
        found.append((plain(title), plain(stem), choices))
    return found


def read_moodle_xml(source):
    found = []
    for question in ElementTree.fromstring(source).findall("question[@type='multichoice']"):
        assert question.findtext("single") == "true"
        choices = [
            (float(a.get("fraction")) == 100, a.findtext("text"), a.findtext("feedback/text"))
            for a in question.findall("answer")
        ]
        found.append(
            (question.findtext("name/text"), question.findtext("questiontext/text"), choices)
        )
    return found


def read_qti(path):
    """The questions of each assessment in the manifest, scored and answered as Canvas does."""
    at, tests = {"q": QTI, "p": PACKAGE}, []
    with zipfile.ZipFile(path) as package:
        manifest = ElementTree.fromstring(package.read("imsmanifest.xml"))
        resources = manifest.findall("p:resources/p:resource[@type='imsqti_xmlv1p2']", at)
        for resource in resources:
            [file] = resource.findall("p:file", at)
            tests.append(ElementTree.fromstring(package.read(file.get("href"))))
        assert len(package.namelist()) == len(resources) + 1
    idents = [item.get("ident") for test in tests for item in test.iter(f"{{{QTI}}}item")]
    assert len(set(idents)) == len(idents)
    return [[_item(item, at) for item in test.iter(f"{{{QTI}}}item")] for test in tests]


def _item(item, at):
    labels = item.findall("q:itemmetadata//q:fieldlabel", at)
    entries = item.findall("q:itemmetadata//q:fieldentry", at)
    fields = {a.text: b.text for a, b in zip(labels, entries, strict=True)}
    assert fields["question_type"] == "multiple_choice_question"
    said = {
        f.get("ident"): f.findtext(".//q:mattext", "", at)
        for f in item.findall("q:itemfeedback", at)
    }
    scores, feedback = {}, {}
    for condition in item.findall("q:resprocessing/q:respcondition", at):
        label = condition.findtext("q:conditionvar/q:varequal", "", at)
        if (score := condition.find("q:setvar", at)) is not None:
            scores[label] = float(score.text)
        for shown in condition.findall("q:displayfeedback", at):
            feedback[label] = said[shown.get("linkrefid")]
    choices = [
        (
            scores.get(o.get("ident")) == 100,
            o.findtext(".//q:mattext", "", at),
            feedback[o.get("ident")],
        )
        for o in item.findall(".//q:response_label", at)
    ]
    return item.get("title"), item.findtext("q:presentation/q:material/q:mattext", "", at), choices


def test_each_chapter_has_a_bank_of_eight_questions_or_more():
    assert [bank.name for bank in BANKS] == sorted(CHAPTERS.values())
    for bank in BANKS:
        assert len(bank.questions) >= 8
        places = [[c.right for c in q.choices].index(True) for q in bank.questions]
        assert max(map(places.count, places)) <= 0.7 * len(places), "the place tells the answer"
        assert all(len(q.choices) >= 3 for q in bank.questions)


@pytest.mark.parametrize("bank", BANKS, ids=lambda bank: bank.name)
def test_no_markup_of_a_bank_is_left_over(bank):
    for question in bank.questions:
        for one in (question.text, *(t for c in question.choices for t in (c.text, c.feedback))):
            shown = BeautifulSoup(to_html(one, lambda latex: ""), "html.parser").get_text()
            assert not re.search(r"[$`{}]|\*\S|\S\*", shown), one


def test_the_shipped_banks_come_back_from_every_form(tmp_path):
    moodle = [question for bank in BANKS for question in as_html(bank, for_moodle)]
    assert read_gift(gift(BANKS)) == moodle
    assert read_moodle_xml(moodle_xml(BANKS)) == moodle
    path = write_banks(BANKS, "qti", tmp_path / "all.zip")
    assert read_qti(path) == [as_html(bank, for_canvas) for bank in BANKS]
    again = write_banks(BANKS, "qti", tmp_path / "again.zip")
    assert path.read_bytes() == again.read_bytes()


@settings(deadline=None)
@given(bank=a_bank())
def test_any_signs_come_back_from_every_form(bank, tmp_path_factory):
    assert read_gift(gift([bank])) == as_html(bank, for_moodle)
    assert read_moodle_xml(moodle_xml([bank])) == as_html(bank, for_moodle)
    path = write_banks([bank], "qti", tmp_path_factory.getbasetemp() / "any.zip")
    assert read_qti(path) == [as_html(bank, for_canvas)]


def test_formulas_are_what_each_platform_renders():
    html = BeautifulSoup(to_html(r"`a<b` if $\frac{1}{2} < \nu$", for_moodle), "html.parser")
    assert html.code.get_text() == "a<b"
    assert html.get_text() == r"a<b if \(\frac{1}{2} < \nu\)"
    picture = BeautifulSoup(to_html(r"$\frac{1}{2} < \nu$", for_canvas), "html.parser").img
    assert picture["data-equation-content"] == r"\frac{1}{2} < \nu"
    address = picture["src"].removeprefix("/equation_images/").removesuffix("?scale=1")
    assert unquote(unquote(address)) == r"\frac{1}{2} < \nu" and "/" not in address
    assert "<script>" not in to_html("<script>alert(1)</script>", for_moodle)


QUIZ = "```{quiz}\nQ?\n- [x] A\n  > yes\n- [ ] B\n  > no\n```\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# T\n", "a title"),
        (f"# T\n{QUIZ}", ":2: a question needs a heading"),
        (f"# T\n## One\n{QUIZ}## One\n{QUIZ}", "two questions are called 'One'"),
        (f"# T\n## One\n## Two\n{QUIZ}", ":3: no question stands under 'One'"),
        ("# T\n## One\n```{quiz}\nQ?\n", ":3: this question has no end"),
        (f"# T\n## One\n{QUIZ.replace('[ ]', '[x]')}", ":7: more than one option"),
        (f"# T\n## One\n{QUIZ.replace('] B', '] A')}", ":3: two options"),
        (f"# T\n## One\n{QUIZ.replace('Q?', 'Q {term}`mask`?')}", ":4: platforms know no roles"),
    ],
)
def test_a_broken_bank_is_refused_with_file_and_line(tmp_path, content, message):
    path = tmp_path / "quiz-01-x.md"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read_bank(path)
    assert str(path) in str(caught.value)


def test_chapters_are_found_by_number_and_name(tmp_path):
    for name in ("4", "04", "04-size-and-runtime", "size-and-runtime"):
        assert [bank.name for bank in find_banks(ROOT, name)] == ["04-size-and-runtime"]
    with pytest.raises(InputError, match="no bank of a chapter '9'; there are: 01-weights"):
        find_banks(ROOT, "9")
    with pytest.raises(SourceError, match=r"holds no quiz-NN-name\.md"):
        find_banks(tmp_path)


def test_the_command_writes_the_form_that_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for form, name in (("gift", "quiz-all.gift.txt"), ("moodle-xml", "quiz-all.xml")):
        result = CliRunner().invoke(app, ["export", "quiz", "all", "--format", form])
        assert result.exit_code == 0 and (tmp_path / name).is_file()
        assert f"{sum(len(b.questions) for b in BANKS)} questions of 7 chapters" in result.output
    result = CliRunner().invoke(app, ["export", "quiz", "2", "--format", "qti"])
    assert len(read_qti(tmp_path / "quiz-02-pruning.zip")[0]) == len(BANKS[1].questions)
