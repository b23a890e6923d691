"""A JupyterHub with nbgrader's exchange: two students, one instructor, each with a server."""

import chromium
import pytest
import set_up
from hub import PASSWORD, PATIENCE, STUDENTS, TEACHER, started


@pytest.fixture(scope="session", autouse=True)
def hub_program():
    if not set_up.ready():
        pytest.skip("no JupyterHub here: `make hub-class` puts one into .hub and tries a class")


@pytest.fixture(scope="module")
def hub(hub_program, tmp_path_factory):
    with started(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    path = chromium.program()
    # Formgrader's pages ask the network for MathJax: it is not there.
    flags = [*chromium.FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def people(hub, browser):
    """A page for each user, logged in, with JupyterLab: `people["ada"]`."""
    pages = {}
    for user in (TEACHER, *STUDENTS):
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(PATIENCE * 1000)
        page = pages[user] = context.new_page()
        page.goto(f"{hub.address}hub/login", wait_until="domcontentloaded")
        page.fill("#username_input", user)
        page.fill("#password_input", PASSWORD)
        page.click("#login_submit", no_wait_after=True)
    for user, page in pages.items():
        page.wait_for_url(f"**/user/{user}/lab**")
        page.get_by_role("menuitem", name="Nbgrader").wait_for()
    return pages
