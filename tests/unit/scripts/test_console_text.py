"""What goes where, and what never reaches a terminal."""

import pytest
import typer

from scripts.console_text import fail, info, print_fields, print_json, print_table, success, warn

HOSTILE = "a\x1b]0;title\x07\x9b31m\u202eb\rc[bold]d[/bold]"
SHOWN = "a\ufffd]0;title\ufffd\ufffd31m\ufffdb\ufffdc[bold]d[/bold]"


def test_results_go_to_stdout_and_remarks_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    success("done")
    print_json({"b": 1, "a": "数据"})
    info("by the way")
    warn("careful", hint="look")
    with pytest.raises(typer.Exit) as ended:
        fail("broken", hint="mend it", code=2)
    said = capsys.readouterr()
    assert said.out == 'done\n{\n  "a": "数据",\n  "b": 1\n}\n'
    assert said.err == ("by the way\nwarning: careful\nhint: look\nerror: broken\nhint: mend it\n")
    assert ended.value.exit_code == 2


def test_text_of_others_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    success(HOSTILE)
    info(HOSTILE)
    print_fields([(HOSTILE, HOSTILE)])
    print_table(["column"], [[HOSTILE]])
    with pytest.raises(typer.Exit):
        fail(HOSTILE, HOSTILE)
    said = capsys.readouterr()
    for text in (said.out, said.err):
        assert not set(text) & {"\x1b", "\x07", "\x9b", "\u202e", "\r"}
    assert said.out.count(SHOWN) == 4
    assert said.err.count(SHOWN) == 3


def test_a_row_is_a_line_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    digest = "ab" * 32
    print_table(["one"] * 8, [[digest] * 8])
    print_fields([("terms", digest * 8)])
    header, row, fields = capsys.readouterr().out.splitlines()
    assert header.split() == ["one"] * 8
    assert row.split() == [digest] * 8
    assert fields.split() == ["terms", digest * 8]


def test_long_values_are_not_cut_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    digest = "ab" * 32
    print_table(["one", "two"], [[digest, digest]])
    success(digest * 8)
    said = capsys.readouterr().out
    assert said.count(digest) == 10
    assert digest * 8 in said
