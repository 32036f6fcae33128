"""The OpenAPI document is complete and true: every operation, every answer, every example."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema_rs
import pytest
from msgspec import convert

from ledger.envelope import parse_envelope
from ledger.receipt import verify_receipt
from ledger.records import Schema, decode_body, parse_record
from node.api.answers import RecordResult
from node.api.openapi import examples
from node.api.operations import DSSE, JSON, NDJSON, OPERATIONS, PARAMETERS
from node.api.problems import PROBLEMS
from node.app import create_app
from node.composition import Keys
from node.storage.address import Database
from tests.golden.api_examples import Exchange, converse, examples_of
from tests.log_files import story
from tests.nodes import policy_of
from tests.served import settings_in

Talk = list[tuple[Exchange, httpx.Response]]
METHODS: Final = {"get", "post"}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return create_app(settings_in(tmp_path_factory.mktemp("none")), Keys()).openapi()


@pytest.fixture
async def talk(tmp_path: Path, database: Database) -> Talk:
    return await converse(tmp_path, database)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        assert methods.keys() <= METHODS
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_table_is_of_these_routes(document: dict[str, Any]) -> None:
    assert OPERATIONS.keys() == dict(operations(document)).keys() == examples().keys()


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"] == OPERATIONS[name].summary
        assert operation["description"]
        assert operation["tags"]
        for parameter in operation.get("parameters", ()):
            assert parameter["description"]
            schema = parameter["schema"]
            bounded = schema.keys() & {"maxLength", "maximum", "enum", "pattern"}
            assert bounded or schema["type"] == "boolean", (name, parameter)


def test_every_operation_shows_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        answered = [operation["responses"][str(status)] for status in OPERATIONS[name].statuses]
        media = [one for answer in answered for one in answer["content"].values()]
        shown = [*media, *operation.get("parameters", ())]
        assert any("example" in one for one in shown), name
        for body in operation.get("requestBody", {}).get("content", {}).values():
            assert "example" in body or body["schema"].get("format") == "binary"


def test_every_answer_is_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        statuses = {int(status) for status in operation["responses"]}
        assert statuses & {200, 201}
        assert {400, 401, 500} <= statuses or name == "GET /health/live"
        for status, answer in operation["responses"].items():
            assert answer["description"]
            assert answer["content"]
            if status in ("429", "503", "504") and "text/plain" not in answer["content"]:
                assert "Retry-After" in answer["headers"]


def test_no_parameter_and_no_problem_is_described_for_nobody(document: dict[str, Any]) -> None:
    named = {
        parameter["name"]
        for _, operation in operations(document)
        for parameter in operation.get("parameters", ())
    }
    assert named == PARAMETERS.keys()
    told = json.dumps(document)
    assert [code for code in PROBLEMS if code not in told] == ["method-not-allowed"]


def check(document: dict[str, Any], schema: dict[str, Any], value: object) -> None:
    """The value is as a schema of the document has it."""
    whole = {**schema, "components": document["components"]}
    jsonschema_rs.validator_for(whole).validate(value)


def test_schemas_admit_no_other_member(document: dict[str, Any]) -> None:
    answer = {**examples()["GET /v1/ledger"]["answer"][JSON], "more": 1}
    schema = {"$ref": "#/components/schemas/LedgerAnswer"}
    with pytest.raises(jsonschema_rs.ValidationError, match="more"):
        check(document, schema, answer)


def test_every_example_is_as_its_schema_has_it(document: dict[str, Any]) -> None:
    for _, operation in operations(document):
        described = [operation.get("requestBody", {}), *operation["responses"].values()]
        for one in (one for part in described for one in part.get("content", {}).values()):
            if "example" in one:
                check(document, one["schema"], one["example"])
        for parameter in operation.get("parameters", ()):
            if "example" in parameter:
                check(document, parameter["schema"], parameter["example"])


def test_the_records_shown_are_records() -> None:
    one = examples()["POST /v1/records"]["body"]
    assert one[DSSE] == one[JSON]
    record = parse_record(json.dumps(one[DSSE], separators=(",", ":")).encode())
    lines = examples()["POST /v1/records/batch"]["body"][NDJSON].splitlines()
    following = [parse_record(line.encode()) for line in lines]
    chain = [record, *following]
    for before, after in zip(chain, following, strict=False):
        assert after.chain.previous == before.digest
    statements = examples()["POST /v1/statements/batch"]["body"][JSON]["items"]
    for item in (*statements, examples()["POST /v1/statements"]["body"][JSON]):
        body = decode_body(item["kind"], json.dumps(item["body"]).encode())
        assert isinstance(body, Schema)


def test_the_receipt_shown_proves_the_record_shown() -> None:
    shown = examples()["POST /v1/records"]
    leaf = parse_envelope(json.dumps(shown["body"][DSSE]).encode(), canonical=False).encoded
    answer = convert(shown["answer"][JSON], RecordResult)
    verified = verify_receipt(answer.receipt.encode(), leaf, policy_of(story()))
    assert verified.index == answer.index


def test_the_examples_are_what_a_node_takes_and_answers(talk: Talk) -> None:
    """If not: `python -m tests.golden.api_examples --write`."""
    found = examples_of(talk)
    assert found.keys() == examples().keys()
    for name, shown in examples().items():
        if name != "POST /add-checkpoint":  # it holds a signature that is never the same
            assert found[name]["body"] == shown["body"]
        for media_type, answer in shown["answer"].items():
            assert shape(found[name]["answer"][media_type]) == shape(answer), name


def shape(value: object) -> object:
    """What does not change from run to run: the members, not what they hold."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value)


def test_what_a_node_answers_is_described(talk: Talk, document: dict[str, Any]) -> None:
    described = dict(operations(document))
    for exchange, answer in talk:
        response = described[exchange.operation]["responses"][str(answer.status_code)]
        content = response["content"][answer.headers["content-type"].partition(";")[0]]
        as_json = exchange.media_type == JSON
        check(document, content["schema"], answer.json() if as_json else answer.text)
        assert {name.lower() for name in response["headers"]} <= answer.headers.keys()
