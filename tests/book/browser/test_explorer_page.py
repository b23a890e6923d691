"""The explorer and the questions in Chromium, on a page opened as a file, without a server."""

import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
import warm
from places import ROOT
from text_costs import texts

from labkit.book.explorer import PARTS, explorer_data
from labkit.book.explorer_page import markup
from labkit.book.explorer_words import START
from labkit.study.run import run_study
from labkit.study.settings import Settings

SMALL = Settings(levels=(0, 0.5, 0.9, 0.99), limit=24, length=8, repeats=1)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE = """tags => axe.run({include: [['.lk-explorer'], ['.lk-quiz']]},
    {runOnly: {type: 'tag', values: tags}})
    .then(found => found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.html.slice(0, 160)}`)))"""
QUIZ = """
```{quiz}
Which?
- [ ] This.
  > No, *that*.
- [x] That.
  > Yes, *this*.
```
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return run_study(SMALL, tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def address(study, tmp_path_factory):
    """A page of the book's theme with an explorer of everything, one of two parts, and a quiz."""
    folder = tmp_path_factory.mktemp("explorer")
    (folder / "conf.py").write_text(
        f"import sys; sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})\n"
        f"html_static_path = [{str(ROOT / 'book' / '_static')!r}]\n"
        "html_theme = 'sphinx_book_theme'\n"
        "extensions = ['myst_parser', 'quiz']\n"
    )
    data = explorer_data(study, texts(SMALL.levels))
    for number, parts in enumerate((PARTS, ("scores", "patch"))):
        (folder / f"{number}.html").write_text(markup(data, parts), encoding="utf-8")
    raw = "\n```{raw} html\n:file: %d.html\n```\n"
    (folder / "index.md").write_text(f"# Page\n{raw % 0}\n{QUIZ}\n{raw % 1}\n", encoding="utf-8")
    command = warm.command("sphinx", "-q", "-W", folder, folder / "out")
    subprocess.run(command, check=True)
    return (folder / "out" / "index.html").as_uri()


@pytest.fixture
def opened(browser, address):
    """`with opened(**options of a context) as page`; afterwards nothing went wrong."""

    @contextmanager
    def opened(fragment="", **options):
        wrong = []
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))
        page.on(
            "request",
            lambda sent: (
                sent.url.startswith(("file:", "data:")) or wrong.append(f"request: {sent.url}")
            ),
        )
        page.goto(address + fragment)
        try:
            yield page
        finally:
            context.close()
        assert wrong == []

    return opened


def caption(page, part, explorer=0):
    figure = page.locator(".lk-explorer").nth(explorer).locator(f'[data-part="{part}"]')
    return figure.locator("figcaption").inner_text().replace("\u00a0", " ")


def slider(page, explorer=0):
    return page.locator(".lk-explorer").nth(explorer).locator("input[type=range]")


def move(page, percent, explorer=0):
    slider(page, explorer).fill(str(percent))


def test_without_scripts_the_figures_and_the_table_can_be_read(opened, study):
    with opened(java_script_enabled=False) as page:
        first = page.locator(".lk-explorer").first
        assert not first.locator(".lk-controls").is_visible()
        for part in PARTS:
            assert first.locator(f'[data-part="{part}"] svg').first.is_visible()
        rows = first.locator("tbody tr")
        assert rows.count() == len(study.results) and rows.last.is_visible()
        for text, row in zip(rows.all_inner_texts(), study.results.itertuples(), strict=True):
            assert f"{100 * row.accuracy:.1f}" in text and f"{row.zstd_bytes / 1e6:.2f}" in text
        page.locator(".lk-answer summary").click()
        assert page.get_by_text("Yes,").is_visible()


def test_the_script_starts_from_what_the_page_shows(opened):
    drawn = """() => [...document.querySelectorAll('.lk-explorer')].map(e => [
        e.querySelector('.lk-said').textContent,
        ...[...e.querySelectorAll('figcaption, text')].map(t => t.textContent),
        ...[...e.querySelectorAll('path')].map(p => p.getAttribute('d')),
        ...[...e.querySelectorAll('rect, line, .lk-window')].flatMap(
            r => ['x', 'x1', 'width'].map(k => r.getAttribute(k)).map(v => v && Number(v)))])"""
    with opened(java_script_enabled=False) as page:
        before = page.evaluate(drawn)
    with opened() as page:
        page.wait_for_timeout(400)
        after = page.evaluate(drawn)
    assert START == 90 and before == after


def test_the_values_are_those_of_the_tables(opened, study):
    with opened() as page:
        for row in study.results.itertuples():
            page.locator(".lk-explorer").first.get_by_text(row.model, exact=True).first.click()
            move(page, round(100 * row.level))
            scores, size = caption(page, "scores"), caption(page, "size")
            assert f"Accuracy {100 * row.accuracy:.1f} %" in scores
            low, high = 100 * row.accuracy_low, 100 * row.accuracy_high
            assert f"{low:.1f}–{high:.1f}" in scores and f"F1 {row.f1:.3f}" in scores
            assert "Measured at" not in scores
            assert f"{100 * row.bitmask_bytes / row.file_bytes:.0f} %" in size
            assert f"{1000 * row.runtime_median:.1f} ms" in caption(page, "runtime")
            assert f"{row.zeros:,} of {row.prunable:,}" in caption(page, "histogram")
            figure = page.locator('[data-part="size"]').first
            for form in ("file", "zstd", "csr", "bitmask", "entropy"):
                text = figure.locator(f'[data-mb="{form}"]').text_content()
                assert text == f"{getattr(row, f'{form}_bytes') / 1e6:.2f}\u00a0MB"


