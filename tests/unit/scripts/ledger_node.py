"""A node over a ledger in memory: the real rules behind the HTTP API, without a service."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from msgspec import json as msgspec_json
from msgspec import to_builtins

from contracts.sharing.chains import chain_of, state_of
from contracts.tasks import Task, may_sign, tasks_of, waits
from contracts.transition import Accepted
from contracts.values import Case, ChainHead, EntryTerms, GrantedRight, Writer
from ledger.canonical import encode
from ledger.checkpoint import Checkpoint, log_key, sign_checkpoint
from ledger.envelope import parse_envelope
from ledger.errors import FormatError
from ledger.hashing import leaf_hash
from ledger.lexical import encode_base64
from ledger.policy import LogEntry, Policy
from ledger.receipt import Receipt, encode_receipt
from ledger.records import Usage, parse_record, read_record
from ledger.seal import Outcome, is_seal
from ledger.tree import root_of
from node.api.rights import told_chain
from tests.reference.naive_tree import path
from tests.unit.scripts.assessed_answers import assessed_answer
from tests.world import ORIGIN, World, signer

LOG_KEY = signer("steward/log")
POLICY = Policy(logs=(LogEntry(log_key(ORIGIN, LOG_KEY.public_key)),))


@dataclass
class LedgerNode:
    """Answers as `node/api` does; each record makes a block of its own."""

    world: World
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:  # noqa: C901, PLR0912  one per path
        path_, params = request.url.path, request.url.params
        if path_ == "/v1/records/batch":
            return self._batch(request.content)
        if path_.startswith("/v1/writers/"):
            return self._writer(path_.removeprefix("/v1/writers/"))
        if path_.startswith("/v1/records/"):
            as_bytes = request.headers["accept"].startswith("application/octet-stream")
            return self._record(path_.removeprefix("/v1/records/"), as_bytes=as_bytes)
        if path_.startswith("/v1/state/"):
            return self._state(path_.removeprefix("/v1/state/"))
        if path_.startswith("/v1/values/"):
            return self._state(path_.removeprefix("/v1/values/"))
        if path_ == "/v1/deliveries":
            return self._page(self._deliveries(params), params)
        if path_ == "/v1/cases":
            return self._page(self._cases(params), params)
        if path_.startswith("/v1/cases/"):
            return self._course(path_.removeprefix("/v1/cases/"))
        if path_ == "/v1/tasks":
            return self._page(self._tasks(params))
        if path_ in ("/v1/members", "/v1/writers"):
            return self._page(self._values(path_.removeprefix("/v1/").removesuffix("s")))
        if path_ == "/v1/datasets":
            return self._page(self._datasets(params.get("provider")))
        if path_ == "/v1/usage":
            return self._page(self._usage(params))
        if path_ == "/v1/releases":
            dataset = params["dataset"]
            return self._page(self._values(f"release/{dataset}", "release/"))
        if path_ == "/v1/requests":
            return self._page(self._values("request"), params)
        if path_ == "/v1/grants":
            return self._page(self._grants(params), params)
        if path_.startswith("/v1/grants/"):
            return self._chain(path_.split("/")[3])
        if path_.startswith(("/v1/assessment", "/v1/trust")):
            return assessed_answer(self.world, path_, params)
        if path_ == "/v1/ledger":
            return self._ledger()
        if path_ == "/v1/systems":
            return self._page(self._systems(params.get("owner")))
        return _problem(404, "not-found", "no such path")

    def _note(self) -> bytes:
        leaves = self.world.leaves
        root = root_of([leaf_hash(leaf) for leaf in leaves])
        return sign_checkpoint(Checkpoint(ORIGIN, len(leaves), root), [LOG_KEY])

    def _batch(self, content: bytes) -> httpx.Response:
        results = [self._append(leaf) for leaf in _entries(content)]
        for one in results:
            if "index" in one:
                siblings = path(one["index"], self.world.leaves)
                one["proof"] = [encode_base64(sibling) for sibling in siblings]
        return httpx.Response(200, json={"results": results, "checkpoint": self._note().decode()})

    def _append(self, leaf: bytes) -> dict[str, Any]:
        try:
            record = read_record(parse_envelope(leaf))
        except FormatError as error:
            return {"status": 400, "problem": _body(400, "malformed", str(error))}
        if record.digest in self.results:
            return {**self.results[record.digest], "status": 200}
        verdict = self.world.block(record).verdicts[0]
        if not isinstance(verdict, Accepted):
            reason = verdict.reason
            told = _body(403, reason.code, verdict.detail or reason.meaning, retry=reason.can_retry)
            return {"status": 403, "problem": told}
        outcome = verdict.outcome
        findings = [{"case": one.case, "code": one.code} for one in outcome.findings]
        answer: dict[str, Any] = {
            "status": 201,
            "index": outcome.index,
            "digest": record.digest,
            "height": self.world.head.height,
            "blockTime": self.world.now,
            "findings": findings,
        }
        self.results[record.digest] = answer
        return dict(answer)

    def _writer(self, name: str) -> httpx.Response:
        writer, head = self.world.value(f"writer/{name}"), self.world.value(f"chain/{name}")
        if not isinstance(writer, Writer):
            return _problem(404, "unknown-writer", name)
        known = isinstance(head, ChainHead)
        return httpx.Response(
            200,
            json={
                "writer": name,
                "records": head.records if isinstance(head, ChainHead) else 0,
                "head": head.head if isinstance(head, ChainHead) else None,
                "ledger": self.world.head.ledger,
                "lastIndex": 1 if known else None,
            },
        )

    def _record(self, ref: str, *, as_bytes: bool) -> httpx.Response:
        ref, _, rest = ref.partition("/")
        index = self._index(ref)
        if index is None:
            return _problem(404, "not-found", f"no record {ref}")
        leaf = self.world.leaves[index]
        if rest == "receipt":
            proof = tuple(path(index, self.world.leaves))
            return httpx.Response(200, content=encode_receipt(Receipt(index, proof, self._note())))
        if as_bytes:
            return httpx.Response(200, content=leaf)
        record = None if is_seal(leaf) else parse_record(leaf)
        return httpx.Response(
            200,
            json={
                "index": index,
                "digest": None if record is None else record.digest,
                "kind": "seal" if record is None else record.kind,
                "height": 1,
                "blockTime": self.world.now,
                "outcome": to_builtins(self._outcomes()[index]),
            },
        )

    def _outcomes(self) -> dict[int, Outcome]:
        """By index of the leaf; of a seal, the settlement of its block."""
        found: dict[int, Outcome] = {}
        for result in (self.world.founding, *self.world.results):
            decided = [one.outcome for one in result.verdicts if isinstance(one, Accepted)]
            found |= {outcome.index: outcome for outcome in decided if outcome.index is not None}
            found[result.head.size - 1] = result.settlement
        return found

    def _index(self, ref: str) -> int | None:
        if ref.isdigit() and len(ref) < 20 and int(ref) < len(self.world.leaves):
            return int(ref)
        digests = (
            (index, parse_record(leaf).digest)
            for index, leaf in enumerate(self.world.leaves)
            if not is_seal(leaf)
        )
        found = [index for index, digest in digests if digest.startswith(ref)]
        return found[0] if len(found) == 1 else None

    def _ledger(self) -> httpx.Response:
        head = self.world.head
        answer = {
            "blockTime": head.time,
            "checkpoint": self._note().decode(),
            "height": head.height,
            "ledger": head.ledger,
            "origin": ORIGIN,
            "rules": 1,
            "size": head.size,
        }
        return httpx.Response(200, json=answer)

    def _state(self, key: str) -> httpx.Response:
        value = self.world.value(key)
        answer: dict[str, Any] = {
            "key": key,
            "value": None if value is None else msgspec_json.decode(encode(value)),
            "size": len(self.world.leaves),
            "height": 1,
            "stateRoot": self.world.state_root().hex(),
            "proof": {},
            "sealLeaf": "",
            "sealReceipt": "",
        }
        return httpx.Response(200, json=answer)

    def _cases(self, params: httpx.QueryParams) -> Iterator[dict[str, Any]]:
        for key in sorted(self.world.state.keys("case/")):
            case = self.world.value(key)
            if not isinstance(case, Case):
                continue
            members = [party.member for party in case.parties]
            wanted = (
                params.get("workflow") in (None, case.workflow),
                params.get("state") in (None, case.state),
                params.get("party") in (None, *members),
            )
            if all(wanted):
                yield {"id": key.removeprefix("case/"), **to_builtins(case)}

    def _course(self, case: str) -> httpx.Response:
        outcomes = self._outcomes().items()
        moved = [index for index, outcome in outcomes if f"case/{case}" in outcome.changed]
        value = self.world.value(f"case/{case}")
        if not isinstance(value, Case):
            return _problem(404, "not-found", f"no case {case}")
        told = {"id": case, **to_builtins(value), "steps": [self._step(n) for n in moved]}
        return httpx.Response(200, content=msgspec_json.encode(told))

    def _step(self, index: int) -> dict[str, Any]:
        step: dict[str, Any] = {"index": index, "blockTime": self.world.now, "kind": "settlement"}
        if is_seal(self.world.leaves[index]):
            return step
        record = parse_record(self.world.leaves[index])
        return {**step, "kind": record.kind, "writer": record.chain.writer, "body": record.body}

    def _chain(self, grant: str) -> httpx.Response:
        right = self.world.value(f"grant/{grant}")
        if not isinstance(right, GrantedRight):
            return _problem(404, "not-found", f"no grant `{grant}`")
        told = told_chain(self.world.state, grant, right, self.world.now, is_now=True)
        return httpx.Response(200, content=msgspec_json.encode(told))

    def _tasks(self, params: httpx.QueryParams) -> Iterator[dict[str, Any]]:
        member = params.get("member") or params["writer"].partition("/")[0]
        found: list[Task] = []
        for key in sorted(self.world.state.keys("case/")):
            case, case_id = self.world.value(key), key.removeprefix("case/")
            if isinstance(case, Case) and waits(case):
                found += tasks_of(self.world.state, self.world.now, case_id, case, member)
        writer = self.world.value(f"writer/{params.get('writer')}")
        for task in sorted(found, key=lambda one: (one.due or "~", one.case)):
            signs = not isinstance(writer, Writer) or may_sign(writer, task, self.world.now)
            if signs and params.get("duty") in (None, task.duty):
                yield to_builtins(task)

    def _values(self, prefix: str, place: str = "") -> Iterator[dict[str, Any]]:
        """The values under a prefix; ids are what follows their `place`."""
        for key in sorted(self.world.state.keys(f"{prefix}/")):
            found = to_builtins(self.world.value(key))
            yield {"id": key.removeprefix(place or f"{prefix}/"), **found}

    def _datasets(self, provider: str | None) -> Iterator[dict[str, Any]]:
        for key in sorted(self.world.state.keys("entry/")):
            entry = self.world.value(key)
            if isinstance(entry, EntryTerms) and provider in (None, entry.provider):
                yield {"id": key.removeprefix("entry/"), **to_builtins(entry)}

    def _deliveries(self, params: httpx.QueryParams) -> Iterator[dict[str, Any]]:
        for row in self._values("delivery"):
            acknowledged = "no" if row.get("acknowledged") is None else "yes"
            wanted = (
                params.get("acknowledged") in (None, acknowledged),
                params.get("consumer") in (None, row["consumer"]),
                params.get("grant") in (None, row["grant"]),
            )
            if all(wanted):
                yield row

    def _grants(self, params: httpx.QueryParams) -> Iterator[dict[str, Any]]:
        for row in self._values("grant"):
            right = self.world.value(f"grant/{row['id']}")
            assert isinstance(right, GrantedRight)
            found = state_of(chain_of(self.world.state, row["id"], right), self.world.now)
            wanted = (
                params.get("consumer") in (None, right.member),
                params.get("parent") in (None, right.parent),
                params.get("provider") in (None, right.provider),
                params.get("state") in (None, found.state),
                params.get("dataset") in (None, right.dataset),
            )
            if all(wanted):
                yield {**row, "state": found.state, "why": found.why}

    def _usage(self, params: httpx.QueryParams) -> Iterator[dict[str, Any]]:
        for index, leaf in enumerate(self.world.leaves):
            record = None if is_seal(leaf) else parse_record(leaf)
            if record is None or not isinstance(record.body, Usage):
                continue
            body, consumer = record.body, record.chain.writer.partition("/")[0]
            begins = params.get("from", "") <= body.started_at < params.get("to", "~")
            whose = (consumer, body.grant) == (params.get("consumer"), params.get("grant"))
            if begins and whose:
                told = {"index": index, "startedAt": body.started_at, "endedAt": body.ended_at}
                yield {**told, "uses": body.uses, "rows": body.rows}

    def _systems(self, owner: str | None) -> Iterator[dict[str, Any]]:
        for key in sorted(self.world.state.keys("system/")):
            name = key.removeprefix("system/")
            if owner in (None, name.partition("/")[0]):
                yield {"id": name, **to_builtins(self.world.value(key))}

    def _page(
        self, rows: Iterator[dict[str, Any]], params: httpx.QueryParams | None = None
    ) -> httpx.Response:
        asked: Mapping[str, str] = params or {}
        after = [one for one in rows if one.get("id", "~") > asked.get("cursor", "")]
        limit = int(asked.get("limit", len(after)))
        following = after[limit - 1]["id"] if len(after) > limit else None
        answer = {"items": after[:limit], "next": following, "size": len(self.world.leaves)}
        return httpx.Response(200, json=answer)


def _body(status: int, code: str, detail: str, *, retry: bool = False) -> dict[str, Any]:
    return {
        "code": code,
        "status": status,
        "title": code,
        "detail": detail,
        "number": 1,
        "retry": retry,
        "fields": [],
    }


def _problem(status: int, code: str, detail: str) -> httpx.Response:
    headers = {"content-type": "application/problem+json"}
    return httpx.Response(status, json=_body(status, code, detail), headers=headers)


def _entries(content: bytes) -> Iterator[bytes]:
    while content:
        end = 2 + int.from_bytes(content[:2])
        yield content[2:end]
        content = content[end:]
