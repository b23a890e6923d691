"""Every page in a browser: alone, without errors, light and dark, wide and narrow, and on paper."""

import re

import pytest
from bs4 import BeautifulSoup
from coursecopy import pages
from turns import in_turn, today

pytestmark = pytest.mark.slow

CHAPTERS = tuple(f"book/{name}.html" for name in pages())
ALL = (*CHAPTERS, "print.html", "search.html", "genindex.html")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CHECK = """([context, off]) => axe.run(context ?? document, {
        preload: false, runOnly: {type: 'tag', values: %s},
        rules: Object.fromEntries(off.map(rule => [rule, {enabled: false}]))})
    .then(result => result.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id}: ${node.target} ${node.html.slice(0, 120)}`)))"""
CHECK %= RULES
COLORS = """() => {
    const texts = document.createTreeWalker(
        document.querySelector("article"), NodeFilter.SHOW_TEXT);
    const found = new Set();
    while (texts.nextNode()) {
        const element = texts.currentNode.parentElement;
        if (element.checkVisibility() && texts.currentNode.data.trim())
            found.add(getComputedStyle(element).color);
    }
    return [...found];
}"""
UNREACHED = """() => [...document.querySelectorAll("article *")].filter(e =>
    e.checkVisibility() && e.scrollWidth > e.clientWidth + 1
    && ["auto", "scroll"].includes(getComputedStyle(e).overflowX)
    && !(e.tabIndex === 0 && e.getAttribute("role") && e.getAttribute("aria-label"))
    ).map(e => `${e.className} ${e.textContent.slice(0, 60)}`)"""
TYPESET = "window.MathJax && MathJax.startup.promise.then(() => true)"
WIDE_FORMULAS = """() => [...document.querySelectorAll("article mjx-container")]
    .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
    .map(e => e.textContent)"""
SMALLEST_CODE = """() => Math.min(...[...document.querySelectorAll("article pre")]
    .filter(e => e.checkVisibility()).map(e => parseFloat(getComputedStyle(e).fontSize)))"""
WIDTH = "document.documentElement.scrollWidth"
THEME = "document.documentElement.dataset.theme"


def _checks(path):
    """What axe looks at, and which rules it leaves out."""
    if path == "print.html":  # the slow rule has seen its parts already, each on its own page
        return [(None, ["color-contrast"]), ({"exclude": [[".one-page-part"]]}, [])]
    return [(None, [])]


LOOKS = [("light", 1280), ("dark", 390), ("dark", 1280)]


def _looks():
    """Pages with a scheme and a width to look at them in.

    The frame around them is the same on all, and so is much of what stands in them: a quick run
    looks at the first page, and at one in three others, in turn light or dark.
    """
    yield pytest.param("print.html", "light", 390, marks=pytest.mark.full)  # always light, and long
    for number, path in enumerate(page for page in ALL if page != "print.html"):
        for turn, (scheme, width) in enumerate(LOOKS[: 3 if path == ALL[0] else 2]):
            quick = path == ALL[0] or (number % 2 == turn and today(number))
            yield pytest.param(path, scheme, width, marks=() if quick else pytest.mark.full)


@pytest.mark.parametrize(("path", "scheme", "width"), _looks())
def test_a_page_is_accessible_light_and_dark_and_narrow(visit, axe, path, scheme, width):
    with visit(path, width=width, scheme=scheme, reduced_motion="reduce") as page:
        page.evaluate(axe)
        page.wait_for_function(f"{THEME} === '{scheme}'")
        found = [text for check in _checks(path) for text in page.evaluate(CHECK, check)]
        assert page.evaluate(WIDTH) <= width, f"scrolls sideways at {width} px"
        page.wait_for_load_state("networkidle")
    assert found == []


