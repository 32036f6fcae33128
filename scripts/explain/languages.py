"""The languages there are, and the option that chooses one."""

from typing import Annotated, Final, Literal

import typer

from scripts.explain.chinese import CHINESE
from scripts.explain.english import ENGLISH
from scripts.explain.language import Language
from scripts.explain.names import with_names
from scripts.explain.sources import Source

LANGUAGES: Final = {"en": ENGLISH, "zh": CHINESE}
LanguageOption = Annotated[
    Literal["en", "zh"],
    typer.Option("--lang", envvar="BLOCKPOOL_LANG", help="English or Chinese."),
]


def listing_in(lang: str, source: Source) -> Language:
    """The language of a list: ids read as English, and are what one types; else there are names."""
    language = LANGUAGES[lang]
    return language if lang == "en" else with_names(language, source)
