"""What is said of data that changes hands or comes to its end: delivered, received, disposed of."""

from collections.abc import Iterator

from ledger.records import Acknowledgement, Delivery, Disposal, EffectReport
from ledger.types import MemberId
from scripts.explain.language import Language, short, word
from scripts.explain.telling import Sentence, text_told


def handling_said(
    body: Acknowledgement | Delivery | Disposal | EffectReport,
    member: MemberId,
    language: Language,
) -> Iterator[Sentence]:
    """Sentences about one of these records."""
    match body:
        case Delivery():
            yield (
                "delivery",
                {
                    "member": member,
                    "version": body.content.version,
                    "dataset": body.content.dataset,
                    "grant": short(body.grant),
                    "count": body.count,
                    "rows": body.rows,
                    "start": body.started_at,
                    "end": body.ended_at,
                },
            )
        case Acknowledgement():
            told: dict[str, object] = {"member": member, "count": body.count, "rows": body.rows}
            yield "acknowledgement", {**told, "delivery": short(body.delivery)}
        case Disposal():
            gone = {"time": body.disposed_at, "way": word(language.manners, body.way)}
            for grant in body.grants:
                yield "disposal", {"member": member, "grant": short(grant), **gone}
        case EffectReport():
            span = {"start": body.started_at, "end": body.ended_at}
            told = {"member": member, "grant": short(body.grant), **span}
            yield "effect-report", {**told, "text": text_told(body.text, language)}
            for one in body.effects:
                yield "effect-figure", {"name": one.name, "measure": one.measure}
