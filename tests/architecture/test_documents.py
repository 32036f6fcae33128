"""The documents keep their word: their examples run, the commands they name exist."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import pytest
import typer

from tests.architecture.commands import unknown_word
from tests.architecture.documents import STORY_S_MAX, StoryError, blocks, steps, tell
from tests.architecture.tracked import ROOT, tracked_files

DOCUMENTS: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in tracked_files()
    if path.suffix == ".md"
}
STORIES: Final = {
    name: story for name, text in DOCUMENTS.items() if (story := list(steps(blocks(text))))
}
COMMAND: Final = re.compile(
    r"(?:^|[`$(|;&]) *(?P<line>(?:make|blockpool) [^`\n|;&>#]*)", re.MULTILINE
)


HINTED: Final = re.compile(
    r"(?:^|[`(:：，；,;]\s?|see |请用 )(?P<line>blockpool (?:--)?[a-z][a-z-]*(?: +[\w/@.-]+)*)",
    re.ASCII | re.MULTILINE,
)


def texts_in(tree: ast.AST) -> Iterator[str]:
    """What a module may say: its texts, with a word for whatever is filled in."""
    filled = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
              for part in node.values}  # fmt: skip
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values=values):
                yield "".join(
                    str(one.value) if isinstance(one, ast.Constant) else "VALUE" for one in values
                )
            case ast.Constant(value=str(text)) if id(node) not in filled:
                yield text
            case _:
                pass


def commands_hinted() -> Iterator[tuple[str, list[str]]]:
    """Every `blockpool ...` line that the command itself tells people to type."""
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        if name.startswith("scripts/") and path.suffix == ".py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for match in (match for text in texts_in(tree) for match in HINTED.finditer(text)):
                yield name, match["line"].split()


def commands_named(text: str) -> Iterator[list[str]]:
    """The `make ...` and `blockpool ...` lines of a document, as words."""
    code = [block.text for block in blocks(text)] + re.findall(r"`[^`\n]+`", text)
    for match in (match for part in code for match in COMMAND.finditer(part)):
        yield match["line"].replace("\\", " ").split()


def make_targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))


@pytest.mark.timeout(STORY_S_MAX + 10)
@pytest.mark.parametrize("name", STORIES)
def test_the_examples_run(name: str, tmp_path: Path) -> None:
    tell(STORIES[name], tmp_path)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_python_examples_are_meant_to_run(name: str) -> None:
    idle = [b.line for b in blocks(DOCUMENTS[name]) if b.language == "python" and not b.runs]
    assert not idle, f"{name}: lines {idle}: say `python run`"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_commands_named_exist(name: str) -> None:
    for words in commands_named(DOCUMENTS[name]):
        if words[0] == "make":
            targets = [word for word in words[1:] if re.fullmatch("[a-z]+", word)]
            assert set(targets) <= make_targets(), f"{name}: {words}"
        else:
            app: typer.Typer = import_module("scripts.main").app
            assert unknown_word(words, app) is None, f"{name}: {words}"


def test_the_commands_hinted_at_exist() -> None:
    app: typer.Typer = import_module("scripts.main").app
    hinted = list(commands_hinted())
    assert ("scripts/todo/steps.py", ["blockpool", "catalogue", "attest", "--all"]) in hinted
    wrong = [(name, words) for name, words in hinted if unknown_word(words, app) is not None]
    assert wrong == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_files_linked_exist(name: str) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", DOCUMENTS[name]):
        assert (ROOT / name).parent.joinpath(target).exists(), f"{name}: {target}"


class TestTheReader:
    """The reader of documents sees what it must see."""

    @staticmethod
    def story(text: str, folder: Path) -> None:
        tell(list(steps(blocks(text))), folder)

    def test_a_story_goes_on_in_the_same_shell(self, tmp_path: Path) -> None:
        self.story(
            "```sh run\nx=7\necho $x > file\n```\nThen:\n"
            "```console run\n$ cat file\n7\n$ echo one; \\\n> echo two\none\n...\n```\n"
            "```python run\nfrom pathlib import Path\nassert Path('file').exists()\n```\n",
            tmp_path,
        )

    @pytest.mark.parametrize(
        ("text", "line"),
        [
            ("```console run\n$ true\n$ false\n```\n", 3),
            ("```console run\n$ echo a\nb\n```\n", 2),
            ("```console run\n$ echo a\na\n$ echo b\n...c\n```\n", 4),
            ("```sh run\nexit 3\n```\n", 2),
            ("```sh run\nexit 0\n```\n```sh run\ntrue\n```\n", 2),
            ("```sh run\necho $unset\n```\n", 2),
            ("```python run\nassert False\n```\n", 2),
            ("```sh run\ntrue\n```\n\n```sh run\nfalse\n```\n", 6),
            ("```console run\necho a\n```\n", 2),
            ("```rust run\nmain\n```\n", 2),
        ],
    )
    def test_a_broken_example_is_named(self, text: str, line: int, tmp_path: Path) -> None:
        with pytest.raises(StoryError, match=rf"\Aline {line}: "):
            self.story(text, tmp_path)

    def test_what_does_not_say_run_does_not_run(self) -> None:
        assert not list(steps(blocks("```sh\nfalse\n```\n```text\n$ false\n```\n")))

    def test_background_processes_end_with_the_story(self, tmp_path: Path) -> None:
        self.story("```sh run\n(trap 'echo ended > ended; exit' TERM; echo > up\n"
                   "while :; do sleep 0.01; done) &\n"
                   "while ! test -e up; do sleep 0.01; done\n```\n", tmp_path)  # fmt: skip
        while not (tmp_path / "ended").exists():  # the test's timeout bounds this
            pass

    def test_commands_are_found_in_code_only(self) -> None:
        text = (
            "To make tea, `make test` or:\n"
            "```sh\nmake -j2 lint  # all\ncd a && blockpool keys new a\n```\n"
        )
        assert list(commands_named(text)) == [
            ["make", "-j2", "lint"],
            ["blockpool", "keys", "new", "a"],
            ["make", "test"],
        ]

    @pytest.mark.parametrize(
        ("line", "unknown"),
        [
            ("blockpool keys new health/main --out x", None),
            ("blockpool keys --help", None),
            ("blockpool keys make health/main", "make"),
            ("blockpool key new", "key"),
            ("blockpool keys new health/main --output=x", "--output"),
            ("blockpool --loud keys new", "--loud"),
        ],
    )
    def test_unknown_words_of_a_command_are_seen(self, line: str, unknown: str | None) -> None:
        app, keys = typer.Typer(), typer.Typer()
        app.add_typer(keys, name="keys")

        @keys.command()
        def new(writer: str, out: Annotated[str, typer.Option()] = "") -> None: ...

        assert unknown_word(line.split(), app) == unknown
