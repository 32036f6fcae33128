"""The tables of `node/OPERATIONS.md`, made from the code they describe.

python -m tests.golden.settings             says whether the document is up to date
python -m tests.golden.settings --write     brings it up to date
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

import node
from node.metrics import GAUGES, MEMBER_GAUGES, Metrics
from node.settings import Settings

DOCUMENT: Final = Path(node.__path__[0]) / "OPERATIONS.md"
_PART: Final = re.compile(r"(<!-- generated: (\w+) -->\n).*?(\n<!-- end -->)", re.DOTALL)


def up_to_date(document: str) -> str:
    """The document with its generated parts made anew."""
    return _PART.sub(lambda part: part[1] + _PARTS[part[2]]() + part[3], document)


def _settings() -> str:
    lines = ["| setting | default | bounds | what it is |", "|---|---|---|---|"]
    return "\n".join([*lines, *_rows(Settings, "")])


def _rows(group: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in group.model_fields.items():
        nested = _group_of(field)
        if nested is not None:
            yield from _rows(nested, f"{prefix}{name}.")
            continue
        bounds = {type(one): one for one in field.metadata}
        low, high = bounds.get(Ge), bounds.get(Le)
        shown = f"{low.ge:,} to {high.le:,}" if low is not None and high is not None else ""
        yield f"| `{prefix}{name}` | {_default(field)} | {shown} | {field.description} |"


def _group_of(field: FieldInfo) -> type[BaseModel] | None:
    for one in (field.annotation, *get_args(field.annotation)):
        if isinstance(one, type) and issubclass(one, BaseModel):
            return one
    return None


def _default(field: FieldInfo) -> str:
    match field.default:
        case _ if field.is_required():
            return "required"
        case None | ():
            return ""
        case bool() as flag:
            return f"`{str(flag).lower()}`"
        case int() as number:
            return f"{number:,}"
        case tuple() as several:
            return f"`{list(several)}`".replace("'", '"')
        case other:
            return f'`"{other}"`'


def _metrics() -> str:
    lines = ["| metric | kind | what it is |", "|---|---|---|"]
    for metric in Metrics().registry.collect():
        if not metric.name.startswith("process_"):
            total = "_total" if metric.type == "counter" else ""
            suffix = "_info" if metric.type == "info" else total
            labels = _LABELS.get(metric.name, "")
            lines.append(
                f"| `{metric.name}{suffix}{labels}` | {metric.type} | {metric.documentation} |"
            )
    lines += [f"| `{name}` | gauge | {text} |" for name, text in GAUGES.items()]
    lines += [f"| `{name}{{member}}` | gauge | {text} |" for name, text in MEMBER_GAUGES.items()]
    return "\n".join(lines)


_LABELS: Final = {
    "blockpool_requests": "{method,route,status}",
    "blockpool_request_seconds": "{route}",
    "blockpool_records": "{answer}",
    "blockpool_signature_checks": "{result}",
    "blockpool_build": "{version,python}",
}
_PARTS: Final = {"settings": _settings, "metrics": _metrics}


def main() -> int:
    """Compare, or write."""
    text = DOCUMENT.read_text(encoding="utf-8")
    made = up_to_date(text)
    if "--write" in sys.argv[1:]:
        DOCUMENT.write_text(made, encoding="utf-8")
        return 0
    sys.stdout.write("" if made == text else "run: python -m tests.golden.settings --write\n")
    return 0 if made == text else 1


if __name__ == "__main__":
    sys.exit(main())
