"""The built book, served on localhost and opened in Debian's Chromium."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from chromium import FLAGS, program

from labkit.book.site import serve


@pytest.fixture(scope="session")
def chromium():
    """Path of the browser."""
    return program()


@pytest.fixture(scope="session")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def base(chromium, site):
    """Address of the served site, with a slash at its end."""
    with serve(site, 0) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def visit(browser, base):
    """`with visit(path, width=…, scheme=…) as page`: a loaded page; afterwards nothing went wrong.

    Nothing went wrong if there was no error or warning on the console, no exception in a script,
    no missing file and no request to another place.
    """

    @contextmanager
    def visit(path, *, width=1280, height=900, scheme="light", **options):
        wrong = []
        size = {"width": width, "height": height}
        context = browser.new_context(viewport=size, color_scheme=scheme, **options)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"exception: {error}"))
        page.on(
            "console",
            lambda said: (
                said.type in ("error", "warning") and wrong.append(f"console: {said.text}")
            ),
        )
        page.on(
            "request",
            lambda sent: (
                sent.url.startswith((base, "data:", "blob:"))
                or wrong.append(f"request: {sent.url}")
            ),
        )
        page.on(
            "response",
            lambda got: got.status >= 400 and wrong.append(f"status {got.status}: {got.url}"),
        )
        page.goto(base + path, wait_until="load")
        page.evaluate("Promise.resolve(window.MathJax?.startup?.promise).then(() => null)")
        try:
            yield page
        finally:
            context.close()
        assert wrong == []

    return visit
