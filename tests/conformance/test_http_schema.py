"""Requests made up from the OpenAPI document, good and bad, and what a node makes of them.

No fault of the node, no status or body that is not described, nothing let in that is not as
described. The node is real and so is the socket; what it is asked is random.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from node.app import create_app
from node.composition import Keys
from node.storage.address import Database
from tests.log_files import story
from tests.network import eventually
from tests.node_process import NodeProcess, node_process
from tests.nodes import close, open_replica
from tests.served import settings_in
from tests.stores import database_of

EXAMPLES: Final = settings().max_examples // 4
ENDLESS: Final = "GET /v1/events"
METHODS: Final = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
_DOCUMENT: Final = create_app(settings_in(Path(tempfile.gettempdir())), Keys()).openapi()
OPERATIONS: Final[dict[str, APIOperation[Any, Any, Any, Any]]] = {
    found.ok().label: found.ok()
    for found in schemathesis.openapi.from_dict(_DOCUMENT).get_all_operations()
    if isinstance(found, Ok)
}


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)]
)
def kept_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Many random questions: `make test` puts them to one kind of database."""
    yield from database_of(request, tmp_path_factory.mktemp("database"))


@pytest.fixture(scope="module")
def node(
    kept_database: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[NodeProcess]:
    folder = tmp_path_factory.mktemp("node")
    chosen = settings_in(folder, database=kept_database, verify_processes=0)
    close(open_replica(chosen.database, story()))
    with node_process(chosen) as process:
        made = f"{process.url}/v1/snapshot"  # while it is made, 503 is the answer
        eventually(lambda: httpx.get(made).status_code == httpx.codes.OK)
        yield process
    assert '"fault"' not in process.log


def test_all_operations_are_tried() -> None:
    assert OPERATIONS.keys() == {
        f"{method.upper()} {path}" for path, one in _DOCUMENT["paths"].items() for method in one
    }


def requests() -> Iterator[tuple[str, GenerationMode]]:
    """What to ask in which way; where nothing is to be filled in, nothing can be wrong."""
    for name, operation in OPERATIONS.items():
        if name != ENDLESS:
            yield name, GenerationMode.POSITIVE
            if operation.definition.raw.keys() & {"parameters", "requestBody"}:
                yield name, GenerationMode.NEGATIVE


@pytest.mark.parametrize(("name", "mode"), list(requests()))
def test_an_operation_does_what_it_says(node: NodeProcess, name: str, mode: GenerationMode) -> None:
    """What is as described may still be refused: nobody has signed it."""

    @given(OPERATIONS[name].as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    def ask(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE and case.query:
            case.query.pop("wait", None)  # for news that never come
        case.call_and_validate(
            base_url=node.url, timeout=30, excluded_checks=[positive_data_acceptance]
        )

    ask()


@pytest.mark.parametrize("path", _DOCUMENT["paths"])
def test_a_method_that_is_not_described_is_refused(node: NodeProcess, path: str) -> None:
    described = {method.upper() for method in _DOCUMENT["paths"][path]}
    if "GET" in described or path == "/v1/records/batch":  # which GET takes for a reference
        described |= {"GET", "HEAD"}
    for method in METHODS:
        if method not in described:
            answer = httpx.request(method, f"{node.url}{path}")
            assert answer.status_code == httpx.codes.METHOD_NOT_ALLOWED
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Allow"] in described
