"""中文: what stands above the columns of tables, and before the fields of a page."""

from collections.abc import Mapping
from typing import Final

HEADINGS: Final[Mapping[str, str]] = {}
