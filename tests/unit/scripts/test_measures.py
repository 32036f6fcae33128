"""What the rules write into findings can be told in Chinese, sentence by sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import contracts
from contracts.findings import FINDING_OF_CODE
from scripts.explain.chinese import CHINESE
from scripts.explain.english import ENGLISH
from scripts.explain.measures import measured
from tests import bodies
from tests.story import Story
from tests.unit.scripts.conftest import Command
from tests.world import World

NAMED: Final = frozenset({"limit", "measure", "received", "why", "wrong"})
"""What a measure, or a part of one, is called where it is written."""
WRITERS: Final = frozenset({"_breach", "_find"})
TELLERS: Final = frozenset({"_contradicted", "_differences"})


def sentence(node: ast.expr | None) -> str | None:
    """A text as the rules write it, with `{}` for what is filled in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "{}" for one in node.values)
        return "".join(str(one) for one in parts)
    return None


def written(tree: ast.AST) -> Iterator[ast.expr | None]:
    """Where a module of the rules writes measures and limits."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield from (one.value for one in node.keywords if one.arg in NAMED)
                yield from node.args if name in WRITERS else ()
            case ast.Assign(targets=[ast.Name(id=name)]) if name in NAMED:
                yield node.value
            case ast.FunctionDef(name=name) if name in TELLERS:
                inner = list(ast.walk(node))
                yield from (one.value for one in inner if isinstance(one, ast.Return))
                yields = (one.value for one in inner if isinstance(one, ast.Yield))
                yield from (part for one in yields for part in getattr(one, "elts", ()))
            case _:
                pass


def choices(node: ast.expr | None) -> Iterator[ast.expr | None]:
    """What an expression comes to, one thing or another."""
    match node:
        case ast.IfExp(body=body, orelse=otherwise):
            yield from (body, otherwise)
        case ast.BoolOp(values=values):
            yield from values
        case _:
            yield node


def sentences() -> set[str]:
    """Every sentence with words of its own that the rules write into a finding."""
    found: set[str] = set()
    rules = (one for one in Path(contracts.__path__[0]).rglob("*.py") if "audit" not in one.parts)
    for path in rules:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for text in (sentence(one) for node in written(tree) for one in choices(node)):
            if text is not None and text not in FINDING_OF_CODE and re.search("[a-z]{2}", text):
                found.add(text)
    return found


def test_there_are_sentences() -> None:
    assert {"the grant ended at {}", "received {} times, {} rows", "not stated"} <= sentences()


@pytest.mark.parametrize("text", sorted(sentences()))
def test_every_sentence_of_the_rules_is_said_in_chinese(text: str) -> None:
    filled = text.replace("{}", "7")
    told = measured(CHINESE.measures, filled)
    assert re.search("[\u4e00-\u9fff]", told), filled
    assert re.search("[a-z]{4}", told) is None, told
    assert measured(ENGLISH.measures, filled) == filled


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("the grant ended at 2026-11-23T00:00:00.000Z", "授权已于 2026-11-23T00:00:00.000Z 终止"),
        (
            f"the grant was not accepted, above: {'ab' * 32}-0",
            "授权未被接受（上级授权 abababab…-0）",
        ),
        ("2 of 3 columns: a, c", "3 个数据项中有 2 个：a, c"),
        ("400000 ms", "6 分 40 秒"),
        ("flights and 2 more", "flights 等，另有 2 项"),
        ("b: all", "b：全部"),
        ("refused: not-necessary", "不同意共享：并非履职所必需"),
        ("flights@1, 11 rows", "flights@1，共 11 行"),
        ("transport/clerk: flights", "transport/clerk: flights"),
        ("17", "17"),
    ],
)
def test_a_measure_in_chinese(text: str, told: str) -> None:
    assert measured(CHINESE.measures, text) == told


def test_a_finding_is_explained_with_its_measure(command: Command, world: World) -> None:
    story = Story()
    story.world = world
    story.publish().grant()
    sent = story.says("transport/main", bodies.delivery(story.grant_id, world.now)).digest
    story.says("health/main", bodies.acknowledgement(sent, rows=1))
    index = str(len(world.leaves) - 2)
    chinese = command.ok("explain", index, "--lang", "zh")
    assert "签收 1 次，共 1 行" in chinese
    assert "交付 1 次，共 10 行" in chinese
    assert "received 1 times, 1 rows" in command.ok("explain", index)
