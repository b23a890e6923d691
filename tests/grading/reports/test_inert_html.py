"""Texts of students, as Formgrader and the feedback pages show them, hold nothing that runs."""

import copy
import re
import shutil
from pathlib import Path

import nbformat
import nbgrader
import pytest
from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from nbgrader.converters import GenerateFeedback
from places import ROOT

from labkit.grading.gradebook.course import Course
from labkit.grading.reports.inert_html import inert

TEMPLATES = Path(nbgrader.__file__).parent / "server_extensions/formgrader/templates"
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "| a |\n|---|\n| <b onclick=alert(1)>x</b> |",
    "<a\nhref=javascript:alert(1)>x</a>",
    "<base href=https://example.org><form action=/x><input autofocus onfocus=alert(1)></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<style>@import 'https://example.org/x.css'</style>",
    "[x](javascript:alert(1))",
    "[x]( JaVaScript:alert(1))",
    "[x](&#x6a;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![a](https://example.org/seen.png)",
    "![q](attachment:a.png)",
    "![q](attachment:b.svg)",
    "$\\href{javascript:alert(1)}{x}$",
    "&#36;\\h&#114;ef{javascript:alert(1)}{x}&#36;",
    "&#36;&bsol;mmlToken{mi}[href='javascript:alert(1)']{x}&#36;",
)
ATTACHMENTS = {
    "a.png": {'image/png;" onerror="alert(1)': "AAAA"},
    "b.svg": {"image/svg+xml": "PHN2Zy8+"},
}
# What a text may be made of; all else may run, load or send something.
FORBIDDEN = ("script", "svg", "iframe", "base", "form", "input", "style", "object", "embed")
# A picture that is no part of the page runs nothing, whatever it holds.
PICTURE = re.compile(r"data:image/(?:png|svg\+xml);base64,[A-Za-z0-9+/=]+")
HARMLESS = {"alt", "title", "class", "start", "align", "id", "href", "src", "tabindex"}


@pytest.fixture(scope="module")
def exporter(tmp_path_factory):
    """As `nbgrader generate_feedback` has it; Formgrader's is of the same class and settings."""
    folder = tmp_path_factory.mktemp("course")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    course = Course.open(folder)
    converter = GenerateFeedback(coursedir=course.directory("weights"), config=course.config)
    return HTMLExporter(config=converter.config)


def shown(exporter, *cells) -> BeautifulSoup:
    """What a page shows of cells, without its own scripts and styles."""
    marks = {"notebook": "x", "score": 1, "max_score": 2, "late_penalty": 0}
    resources = {"nbgrader": marks, "inlining": {"css": []}}
    notebook = new_notebook(cells=[cell | {"metadata": {}} for cell in cells])
    page = BeautifulSoup(exporter.from_notebook_node(notebook, resources)[0], "html.parser")
    return page.find(id="notebook-container")


def active(page: BeautifulSoup) -> list[str]:
    """Tags and texts that a browser, or MathJax, would act upon."""
    found = [
        str(tag) for tag in page.find_all(("script", "svg", "iframe", "base", "form", "style"))
    ]
    for tag in page.find_all(True):
        for name, value in tag.attrs.items():
            odd = name not in HARMLESS
            odd |= name == "href" and not value.startswith(("https:", "#"))
            odd |= name == "src" and PICTURE.fullmatch(value) is None
            found += [str(tag)] * odd
    return found + re.findall(r"\\(?:href|mmlToken)", page.get_text())


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_text_runs(exporter, text):
    found = shown(exporter, new_markdown_cell(text, attachments=ATTACHMENTS))
    assert not active(found)


def test_nothing_in_other_cells_runs(exporter):
    text = "<script>alert(1)</script>"
    outputs = [
        new_output("error", ename=text, evalue=text, traceback=[f"\x1b[31m{text}"]),
        new_output("stream", name="stdout", text=text),
        *(
            new_output("display_data", data={kind: f"{text}<b onclick=alert(1)>x</b>"})
            for kind in ("text/html", "text/markdown", "image/svg+xml", "application/javascript")
        ),
    ]
    found = shown(exporter, new_raw_cell(text), new_code_cell(f"x = '{text}'", outputs=outputs))
    assert not active(found)


def test_an_honest_text_stays_as_it_is(exporter):
    text = (
        "## Why\n\n- **zeros**, *not* `x<y`\n\n| a | b |\n|---|---|\n| 1 | $a<b$ |\n\n"
        "```python\nx = a < b & c\n```\n\n[book](https://example.org/?a=1&b=2) "
        "<details><summary>Hint</summary>more</details>\n\n![plot](attachment:p.png)\n"
    )
    plot = {"p.png": {"image/png": "iVBORw0KGgo="}}
    found = shown(exporter, new_markdown_cell(text, attachments=plot))
    assert found.strong.get_text() == "zeros" and found.details.summary.get_text() == "Hint"
    assert found.find("a", string="book")["href"] == "https://example.org/?a=1&b=2"
    assert found.img["src"] == "data:image/png;base64,iVBORw0KGgo="
    assert [cell.get_text() for cell in found.find_all("td")] == ["1", "$a<b$"]
    assert found.code.get_text() == "x<y" and "x = a < b & c" in found.get_text()


@pytest.mark.parametrize("lab", ["weights", "challenges"])
def test_texts_of_the_course_lose_nothing(exporter, lab):
    notebook = nbformat.read(ROOT / f"exercises/{lab}/{lab}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    config = copy.deepcopy(exporter.config)
    del config.HTMLExporter.filters
    pages = [shown(one, *cells) for one in (HTMLExporter(config=config), exporter)]
    texts = [page.get_text() for page in pages]
    assert texts[0] == texts[1]
    names = [[tag.name for tag in page.find_all(True)] for page in pages]
    assert names[0] == names[1]


@pytest.mark.parametrize("name", ["formgrade", "feedback"])
def test_nbgrader_shows_no_text_without_the_filter(name):
    text = (TEMPLATES / name / "index.html.j2").read_text(encoding="utf-8")
    shows = re.findall(r"\{\{[^}]*markdown2html[^}]*\}\}", text)
    assert shows and all("strip_files_prefix" in part for part in shows)


def test_entities_of_html_stay():
    assert inert("<p>&lt;b&gt; &amp;lt; &quot;</p>") == "<p>&lt;b&gt; &amp;lt; &quot;</p>"
