"""Pages of one file: they make no request, need no script, and are legible in the dark."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def render(template: str, **values: Any) -> str:
    """The page that `templates/<template>` makes of `values`, as HTML.

    All text is escaped, whoever wrote it; only the SVG of a `Plot` is taken as it is.  Halves of
    surrogate pairs, which no file can hold, become `?`.

    Raises:
        jinja2.TemplateError: the template lacks a value, or there is no such template.
    """
    page = _templates().get_template(template).render(values)
    return page.encode("utf-8", "replace").decode("utf-8")


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader("labkit.plots"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
