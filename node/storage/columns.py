"""The types of columns that databases do not agree on, for models and migrations alike.

Keys, ids and times are compared as bytes: `due/…` by ranges of keys, pages by the last id told.
That is SQLite's way; a server would order text by its language. Sizes of the log need 64 bits,
which an `INTEGER` of SQLite has.
"""

from typing import Final

from sqlalchemy import BigInteger, Integer, String

TEXT: Final = String().with_variant(String(collation="C"), "postgresql")
"""Text in the order of its UTF-8 bytes."""
WHOLE: Final = Integer().with_variant(BigInteger(), "postgresql")
"""A whole number of 64 bits."""
