"""Settings of the documentation site; `make docs` builds it."""

from pathlib import Path

project = 'physioser_ros'
author = 'The physioser_ros maintainers'
copyright = author  # noqa: A001 (the name that Sphinx reads)
release = (Path(__file__).parent.parent / 'physioser_ros' / 'VERSION').read_text().strip()
version = release

extensions = ['myst_parser']
myst_enable_extensions = ['dollarmath']
myst_heading_anchors = 3
exclude_patterns = ['_build']

html_theme = 'furo'
html_title = f'physioser_ros {release}'
# Everything the pages need lies in this folder: the site works without a network.
html_static_path = ['_static']
html_css_files = ['wide.css']
