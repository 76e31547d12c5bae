"""The site's settings; `make docs` builds it, and nothing is fetched from the network."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "scripts")]

from make_pages import write_pages  # noqa: E402
from PIL.Image import Image  # noqa: E402
from pygments.lexers.shell import BashLexer  # noqa: E402
from sphinx_gallery.scrapers import figure_rst  # noqa: E402

from spinemsca import __version__  # noqa: E402

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Spine-MSCA"
copyright = "The Spine-MSCA maintainers, Apache-2.0"  # noqa: A001
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["model", "gallery/**.py", "generated/reports"]
suppress_warnings = [
    # Two rooms may hold classes of one name; a type in a signature then links to the first.
    "ref.python",
    # The gallery's images and settings are kept as objects, which no cache can hold.
    "config.cache",
]

# Docstrings are Google style, and put names between single backticks.
default_role = "literal"
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
add_module_names = False

myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block", "colon_fence"]

html_theme = "pydata_sphinx_theme"
html_title = f"Spine-MSCA {__version__}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_extra_path = ["generated/extra"]
html_copy_source = False
html_show_sourcelink = False
# Pages that stand alone, and those whose tables need the width.
WIDE = ("generated/measures", "generated/verify-rules")
html_sidebars: dict[str, list[str]] = {page: [] for page in ("index", "changelog", *WIDE)}
html_theme_options = {
    "logo": {"text": "Spine-MSCA"},
    "navbar_align": "left",
    "show_prev_next": False,
    "secondary_sidebar_items": {"**": ["page-toc"], **{page: [] for page in WIDE}},
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "friendly",
}

# Of no meaning in any text; napoleon runs between hiding and showing.
HIDDEN = "\ue000"

# Files of the checkout that a page of the site shows: links to them lead to that page.
PAGES = (
    (r"src/spinemsca/segment/trained/MODEL_CARD\.md", "model-card.md"),
    (r"CHANGELOG\.md", "changelog.md"),
    (r"examples/gallery/(\w+)\.py", r"gallery/\1.rst"),
)


def pictures(_: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]) -> str:
    """Shows the picture that a block of an example ends with, as a notebook would."""
    shown = block_vars["example_globals"].get("___")
    # The last value stays where later blocks end with none.
    if not isinstance(shown, Image) or shown.info.get("shown"):
        return ""
    shown.info["shown"] = True
    path = next(block_vars["image_path_iterator"])
    shown.convert("RGB").save(path)
    return figure_rst([path], gallery_conf["src_dir"])


sphinx_gallery_conf = {
    "examples_dirs": str(ROOT / "examples" / "gallery"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": (pictures, "matplotlib"),
    "capture_repr": ("_repr_html_", "__repr__"),
    "ignore_repr_types": r"PIL|matplotlib|tuple|list",
    "abort_on_example_error": True,
    "plot_gallery": True,
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "min_reported_time": 5,
    "default_thumb_file": str(HERE / "banner.png"),
}


def lead_to_pages(_: Sphinx, name: str, source: list[str]) -> None:
    """Turns links to files of the checkout into links to the pages that show them."""
    up = "../" * name.count("/")
    for file, page in PAGES:
        source[0] = re.sub(rf"\]\(\.\./{up}{file}", rf"]({up}{page}", source[0])


def hide_colons(_: Sphinx, what: str, *rest: Any) -> None:
    """Keeps napoleon from taking a constant's description up to its first colon for a type."""
    if what in {"data", "attribute", "property"}:
        rest[-1][:] = [line.replace(":", HIDDEN) for line in rest[-1]]


def mend_lines(*given: Any) -> None:
    """Shows colons again, and keeps types such as `np.bool_` from being taken for links."""
    lines = given[-1]
    for place, line in enumerate(lines):
        shown = line.replace(HIDDEN, ":")
        if shown.lstrip().startswith(":vartype"):
            shown = re.sub(r"_(?=\W|$)", r"\\_", shown)
        lines[place] = shown


def setup(app: Sphinx) -> None:
    """Writes the pages that are made from the package, before anything is read."""
    write_pages(HERE / "generated")
    app.add_lexer("console", BashLexer)  # Commands stand without a prompt.
    app.connect("source-read", lead_to_pages)
    app.connect("autodoc-process-docstring", hide_colons, priority=100)
    app.connect("autodoc-process-docstring", mend_lines, priority=900)
