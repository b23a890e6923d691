"""The report on a graded class in a browser: accessible, light and dark, on a phone too."""

import graded
import pytest
from test_pages import CHECK, WIDTH

from labkit.grading.reports.class_report import write_report

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_report_is_accessible_and_fits(browser, axe, tmp_path, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    wrong = []
    page.on("console", lambda said: wrong.append(said.text))
    page.goto(write_report(graded.outcomes(), tmp_path, lab="pruning").as_uri())
    for part in page.locator("details").all():
        part.locator("summary").click()
    assert page.evaluate(WIDTH) <= width, "scrolls sideways"
    page.evaluate(axe)
    assert page.evaluate(CHECK, [None, []]) == [] == wrong
    page.close()
