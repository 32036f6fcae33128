"""`GET /docs`: the API on one page that needs nothing from anywhere else.

FastAPI's own pages load their script from a content delivery network and stay blank in a closed
one. This is `/openapi.json` as plain HTML: no script, no style sheet, no address but our own.
"""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, RedirectResponse

Json = dict[str, Any]

router = APIRouter(include_in_schema=False)
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
_HEAD: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>blockpool</title>'
    "<style>body{font-family:sans-serif;max-width:60em;margin:2em auto;line-height:1.4}"
    "table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding-right:1em}"
    "code{font-size:105%}</style>"
)


@router.get("/")
async def root() -> RedirectResponse:
    """Whoever looks what there is finds the manual."""
    return RedirectResponse("/docs")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The manual."""
    document = request.app.openapi()
    return HTMLResponse(manual(document), headers={"Content-Security-Policy": _POLICY})


def manual(document: Json) -> str:
    """An OpenAPI document as HTML; of the document everything is escaped.

    >>> page = manual({"info": {"title": "a<b", "description": ""}, "paths": {}})
    >>> "<h1>a&lt;b</h1>" in page, "script" in page
    (True, False)
    """
    info = document["info"]
    parts = [_HEAD, f"<h1>{escape(info['title'])}</h1>", _paragraphs(info["description"])]
    parts.append('<p>For programs: <a href="/openapi.json">/openapi.json</a>.</p>')
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts += _operation(f"{method.upper()} {path}", operation)
    return "\n".join(parts)


def _operation(name: str, operation: Json) -> Iterator[str]:
    yield f"<h2><code>{escape(name)}</code></h2>"
    yield f"<p><b>{escape(operation['summary'])}</b></p>"
    yield _paragraphs(operation["description"])
    scopes = operation["security"][0].get("token")
    yield f"<p>Scope: <code>{escape(scopes[0])}</code></p>" if scopes else "<p>For everybody.</p>"
    parameters = [
        (one["name"], one["in"], one["description"]) for one in operation.get("parameters", ())
    ]
    if parameters:
        yield _table(("parameter", "in", "what"), parameters)
    bodies = ", ".join(operation.get("requestBody", {}).get("content", ()))
    if bodies:
        yield f"<p>Body: <code>{escape(bodies)}</code></p>"
    answers = [
        (status, ", ".join(told.get("content", ())), told["description"])
        for status, told in operation["responses"].items()
    ]
    yield _table(("status", "type", "what"), answers)


def _table(names: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(one)}</p>" for one in text.split("\n\n"))
