"""The numbers a ledger is run by, all of them: what is left out has a value, too.

>>> told = dict(parameters_told(Parameters(reply_days=5)))
>>> told["replyDays"], told["reviewDays"], told["supplyDays"]
(5, 2, 'asked of nobody')
"""

from collections.abc import Iterator

from msgspec.structs import fields

from ledger.records.genesis import Calendar, Parameters


def parameters_told(parameters: Parameters) -> Iterator[tuple[str, object]]:
    """Each parameter with the value that holds."""
    for one in fields(Parameters):
        value = getattr(parameters, one.name)
        yield one.encode_name, _told(value)


def calendar_told(calendar: Calendar) -> str:
    """What a calendar says, in a line.

    >>> calendar_told(Calendar(utc_offset_minutes=480))
    'UTC+08:00; 1970 to 1970: 0 holidays, 0 workdays'
    """
    hours, minutes = divmod(abs(calendar.utc_offset_minutes), 60)
    offset = f"UTC{'-' if calendar.utc_offset_minutes < 0 else '+'}{hours:02d}:{minutes:02d}"
    listed = f"{len(calendar.holidays)} holidays, {len(calendar.workdays)} workdays"
    return f"{offset}; {calendar.first_year} to {calendar.last_year}: {listed}"


def _told(value: object) -> object:
    if value is None:
        return "asked of nobody"
    return ("yes" if value else "no") if isinstance(value, bool) else value
