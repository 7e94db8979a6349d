"""Folders that tests of several rooms need; a conftest cannot be imported, there are several."""

from pathlib import Path

#: The root of the repository.
ROOT = Path(__file__).resolve().parent.parent
