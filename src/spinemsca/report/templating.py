"""One door to the templates: everything that is filled in is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from spinemsca._version import __version__

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_template"]


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("spinemsca.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_template(template: str, **values: Any) -> str:
    """A template of this package as HTML.

    Args:
        template: File name.
        values: What the template fills in; `version` is there already.
    """
    return _environment().get_template(template).render(version=__version__, **values)
