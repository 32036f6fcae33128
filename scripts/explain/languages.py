"""The languages there are, and the option that chooses one."""

from typing import Annotated, Final, Literal

import typer

from scripts.explain.chinese import CHINESE
from scripts.explain.english import ENGLISH

LANGUAGES: Final = {"en": ENGLISH, "zh": CHINESE}
LanguageOption = Annotated[
    Literal["en", "zh"],
    typer.Option("--lang", envvar="BLOCKPOOL_LANG", help="English or Chinese."),
]
