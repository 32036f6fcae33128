"""Days and times as people write them, and the moments of the ledger that they mean.

A ledger has a calendar, and with it a distance from UTC. Whoever writes a day, or a time without a
zone, means it there:

| written | as a start | as an end |
|---|---|---|
| `2026-12-31` | 00:00 of that day | its last millisecond |
| `2026-12-31 18:00` | that time | that time |
| `2026-12-31T10:00:00Z`, `…+08:00` | itself | itself |

What was written without a zone is told with one, so that a person sees what was understood.

>>> beijing = Zone(480)
>>> beijing.start("2026-12-31"), beijing.end("2026-12-31")
('2026-12-30T16:00:00.000Z', '2026-12-31T15:59:59.999Z')
>>> beijing.over("2026-12-31"), beijing.start("2026-12-31 18:00")
('2026-12-31T16:00:00.000Z', '2026-12-31T10:00:00.000Z')
>>> beijing.told("2026-12-31T15:59:59.999Z")
'2026-12-31T23:59:59.999+08:00'
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Final

from contracts.values import Ledger
from ledger.types import Time
from node.client import Client
from scripts.answers import read_value
from scripts.console_text import info
from scripts.patterns import quoted
from scripts.profile import present_time
from scripts.spelling import SpellingError, time_of

_DAY: Final = timedelta(days=1)
_TO_LAST: Final = _DAY - timedelta(milliseconds=1)


def say_nothing(_: str) -> None:
    """Whoever reads many moments at once tells of them otherwise."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Where the ledger is; `tell` is told how a moment without a zone was understood."""

    utc_offset_minutes: int
    tell: Callable[[str], None] = say_nothing

    def start(self, text: str) -> Time:
        """The moment written, of a day its first. Raises `SpellingError`."""
        return self._tell(text, self._read(text, timedelta()))

    def end(self, text: str) -> Time:
        """The moment written, of a day its last. Raises `SpellingError`."""
        return self._tell(text, self._read(text, _TO_LAST))

    def over(self, text: str) -> Time:
        """The moment written, of a day that at which it is over. Raises `SpellingError`."""
        return self._tell(text, self._read(text, _DAY))

    def until_now(self, text: str) -> Time:
        """As `end`, but a day that runs ends now: what is said of it has happened already."""
        now = present_time()
        return self._tell(text, now if self._runs(text, now) else self._read(text, _TO_LAST))

    def past(self, text: str, last: Callable[[], Time]) -> Time | None:
        """As `end`; None for the day that runs. Raises `SpellingError` for what is to come.

        `last` says when the last block was made: the clock of this machine may be behind it.
        """
        now = present_time()
        if self._runs(text, now):
            self.tell(f"{text.strip()} is not over: as at now")
            return None
        first = self._read(text, timedelta())
        if first > now and first > last():
            raise SpellingError(f"{self.told(first)} lies in the future", "as_at")
        return self.end(text)

    def parts(self, parts: Mapping[str, str]) -> dict[str, str]:
        """Parts of terms, their moments in the ledger's form. Raises `SpellingError`."""
        read = dict(parts)
        for name, reader in MOMENTS_OF_TERMS.items():
            if read.get(name, "").strip():
                try:
                    read[name] = reader(self, read[name])
                except SpellingError as error:
                    raise SpellingError(str(error), name) from error
        return read

    def told(self, time: Time) -> str:
        """A moment of the ledger as it is written here."""
        here = datetime.fromisoformat(time).astimezone(self._timezone)
        return here.isoformat(timespec="milliseconds")

    @property
    def _timezone(self) -> timezone:
        return timezone(timedelta(minutes=self.utc_offset_minutes))

    def _runs(self, text: str, now: Time) -> bool:
        """Whether a day is written, and it is today."""
        return _is_day(text) and self._read(text, timedelta()) <= now <= self._read(text, _TO_LAST)

    def _read(self, text: str, into_day: timedelta) -> Time:
        try:
            parsed = datetime.fromisoformat(text.strip())
            if parsed.tzinfo is None:
                parsed = parsed.replace(tzinfo=self._timezone)
            return time_of(parsed + into_day if _is_day(text) else parsed)
        except (ValueError, OverflowError) as error:  # the second at the ends of the calendar
            raise SpellingError(f"{quoted(text)} is no date or time such as 2027-01-31") from error

    def _tell(self, text: str, time: Time) -> Time:
        if datetime.fromisoformat(text.strip()).tzinfo is None:
            self.tell(f"{text.strip()} is {self.told(time)}")
        return time


MOMENTS_OF_TERMS: Final[Mapping[str, Callable[[Zone, str], Time]]] = {
    "not_before": Zone.start,
    "not_after": Zone.end,
}
"""The parts of terms that are moments, and whether a day is its start or its end."""


def zone_of(client: Client) -> Zone:
    """Where the ledger of a node is; what is read there is told, the same only once."""
    ledger = read_value(client, Ledger, "ledger")
    return Zone(0 if ledger is None else ledger.calendar.utc_offset_minutes, cache(info))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True
