"""The OpenAPI document: what FastAPI reads off the routes, completed from `node.api.operations`.

FastAPI contributes paths, parameters and their limits; the docstrings of the handlers are the
descriptions. From the tables come summaries, bodies, answers and problems, from `examples.json`
real conversations (`python -m tests.golden.api_examples --write`).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from msgspec import Struct
from msgspec.json import schema_components

from contracts.reasons import REASONS
from node.api.answers import ITEMS, ROWS, CaseHistory, Page
from node.api.operations import BYTES, OPERATIONS, PARAMETERS, TEXT, Operation
from node.api.principal import Scope
from node.api.problems import MEDIA_TYPE, PROBLEMS, Problem, status_of

Json = dict[str, Any]
ALWAYS: Final = (
    "bad-parameter",
    "unauthorized",
    "signature-wrong",
    "signature-replayed",
    "scope-missing",
    "misdirected",
    "rate-limited",
    "internal-error",
    "backfilling",
    "catching-up",
)
"""What every operation may answer, liveness apart."""
_LIVE: Final = "GET /health/live"
_REFERENCE: Final = "#/components/schemas/{name}"
_READ: Final[Mapping[str, Callable[[str], object]]] = {"integer": int, "boolean": json.loads}
_STRING: Final[Json] = {"type": "string"}
_HEADERS: Final[Mapping[str, str]] = {
    "Accept-Signature": "How a request may be signed (RFC 9421).",
    "Cache-Control": "How long the answer stays true: for ever for what is complete.",
    "Location": "Where the record can be read.",
    "Retry-After": "Seconds after which to ask again.",
    "WWW-Authenticate": "Which credential is needed.",
    "X-Request-Id": "The id of the request in the node's log: the caller's, if that may submit.",
}
_SCHEMES: Final[Json] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of the node. It has the scope named, or one that includes it.",
    },
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": "The request is signed (RFC 9421) with the key of a writer, or of a node, "
        "that the ledger knows; `Accept-Signature` of an answer 401 says how.",
    },
    "certificate": {
        "type": "mutualTLS",
        "description": "A node shows the certificate of its transport key.",
    },
}
_DESCRIPTION: Final = """\
A provenance ledger: signed records go in, receipts come out, everything read comes with its proof.