def test_without_zeros_no_cut_is_named(opened):
    with opened() as page:
        move(page, 0)
        assert re.fullmatch(r"0 of [\d,]+ weights are zero\.", caption(page, "histogram"))
        page.wait_for_function(
            "document.querySelector('.lk-said').textContent.includes('no weight is zero')"
        )


def test_between_the_levels_the_page_says_where_it_was_measured(opened):
    with opened() as page:
        move(page, 60)
        assert caption(page, "scores").endswith("Measured at 50 %, the nearest level.")
        assert caption(page, "size").endswith("zstandard measured at 50 %.")
        held = caption(page, "scores")
        move(page, 61)
        assert caption(page, "scores") == held and "61" not in held


def test_it_moves_by_keyboard(opened):
    with opened() as page:
        slider(page).focus()
        for key, percent in (("ArrowRight", 91), ("ArrowLeft", 90), ("Home", 0), ("End", 99)):
            page.keyboard.press(key)
            assert slider(page).input_value() == str(percent)
            assert page.locator("output").first.inner_text() == f"{percent}\u00a0%"
            assert slider(page).get_attribute("aria-valuetext") == f"{percent} per cent"
        page.locator(".lk-explorer").first.locator("input[type=radio]").first.focus()
        page.keyboard.press("ArrowDown")
        page.wait_for_function("document.querySelector('.lk-said').textContent.includes('GPT-2')")
        assert "99\u00a0% sparsity" in page.locator(".lk-said").first.inner_text()


def test_it_moves_by_mouse_and_by_touch(opened):
    with opened() as page:
        box = slider(page).bounding_box()
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 0.2 * box["width"], middle)
        page.mouse.down()
        assert 15 <= int(slider(page).input_value()) <= 25
        page.mouse.move(box["x"] + 0.5 * box["width"], middle)
        page.mouse.up()
        assert 45 <= int(slider(page).input_value()) <= 55
        before = int(slider(page).input_value())
        page.get_by_role("button", name="One per cent more").first.click()
        assert slider(page).input_value() == str(before + 1)
    with opened(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}) as page:
        slider(page).scroll_into_view_if_needed()
        box = slider(page).bounding_box()
        page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + box["height"] / 2)
        assert 24 <= int(slider(page).input_value()) <= 36
        zeros = int(re.search(r"[\d,]+", caption(page, "histogram"))[0].replace(",", ""))
        assert zeros == round(int(slider(page).input_value()) / 100 * 786432)


def test_two_explorers_go_their_own_ways(opened):
    with opened() as page:
        for explorer, model in ((0, "mini GPT-2"), (1, "mini BART")):
            page.locator(".lk-explorer").nth(explorer).get_by_text(model, exact=True).first.click()
        move(page, 50, explorer=1)
        checked = page.locator(".lk-explorer input[type=radio]:checked")
        assert [box.get_attribute("value") for box in checked.all()] == ["gpt2", "bart"]
        assert slider(page).input_value() == "90"
        assert "Measured" not in caption(page, "scores", 0) + caption(page, "scores", 1)


def test_the_slider_stays_in_sight_beside_the_last_figure(opened):
    with opened(viewport={"width": 390, "height": 844}) as page:
        page.locator('[data-part="runtime"]').first.scroll_into_view_if_needed()
        box = page.locator(".lk-slide").first.bounding_box()
        assert 0 <= box["y"] < 400
        page.locator(".lk-table summary").first.focus()
        summary = page.locator(".lk-table summary").first.bounding_box()
        assert summary["y"] >= box["y"] + box["height"] or summary["y"] >= 100


def test_an_address_can_name_the_state(opened):
    with opened("#s=99&model=bart") as page:
        assert slider(page).input_value() == "99"
        assert "decoder" in caption(page, "patch") or "encoder" in caption(page, "patch")
        page.wait_for_function(
            "document.querySelector('.lk-said').textContent.startsWith('mini BART, 99')"
        )


def test_a_question_answers_by_keyboard(opened):
    with opened() as page:
        quiz = page.locator(".lk-quiz")
        reply = quiz.get_by_role("status")
        assert not quiz.locator("details").is_visible() and reply.inner_text() == ""
        quiz.locator("input").first.focus()
        page.keyboard.press("Space")
        assert reply.inner_text() == "A. Not quite. No, that."
        page.keyboard.press("ArrowDown")
        assert reply.inner_text().startswith("B. Right. Yes,")
        assert "lk-right" in reply.get_attribute("class")


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", 1280),
        ("dark", 390),
        pytest.param("light", 390, marks=pytest.mark.full),
        pytest.param("dark", 1280, marks=pytest.mark.full),
    ],
)
def test_it_is_accessible_and_fits(opened, scheme, width):
    import axe_playwright_python

    axe = Path(axe_playwright_python.__file__).parent / "axe.min.js"
    options = {"color_scheme": scheme, "reduced_motion": "reduce"}
    with opened(viewport={"width": width, "height": 900}, **options) as page:
        page.evaluate(axe.read_text(encoding="utf-8"))
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        page.locator(".lk-quiz input").first.check()
        page.locator(".lk-table summary").first.click()
        page.wait_for_timeout(300)
        assert page.evaluate(AXE, RULES) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for control in page.locator(
            ".lk-controls :is(fieldset label, button, input[type=range])"
        ).all():
            assert control.bounding_box()["height"] >= 44
