"""Figures by which members are assessed, each with what it counts; and the trust index."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path
from msgspec import ValidationError, convert
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from contracts.assessment.facts import FactsAt
from contracts.assessment.periods import period_at
from contracts.assessment.reports import Counted, assess, drill, ledger_of, running_period
from contracts.assessment.trust import trust_in
from ledger.records.assessment import PeriodName
from ledger.types import MemberId, Time
from node.api.known import check_known
from node.api.lists import At, Paging, PagingOf, Text, block_at, moment_of, place_of
from node.api.problems import ApiError
from node.api.requests import check_query
from node.api.service import Service, ServiceOf, respond_json
from node.views.assessment import facts_at

router = APIRouter(prefix="/v1", tags=["lists"], dependencies=[Depends(check_query)])
Name = Annotated[str, Path(max_length=63)]
T = TypeVar("T")


@router.get("/assessment")
async def assessment(
    service: ServiceOf, page: PagingOf, member: Text = None, period: Text = None
) -> Response:
    """The figures of members in a period, by member, with their score.

    Each is told as it is known at the moment asked about, provisional or final.
    """
    return respond_json(await run_in_threadpool(_assessment, service, page, member, period))


@router.get("/assessment/{member}/{indicator}")
async def figure(
    service: ServiceOf, page: PagingOf, member: Name, indicator: Name, period: Text = None
) -> Response:
    """One figure of a member with everything it counts, and what an objection took out of it."""
    told = await run_in_threadpool(_figure, service, page, (member, indicator), period)
    return respond_json(told)


@router.get("/trust")
async def trust(service: ServiceOf, page: PagingOf, member: Text = None) -> Response:
    """Trust indexes, by member: what a member's past lets one expect, in basis points."""
    return respond_json(await run_in_threadpool(_trust, service, page, member))


@router.get("/trust/{member}")
async def evidence(service: ServiceOf, member: Name, at: At = None) -> Response:
    """The trust index of a member with its evidence, quarter by quarter, case by case."""
    return respond_json(await run_in_threadpool(_evidence, service, member, at))


def _assessment(
    service: Service, page: Paging, member: str | None, period: str | None
) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        now, facts = moment_of(service, page.at, block), facts_at(snapshot, block.size)
        name = _period(facts, period, now)
        check_known(snapshot, {"member": member})
        some, following = _members(facts, page, member, now)
        found = [assess(facts, one, name, now) for one in some]
    return {"items": found, "next": following, **place_of(block)}


def _taken_over(facts: FactsAt, indicator: str, now: Time) -> str:
    """Over what an indicator is taken instead, of that name."""
    found = next((one for one in facts(now).indicators() if one.id == indicator), None)
    if found is None:
        return ""
    like = period_at(now, found.period, ledger_of(facts, now).calendar)
    return f"; it is taken over each {found.period}, such as {like}"


def _figure(
    service: Service, page: Paging, whose: tuple[str, str], period: str | None
) -> dict[str, object]:
    member, indicator = whose
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        now, facts = moment_of(service, page.at, block), facts_at(snapshot, block.size)
        name = _period(facts, period, now)
        _check_known(facts, member, now)
        drilled = drill(facts, member, name, now, indicator)
        taken = "" if drilled else _taken_over(facts, indicator, now)
    if drilled is None:
        raise ApiError("not-found", f"no indicator {indicator} is taken over {name}{taken}")
    told, things = drilled
    some, following = _things(things, page)
    answer = {"member": member, "period": name, "figure": told, "items": some, "next": following}
    return {**answer, **place_of(block)}


def _trust(service: Service, page: Paging, member: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, page.at)
        check_known(snapshot, {"member": member})
        now, facts = moment_of(service, page.at, block), facts_at(snapshot, block.size)
        some, following = _members(facts, page, member, now)
        found = [{"member": one, "index": trust_in(facts, one, now)[0]} for one in some]
    return {"items": found, "next": following, **place_of(block)}


def _evidence(service: Service, member: str, at: str | None) -> dict[str, object]:
    with service.replica.store.snapshot() as snapshot:
        block = block_at(snapshot, at)
        now, facts = moment_of(service, at, block), facts_at(snapshot, block.size)
        _check_known(facts, member, now)
        index, found = trust_in(facts, member, now)
    return {"member": member, "index": index, "evidence": found, **place_of(block)}


def _period(facts: FactsAt, period: str | None, now: Time) -> PeriodName:
    if period is None:
        return running_period(facts, now)
    try:
        return convert(period, PeriodName)
    except ValidationError as error:
        detail = "`period` is a year, quarter or month such as 2026, 2026-Q4, 2026-11"
        raise ApiError("bad-parameter", detail) from error


def _members(
    facts: FactsAt, page: Paging, member: str | None, now: Time
) -> tuple[list[MemberId], str | None]:
    """A page of members, by id, and where the next one starts."""
    every = sorted(one for one in facts(now).members() if member in (None, one))
    return _page(every, every, page)


def _things(things: Sequence[Counted], page: Paging) -> tuple[list[Counted], str | None]:
    return _page(things, [one.thing.key for one in things], page)


def _page(items: Sequence[T], keys: Sequence[str], page: Paging) -> tuple[list[T], str | None]:
    after = [(one, key) for one, key in zip(items, keys, strict=True) if key > page.cursor]
    some = after[: page.limit]
    return [one for one, _ in some], some[-1][1] if len(after) > len(some) else None


def _check_known(facts: FactsAt, member: str, now: Time) -> None:
    if member not in facts(now).members():
        raise ApiError("not-found", f"no member {member}")
