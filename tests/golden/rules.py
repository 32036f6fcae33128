"""The tables of `contracts/RULES.md`, made from the code they describe.

    python -m tests.golden.rules             says whether the document is up to date
    python -m tests.golden.rules --write     brings it up to date

A rule is written once, in the docstring of the function that holds it: `R301: …`. What follows up
to the next number is its text. Reasons, findings, workflows and state come from their tables. The
prose between the generated parts is written by hand.
"""

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

from msgspec.structs import fields

import contracts
from contracts import terms, values
from contracts.findings import FINDINGS
from contracts.reasons import REASONS
from contracts.workflows import WORKFLOWS, Step, Workflow
from ledger.canonical import Canonical

FOLDER: Final = Path(contracts.__path__[0])
DOCUMENT: Final = FOLDER / "RULES.md"
_NUMBER: Final = re.compile(r"\b(R\d{3}): ", re.ASCII)
_PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def rules() -> dict[str, tuple[str, str]]:
    """Every rule by its number: the module that holds it and what it says."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted(FOLDER.rglob("*.py")):
        for text in _docstrings(path):
            pieces = _NUMBER.split(text)[1:]
            for number, said in zip(pieces[::2], pieces[1::2], strict=True):
                if number in found:
                    raise ValueError(f"{number} stands twice: {found[number][0]}, {path.name}")
                found[number] = path.relative_to(FOLDER).as_posix(), _sentence(said)
    return dict(sorted(found.items()))


def numbers() -> frozenset[str]:
    """Every number a test can cite: rules, reasons, findings, rows of workflows."""
    rows = [step.number for workflow in WORKFLOWS.values() for step in workflow.steps]
    return frozenset(
        [*rules(), *rows]
        + [str(reason.number) for reason in REASONS]
        + [f"F{finding.number}" for finding in FINDINGS]
    )


def up_to_date(document: str) -> str:
    """The document with its generated parts made anew."""
    return _PART.sub(lambda part: part[1] + _PARTS[part[2]]() + part[3], document)


def _docstrings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield ast.get_docstring(node) or ""


def _sentence(text: str) -> str:
    said = " ".join(text.split())
    return said[0].upper() + said[1:]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _rules() -> str:
    return _table(
        ("rule", "says", "in"),
        [(number, said, f"`{module}`") for number, (module, said) in rules().items()],
    )


def _reasons() -> str:
    return _table(
        ("number", "code", "meaning", "retry"),
        [
            (str(one.number), f"`{one.code}`", one.meaning, "yes" if one.can_retry else "")
            for one in REASONS
        ],
    )


def _findings() -> str:
    return _table(
        ("number", "code", "meaning", "cure"),
        [(f"F{one.number}", f"`{one.code}`", one.meaning, one.cure) for one in FINDINGS],
    )


def _workflows() -> str:
    return "\n\n".join(_workflow(one) for one in WORKFLOWS.values())


def _workflow(workflow: Workflow) -> str:
    rows = [_row(step) for step in workflow.steps]
    lines = [f"### `{workflow.name}`: {workflow.title}", ""]
    lines += [_table(("row", "state", "step", "by", "who", "next", "ground"), rows), ""]
    for state in workflow.states:
        if not any(step.state == state.name for step in workflow.steps):
            lines.append(f"- `{state.name}` is final.")
        elif state.then is not None:
            days = f"`{state.days}`" if state.days else "the days its rule sets"
            overdue = f", `{state.overdue}` against {state.late}" if state.overdue else ""
            unheard = f"; if nobody can decide, `{state.unheard}`" if state.unheard else ""
            lines.append(f"- `{state.name}` has {days}; then `{state.then}`{overdue}{unheard}.")
    return "\n".join(lines)


def _row(step: Step) -> tuple[str, ...]:
    who = ", ".join(step.who) + (" (no party)" if step.independent else "")
    grounds = ", ".join(f"`{ground}`" for ground in step.grounds)
    named = f"names a {step.names}" if step.names else ""
    runs_on = "the deadline runs on" if step.keeps_due else ""
    grounds = "; ".join(filter(None, (named, grounds, runs_on)))
    kind = f"`{step.by}`"
    return step.number, f"`{step.state}`", f"`{step.name}`", kind, who, f"`{step.next}`", grounds


def _state() -> str:
    shown = _table_of(values)
    kinds = [
        kind
        for _, kind in inspect.getmembers(values, inspect.isclass)
        if issubclass(kind, Canonical) and kind.__module__ == values.__name__
    ]
    for kind in sorted(kinds, key=lambda one: inspect.getsourcelines(one)[1]):
        members = ", ".join(
            f"`{one.encode_name}`" if one.required else f"`{one.encode_name}`?"
            for one in fields(kind)
        )
        shown += f"\n\n**{kind.__name__}.** {_sentence(inspect.getdoc(kind) or '')} {members}."
    return shown


def _terms() -> str:
    return _table_of(terms)


def _table_of(module: ModuleType) -> str:
    """The table in a module's docstring."""
    lines = (module.__doc__ or "").splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))


_PARTS: Final = {
    "findings": _findings,
    "reasons": _reasons,
    "rules": _rules,
    "state": _state,
    "terms": _terms,
    "workflows": _workflows,
}


def main(arguments: list[str]) -> int:
    """Check the document, or write it."""
    before = DOCUMENT.read_text(encoding="utf-8")
    after = up_to_date(before)
    if "--write" in arguments:
        DOCUMENT.write_text(after, encoding="utf-8")
    elif before != after:
        print("contracts/RULES.md is not up to date: python -m tests.golden.rules --write")  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
