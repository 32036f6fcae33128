"""What things are called, in English, in Chinese, or both."""

from ledger.canonical import Canonical
from ledger.types import ShortText


class Names(Canonical):
    """A name in English, Chinese, or both.

    Attributes:
        en: English.
        zh: Chinese.
    """

    en: ShortText | None = None
    zh: ShortText | None = None

    def __post_init__(self) -> None:
        if self.en is None and self.zh is None:
            raise ValueError("a name needs `en` or `zh`")