@pytest.mark.parametrize("path", in_turn(CHAPTERS))
def test_figures_stay_readable_on_a_phone_and_text_on_paper(visit, path):
    """Letters keep their size, the keyboard reaches what lies beside the screen, ink is dark."""
    phone = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
    with visit(path, scheme="dark", **phone) as page:
        assert page.evaluate(WIDTH) <= 390
        for frame in page.locator(".figure-frame").all():
            heights = frame.evaluate(
                "f => [...f.querySelectorAll('text')].map(t => parseFloat("
                "getComputedStyle(t).fontSize) * Math.hypot(t.getScreenCTM().a, "
                "t.getScreenCTM().b))"
            )
            assert min(heights) > 6, "letters of a figure"
            if frame.evaluate("f => f.scrollWidth > f.clientWidth + 1"):
                assert frame.get_attribute("tabindex") == "0"
                assert "scroll" in frame.get_attribute("aria-label")
                frame.focus()
                page.keyboard.press("ArrowRight")
                page.wait_for_function("() => document.activeElement.scrollLeft > 0", timeout=5000)
        assert page.evaluate(UNREACHED) == [], "scrolls sideways, but not from the keyboard"
        page.evaluate(TYPESET)
        assert page.evaluate(WIDE_FORMULAS) == []
        assert page.evaluate(SMALLEST_CODE) >= 12
        page.emulate_media(media="print", color_scheme="dark")
        page.wait_for_timeout(300)
        for quiz in page.locator(".lk-quiz").all():
            assert quiz.locator("legend").is_visible() and quiz.locator("label").last.is_visible()
            for part in ("input", ".lk-reply", ".lk-answer"):
                assert not quiz.locator(part).first.is_visible()
        colors = page.evaluate(COLORS)
        assert colors and [color for color in colors if sum(_channels(color)) / 3 > 160] == []


def _channels(color):
    return [float(number) for number in re.findall(r"[\d.]+", color)[:3]]


def test_the_switch_makes_pages_dark_with_light_ink_and_stays(visit):
    with visit(CHAPTERS[1]) as page:
        for _ in range(3):  # light, dark, and as the system has it
            if page.evaluate("document.documentElement.dataset.mode") == "dark":
                break
            page.locator(".theme-switch-button:visible").first.click()
        assert page.evaluate(THEME) == "dark"
        page.wait_for_timeout(300)
        ink = page.locator(".figure-frame svg").first.evaluate("s => getComputedStyle(s).color")
        paper = page.locator("body").evaluate("b => getComputedStyle(b).backgroundColor")
        assert min(_channels(ink)) > 180 > 60 > max(_channels(paper))
        plate = page.locator(".figure-frame").first.evaluate(
            "f => getComputedStyle(f).backgroundColor"
        )
        assert plate in ("rgba(0, 0, 0, 0)", f"{paper}"), "no light plate behind a figure"
        page.locator(".bd-links a").nth(2).click()
        page.wait_for_load_state("networkidle")
        assert page.evaluate(THEME) == "dark", "the choice holds on the next page"


def test_search_finds_a_page_and_leads_there(visit):
    with visit("search.html?q=kurtosis") as page:
        hit = page.locator("#search-results li a", has_text="Weight").first
        hit.wait_for()
        hit.click()
        page.wait_for_load_state("networkidle")
        assert "/book/01-weights.html" in page.url


def test_search_opens_from_the_keyboard(visit):
    with visit(CHAPTERS[0]) as page:
        page.keyboard.press("Control+k")
        field = page.locator("#pst-search-dialog input[type=search]")
        field.wait_for()
        field.fill("kurtosis")
        page.keyboard.press("Enter")
        page.locator("#search-results li a").first.wait_for()


def test_formulas_are_typeset_with_the_fonts_of_the_site(visit, base):
    fonts = []
    with visit(CHAPTERS[2]) as page:
        page.on("response", lambda got: fonts.append(got.url) if ".woff" in got.url else None)
        page.reload()
        page.locator("mjx-container").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready.then(() => 1)")
    assert any(url.startswith(f"{base}_static/mathjax/") for url in fonts)


def test_the_print_version_holds_every_page_and_becomes_a_pdf(visit, base, site):
    soups = [BeautifulSoup((site / path).read_text("utf-8"), "html.parser") for path in CHAPTERS]
    titles = [soup.find("article").find("h1").get_text().rstrip("#") for soup in soups]
    with visit(CHAPTERS[1]) as page:
        page.get_by_role("link", name="Print or save as PDF").click()
        page.wait_for_url(f"{base}print.html")
        page.wait_for_load_state("networkidle")
        heads = [text.replace("#", "").strip() for text in page.locator("h1").all_inner_texts()]
        assert heads == titles
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
        assert len(ids) == len(set(ids))
        page.emulate_media(media="print", color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert not page.get_by_role("button", name="Print or save as PDF").is_visible()
        pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and pdf.count(b"/Type /Page\n") >= len(CHAPTERS)
