"""Fail the build on dead links and anchors, requests to other servers, and unused citations.

Each finding is a warning of Sphinx, and the book is built with warnings as errors.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from labkit.book.site import problems

_log = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Look at the sources before, and at the site after it has been written."""
    app.connect("env-check-consistency", _unused_citations)
    app.connect("build-finished", _broken, priority=900)


def _unused_citations(app: Sphinx, env: BuildEnvironment) -> None:
    domain = env.get_domain("cite")
    cited = {target.key for reference in domain.citation_refs for target in reference.targets}
    for key in sorted(set(domain.bibdata.data.entries) - cited):
        _log.warning("no page cites the entry %r of the bibliography", key, type="bibliography")


def _broken(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for problem in problems(app.outdir):
            _log.warning("%s", problem, type="site")
