"""The decks in a browser, and the search of a site that is read from disk."""

import pytest
from coursecopy import pages
from turns import in_turn

pytestmark = pytest.mark.slow

DECKS = tuple(name for name in pages() if name[:2].isdigit())
# Boxes in pixels of the window; at 1280 × 720 a deck is shown at its own size or a little smaller.
CUT = """() => {
    const slide = document.querySelector(".slides > section.present");
    const boxes = [...slide.querySelectorAll("*")].filter(
            e => !e.closest("mjx-assistive-mml") && !e.parentElement.closest("svg"))
        .map(e => e.getBoundingClientRect()).filter(box => box.width && box.height);
    const over = box => box.right > innerWidth + 1 || box.bottom > innerHeight + 1
        || box.left < -1 || box.top < -1;
    return boxes.filter(over).length;
}"""


@pytest.mark.parametrize("name", in_turn(DECKS))
def test_no_slide_of_a_chapter_is_cut(browser, site, name):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    errors, asked = [], []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    page.on("request", lambda request: asked.append(request.url))
    try:
        page.goto((site / "slides" / f"{name}.html").as_uri())  # as a file: nothing is served
        page.wait_for_function("document.body.dataset.ready === 'yes'")
        count = page.evaluate("Reveal.getTotalSlides()")
        heads, cut = [], []
        for number in range(count):
            page.evaluate(f"Reveal.slide({number}, 0, 9)")
            heads.append(page.locator("section.present").locator("h1, h2").inner_text())
            if page.evaluate(CUT):
                cut.append(f"{number}: {heads[-1]}")
        figures = page.locator(".slides figure svg").count()
    finally:
        page.close()
    assert errors == [] and cut == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in asked)
    assert figures >= 2 and "Summary" in heads and count >= 8


def test_the_search_shows_excerpts_of_a_site_on_disk(browser, site):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    try:
        page.goto(f"{(site / 'search.html').as_uri()}?q=kurtosis")
        excerpt = page.locator("#search-results li p.context").first
        excerpt.wait_for()
        assert "kurtosis" in excerpt.inner_text().lower()
    finally:
        page.close()
    assert errors == []
