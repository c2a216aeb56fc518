"""The documentation site: `make docs` builds it from the pages beside this file, the docstrings and examples/gallery."""

import os
import re
import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
GALLERY = ROOT / "examples" / "gallery"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

os.environ.setdefault("MPLBACKEND", "Agg")
sys.path.insert(0, str(ROOT))  # the gallery may read what the demonstration reads

project = PROJECT["name"]
author = PROJECT["authors"][0]["name"]
project_copyright = f"{author}, {PROJECT['license']}"
version = release = PROJECT["version"]

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_parser",
]
templates_path = ["_templates"]
exclude_patterns = ["_static", "_templates"]
nitpicky = True  # a name in backticks of a docstring is a link, or the build fails
default_role = "literal"
highlight_language = "none"  # a literal block without a language is a formula

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"  # numpydoc's Parameters say more than the annotations
autodoc_member_order = "groupwise"
numpydoc_show_class_members = False  # the class's template has them, each with its own docstring

has_gallery = any(GALLERY.glob("plot_*.py"))
if has_gallery:
    extensions.append("sphinx_gallery.gen_gallery")
    sphinx_gallery_conf = {
        "examples_dirs": str(GALLERY),
        "gallery_dirs": "gallery",
        "abort_on_example_error": True,
        "download_all_examples": False,
        "show_memory": False,
        "show_signature": False,
        "doc_module": ("riata",),
        "reference_url": {"riata": None},
        "backreferences_dir": "reference/examples",
    }

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {version}"
html_static_path = ["_static"]
html_css_files = ["riata.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": project},
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def without_foreign_references(app, what, name, obj, options, lines):
    """Docstrings inherited from scikit-learn refer to its own pages: keep their words, drop the links."""
    if (getattr(obj, "__module__", None) or "").startswith("sklearn"):
        lines[:] = [re.sub(r":[a-z]+:`([^`<]*?)\s*(<[^`]*>)?`", r"\1", line) for line in lines]


def whole_links(app, docname, source):
    """Links of pages to files that are no pages go to the source; the gallery is listed where there is one."""
    source[0] = re.sub(r"\]\(\.\./", f"]({PROJECT['urls']['Source']}/", source[0])
    if docname == "index" and has_gallery:
        source[0] = source[0].replace("\nguide\n", "\nguide\ngallery/index\n")


def setup(app):
    app.connect("source-read", whole_links)
    app.connect("autodoc-process-docstring", without_foreign_references, priority=100)
