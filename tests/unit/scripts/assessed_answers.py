"""What a node says of figures, as `node/api/assessment` does, from the leaves of a world."""

import httpx
from msgspec import json as msgspec_json

from contracts.assessment.reports import assess, drill, running_period
from contracts.assessment.trust import trust_in
from tests.assessed import chronicle_of
from tests.world import World


def assessed_answer(world: World, path: str, params: httpx.QueryParams) -> httpx.Response:
    """The answer to one question, all of it on one page."""
    known = chronicle_of(world)
    now = params.get("at") or known.now
    period = params.get("period") or running_period(known.at, now)
    members = [
        one for one in sorted(known.at(now).members()) if params.get("member") in (None, one)
    ]
    told: dict[str, object]
    match path.split("/")[2:]:
        case ["assessment"]:
            told = {"items": [assess(known.at, one, period, now) for one in members]}
        case ["assessment", member, indicator]:
            drilled = drill(known.at, member, period, now, indicator)
            if drilled is None:
                return httpx.Response(
                    404, json={"code": "not-found", "status": 404, "detail": indicator}
                )
            told = {"figure": drilled[0], "items": drilled[1], "period": period}
        case ["trust"]:
            index = {one: trust_in(known.at, one, now)[0] for one in members}
            told = {"items": [{"member": one, "index": index[one]} for one in members]}
        case ["trust", member]:
            found, evidence = trust_in(known.at, member, now)
            told = {"index": found, "evidence": evidence}
        case _:
            raise ValueError(path)
    return httpx.Response(200, content=msgspec_json.encode({**told, "next": None}))