Errors are problems (RFC 9457) with a permanent `code`: a reason of the ledger's rules, whose
`number` is that of RULES.md, or a code of the node, whose `number` is 0. `retry` says whether the
same request may succeed later. HEAD is answered wherever GET is. A query parameter that a resource
does not have is refused, not ignored. Bytes that are no HTTP are answered `malformed-request`, a
head above 32 KiB `head-too-large`, a connection too many `too-many-connections`."""


class Api(FastAPI):
    """An application whose OpenAPI document is complete."""

    def openapi(self) -> Json:
        """As `FastAPI.openapi`."""
        if self.openapi_schema is None:
            self.openapi_schema = _complete(super().openapi())
        return self.openapi_schema


@cache
def examples() -> Mapping[str, Json]:
    """By operation, the real `body` and `answer` by media type."""
    path = Path(__file__).with_name("examples.json")
    found: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _complete(document: Json) -> Json:
    document["info"]["description"] = _DESCRIPTION
    document["components"] = {
        "schemas": _schemas(),
        "headers": {name: {"description": d, "schema": _STRING} for name, d in _HEADERS.items()},
        "securitySchemes": _SCHEMES,
    }
    for name, described in _operations(document):
        operation = OPERATIONS[name]
        described["summary"] = operation.summary
        described["security"] = _security(operation.scope)
        described["responses"] = dict(_responses(name, operation))
        if operation.body:
            bodies = _content(operation.body, examples()[name]["body"])
            described["requestBody"] = {"required": True, "content": bodies}
        for parameter in described.get("parameters", ()):
            _complete_parameter(parameter)
    return document


def _security(scope: Scope | None) -> list[Json]:
    """Which credentials let do it, if not everybody may; a node may be open (`{}`)."""
    if scope is None:
        return [{}]
    own = [{"token": [scope]}]
    return own if scope == "sign" else [*own, {"signature": [scope]}, {"certificate": [scope]}, {}]


def _operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            yield f"{method.upper()} {path}", described


def _complete_parameter(parameter: Json) -> None:
    description, example = PARAMETERS[parameter["name"]]
    parameter["description"] = description
    schema = parameter["schema"]
    alternatives = schema.pop("anyOf", ())  # nothing sent in a query is null
    schema.update(next((one for one in alternatives if one != {"type": "null"}), {}))
    schema.pop("title", None)
    if example:
        parameter["example"] = _READ.get(schema["type"], str)(example)


def _responses(name: str, operation: Operation) -> Iterator[tuple[str, Json]]:
    answers = examples()[name]["answer"]
    headers = _header_references([*operation.headers, "X-Request-Id"])
    for status, description in operation.statuses.items():
        content = _content(operation.answer, answers, name)
        yield (
            str(status),
            {"description": description, "headers": headers, "content": content},
        )
    codes = defaultdict[int, list[tuple[str, str]]](list)
    for code in operation.problems if name == _LIVE else (*operation.problems, *ALWAYS):
        codes[PROBLEMS[code][0]].append((code, PROBLEMS[code][1]))
    if operation.refusals:
        for reason in REASONS:
            codes[status_of(reason)].append((reason.code, reason.meaning))
    for status, meanings in sorted(codes.items()):
        found = _problem(status, dict(meanings))
        if status in operation.text_statuses:
            found["content"] |= _plain(operation, status)
        yield str(status), found
    for status, description in operation.text_statuses.items():
        if status not in codes:
            content = _plain(operation, status)
            yield str(status), {"description": description, "content": content}


def _plain(operation: Operation, status: int) -> Json:
    return {operation.text_types.get(status, TEXT): {"schema": _STRING}}


def _problem(status: int, meanings: Mapping[str, str]) -> Json:
    waits = status in (408, 429, 503, 504)
    names = ["X-Request-Id", *(["Retry-After"] if waits else [])]
    names += ["WWW-Authenticate"] if status in (401, 403) else []
    names += ["Accept-Signature"] if status == 401 else []
    code, meaning = next(iter(meanings.items()))
    example = {
        "type": f"urn:blockpool:problem:{code}",
        "title": meaning,
        "status": status,
        "detail": meaning,
        "code": code,
        "number": next((one.number for one in REASONS if one.code == code), 0),
        "retry": waits,
        "fields": [],
    }
    narrowed = {"properties": {"code": {"enum": list(meanings)}, "status": {"const": status}}}
    schema = {"allOf": [{"$ref": _REFERENCE.format(name="Problem")}, narrowed]}
    return {
        "description": "; ".join(f"`{code}`: {meaning}" for code, meaning in meanings.items()),
        "headers": _header_references(names),
        "content": {MEDIA_TYPE: {"schema": schema, "example": example}},
    }


def _header_references(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _content(media: Mapping[str, type[Struct] | None], shown: Json, name: str = "") -> Json:
    content = {}
    for media_type, kind in media.items():
        schema = _STRING if kind is None else _reference(kind, name)
        if media_type == BYTES:
            schema = {**_STRING, "format": "binary"}
        content[media_type] = {"schema": schema}
        if media_type in shown:
            content[media_type]["example"] = shown[media_type]
    return content


def _reference(kind: type[Struct], name: str) -> Json:
    listed = name.removeprefix("GET /v1/")
    title = f"{listed.capitalize()}Page" if ITEMS.get(listed) is kind else kind.__name__
    return {"$ref": _REFERENCE.format(name=title)}


def _schemas() -> Json:
    """Every schema that the operations name, and those that these name."""
    kinds = {kind for one in OPERATIONS.values() for kind in _kinds(one)}
    wanted = sorted({*kinds, *ITEMS.values(), Page, Problem}, key=str)
    _, components = schema_components(wanted, ref_template=_REFERENCE)
    schemas: Json = _portable(components)
    history = schemas[CaseHistory.__name__]
    case = schemas[ITEMS["cases"].__name__]
    schemas[CaseHistory.__name__] = _joined(history, _identified(case))
    page = schemas.pop(Page.__name__)
    for name, kind in ITEMS.items():
        item = schemas[kind.__name__]
        item = item if kind in ROWS else _identified(item)
        items = {"type": "array", "items": item}
        narrowed = {**page, "properties": {**page["properties"], "items": items}}
        schemas[f"{name.capitalize()}Page"] = narrowed
    return schemas


def _kinds(operation: Operation) -> Sequence[type[Struct]]:
    media = (*operation.answer.values(), *operation.body.values())
    return [kind for kind in media if kind is not None]


def _identified(schema: Json) -> Json:
    return _joined(schema, {"properties": {"id": _STRING}, "required": ["id"]})


def _joined(first: Json, second: Json) -> Json:
    """The schema of an object with the members of both."""
    properties = {**second["properties"], **first["properties"]}
    return {**first, "properties": properties, "required": second["required"] + first["required"]}


def _portable(schema: Any) -> Any:
    """With patterns as ECMAScript writes them, and descriptions without their lists of members."""
    if isinstance(schema, list):
        return [_portable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _portable(value) for key, value in schema.items()}
    if isinstance(pattern := found.get("pattern"), str):
        found["pattern"] = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    if isinstance(description := found.get("description"), str):
        found["description"] = description.partition("\n")[0]
    return found
