r"""Reads the examples in Markdown documents, so that tests can run them.

An example runs if its fence says so. Three kinds do:

    ```console run      each `$ command` (continued by `> `) must succeed; the lines below it, if
                        any, are its output, in which `...` stands for anything
    ```sh run           a script that must succeed
    ```python run       a program that must succeed

All examples of one document that run are one story, told in order in one empty folder. Whatever a
story starts in the background ends with it. A node that a story starts listens at a free port, and
where a document writes the usual one, the story means that.

>>> [step] = steps(blocks("```console run\n$ echo 1 + \\\n> 1\n1 + ...\n```\n"))
>>> step.command, step.output
('echo 1 + \\\n1', '1 + ...\n')
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Final, NamedTuple

STORY_S_MAX: Final = 300
_ADDRESS: Final = "127.0.0.1:8700"
_FENCE: Final = re.compile(r"\A```(?P<language>[a-z]*)(?P<run> run)?\s*\Z")
_MARK: Final = re.compile(r"\x1e(\d+)\n")


class Block(NamedTuple):
    """A fenced block; `line` counts from 1 and is the first inside the fence."""

    language: str
    runs: bool
    line: int
    text: str


class Step(NamedTuple):
    """A shell command of a story and the output it shows, empty if it shows none."""

    line: int
    command: str
    output: str


class StoryError(Exception):
    """A document's example does not do what the document says."""


def blocks(markdown: str) -> Iterator[Block]:
    """The fenced blocks of a document."""
    opened: re.Match[str] | None = None
    start, inside = 0, list[str]()
    for number, line in enumerate(markdown.splitlines(), 1):
        if opened is None:
            if (opened := _FENCE.match(line)) is not None:
                start, inside = number + 1, []
        elif line.rstrip() == "```":
            text = "".join(f"{one}\n" for one in inside)
            yield Block(opened["language"], opened["run"] is not None, start, text)
            opened = None
        else:
            inside.append(line)


def steps(story: Iterable[Block]) -> Iterator[Step]:
    """The steps of those blocks that run."""
    for block in story:
        match block:
            case Block(runs=False):
                pass
            case Block("console"):
                yield from _console(block)
            case Block("sh", line=line, text=text):
                yield Step(line, text, "")
            case Block("python", line=line, text=text):
                yield Step(line, f"python <<'PROGRAM'\n{text}PROGRAM", "")
            case _:
                raise StoryError(f"line {block.line}: `{block.language}` cannot run")


def _console(block: Block) -> Iterator[Step]:
    line, command, output = 0, "", ""
    for number, text in enumerate(block.text.splitlines(), block.line):
        if text.startswith("$ "):
            if command:
                yield Step(line, command, output)
            line, command, output = number, text[2:], ""
        elif not command:
            raise StoryError(f"line {number}: a console block starts with `$ `")
        elif text.startswith("> ") and not output:
            command += f"\n{text[2:]}"
        else:
            output += f"{text}\n"
    if command:
        yield Step(line, command, output)


def tell(story: list[Step], folder: Path) -> None:
    """Run the steps in one shell in `folder`; raises `StoryError` at the first that fails."""
    port = _free_port()
    script = "set -eu\n" + "".join(
        f"printf '\\036{number}\\n'\n{step.command}\n" for number, step in enumerate(story)
    )
    status, printed = _run(script.replace(_ADDRESS, f"127.0.0.1:{port}"), folder, port)
    _, *marked = _MARK.split(printed)
    outputs = dict(zip(map(int, marked[::2]), marked[1::2], strict=True))
    for number, step in enumerate(story):
        got, ended_here = outputs[number], number + 1 not in outputs
        if ended_here and (status != 0 or step is not story[-1]):
            raise StoryError(f"line {step.line}: `{step.command}` failed ({status}):\n{got}")
        flags = ELLIPSIS | NORMALIZE_WHITESPACE
        if step.output and not OutputChecker().check_output(step.output, got, flags):
            raise StoryError(
                f"line {step.line}: `{step.command}` printed:\n{got}instead of:\n{step.output}"
            )


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _run(script: str, folder: Path, port: int) -> tuple[int, str]:
    binaries = Path(sys.executable).parent
    outside = {name: one for name, one in os.environ.items() if not name.startswith("BLOCKPOOL_")}
    environment = outside | {
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "HOME": str(folder),
        "BLOCKPOOL_NODE": f"http://127.0.0.1:{port}",
        "BLOCKPOOL_PORT": str(port),
    }
    log = folder / ".output"
    with log.open("w", encoding="utf-8") as output:  # a file: a background process may outlive us
        shell = subprocess.Popen(
            ["/bin/sh", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = shell.wait(STORY_S_MAX)
        finally:
            _end(shell.pid)
            shell.wait()
    return status, log.read_text(encoding="utf-8")


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return  # nothing was left in the background
