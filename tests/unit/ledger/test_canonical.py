"""Canonical JSON: one encoding of every value, and every other one refused."""

from typing import Annotated, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta
from msgspec.json import Decoder

from ledger.canonical import Canonical, encode, parse, require_ascending, restore_defaults
from ledger.errors import FormatError, NotCanonical


class Inner(Canonical):
    deep: bool = False


class Outer(Canonical):
    """`limit` and `inner` have defaults that do not exist once only."""

    amount: Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)] = 0
    inner: Inner = Inner()
    limit: int = 1_000
    names: tuple[str, ...] = ()
    text_here: str | None = None

    def __post_init__(self) -> None:
        restore_defaults(self)


DECODER: Final = Decoder(Outer)

CANONICAL: Final = [
    b"{}",
    b'{"amount":9007199254740991}',
    b'{"amount":-1}',
    b'{"inner":{"deep":true},"limit":999}',
    b'{"names":["b","a","a",""]}',
    '{"textHere":"数据 é \u2028\x7f"}'.encode(),
    b'{"textHere":"\\"\\\\\\b\\f\\n\\r\\t\\u0000\\u001f/"}',
    '{"textHere":"\N{GRINNING FACE}"}'.encode(),
]

NOT_CANONICAL: Final = {
    "members in another order": b'{"limit":1,"amount":1}',
    "a member twice": b'{"amount":1,"amount":1}',
    "a member twice, the first time something else": b'{"amount":2,"amount":1}',
    "a nested member twice": b'{"inner":{"deep":true,"deep":true}}',
    "space after a colon": b'{"amount": 1}',
    "space after a comma": b'{"amount":1, "limit":1}',
    "space before": b' {"amount":1}',
    "line break after": b'{"amount":1}\n',
    "minus zero": b'{"amount":-0,"limit":1}',
    "a default that is an integer": b'{"amount":0}',
    "a default that is a large integer": b'{"limit":1000}',
    "a default that is false": b'{"inner":{"deep":false}}',
    "a default that is null": b'{"textHere":null}',
    "a default that is empty": b'{"names":[]}',
    "a default that is a struct": b'{"inner":{}}',
    "an escape for a letter": b'{"textHere":"\\u0061"}',
    "an escape for a Chinese character": b'{"textHere":"\\u6570"}',
    "escaped surrogates for one character": b'{"textHere":"\\ud83d\\ude00"}',
    "an escaped slash": b'{"textHere":"\\/"}',
    "a long escape where there is a short one": b'{"textHere":"\\u000a"}',
    "an escape in capitals": b'{"textHere":"\\u001F"}',
    "an escape for DEL": b'{"textHere":"\\u007f"}',
    "an escaped member name": b'{"\\u0061mount":1}',
}

MALFORMED: Final = {
    "nothing": b"",
    "cut short": b'{"amount":1',
    "more after the end": b'{"amount":1}{}',
    "a comma too many": b'{"amount":1,}',
    "a comment": b'{"amount":1}//',
    "single quotes": b"{'amount':1}",
    "a byte order mark": b'\xef\xbb\xbf{"amount":1}',
    "UTF-16": '{"amount":1}'.encode("utf-16-le"),
    "not an object": b"[]",
    "null": b"null",
    "an unknown member": b'{"amounts":1}',
    "a member name in another case": b'{"Amount":1}',
    "a member name as in Python": b'{"text_here":"a"}',
    "an unknown nested member": b'{"inner":{"deeper":true}}',
    "a float": b'{"amount":1.5}',
    "an integer as a float": b'{"amount":1.0}',
    "an integer with an exponent": b'{"amount":1e2}',
    "an integer beyond 2^53": b'{"amount":9007199254740992}',
    "an integer beyond 2^64": b'{"amount":18446744073709551616}',
    "an integer of a thousand digits": b'{"amount":' + b"9" * 1_000 + b"}",
    "a leading zero": b'{"amount":01}',
    "a plus sign": b'{"amount":+1}',
    "digits in a string": b'{"amount":"1"}',
    "true for one": b'{"amount":true}',
    "NaN": b'{"amount":NaN}',
    "null where none is allowed": b'{"amount":null}',
    "a raw control character": b'{"textHere":"\x01"}',
    "a raw line break": b'{"textHere":"\n"}',
    "invalid UTF-8": b'{"textHere":"\xff"}',
    "overlong UTF-8": b'{"textHere":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"textHere":"\xed\xa0\x80"}',
    "a lone surrogate": b'{"textHere":"\\ud800"}',
    "a lone surrogate before a letter": b'{"textHere":"\\ud800a"}',
    "surrogates in the wrong order": b'{"textHere":"\\ude00\\ud83d"}',
    "beyond Unicode": b'{"textHere":"\xf4\x90\x80\x80"}',
    "an unknown escape": b'{"textHere":"\\x41"}',
    "very deep": b'{"names":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


@pytest.mark.parametrize("data", CANONICAL)
def test_the_one_encoding_is_accepted(data: bytes) -> None:
    assert encode(parse(data, DECODER)) == data


@pytest.mark.parametrize("data", NOT_CANONICAL.values(), ids=NOT_CANONICAL.keys())
def test_other_encodings_of_a_value_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        parse(data, DECODER)


@pytest.mark.parametrize("data", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_encoding_is_malformed(data: bytes) -> None:
    with pytest.raises(FormatError) as caught:
        parse(data, DECODER)
    assert not isinstance(caught.value, NotCanonical)


def test_the_error_says_where() -> None:
    with pytest.raises(FormatError, match=r"\$\.inner\.deep"):
        parse(b'{"inner":{"deep":1}}', DECODER)
    with pytest.raises(NotCanonical, match=r"at byte 9$"):
        parse(b'{"limit": 1}', DECODER)
    with pytest.raises(NotCanonical, match=r"at byte 11$"):
        parse(b'{"limit":1}\n', DECODER)


@given(
    st.builds(
        Outer,
        amount=st.integers(-(2**53) + 1, 2**53 - 1),
        inner=st.builds(Inner, deep=st.booleans()),
        limit=st.integers(998, 1_002),
        names=st.lists(st.text(max_size=5), max_size=3).map(tuple),
        text_here=st.none() | st.text(),
    )
)
def test_what_was_built_can_be_read_again(value: Outer) -> None:
    assert parse(encode(value), DECODER) == value


@given(st.sampled_from(CANONICAL), st.data())
def test_no_other_bytes_mean_the_same(canonical: bytes, data: st.DataObject) -> None:
    """Whatever is done to the bytes: they are refused, or are the one encoding of another value."""
    start = data.draw(st.integers(0, len(canonical)))
    end = data.draw(st.integers(start, min(start + 2, len(canonical))))
    piece = data.draw(st.sampled_from([b"", b" ", b"0", b'"', b",", b"\\", b"a", b"\xe9", b"{}"]))
    changed = canonical[:start] + piece + canonical[end:]
    try:
        value = parse(changed, DECODER)
    except FormatError:
        return
    assert (value == parse(canonical, DECODER)) == (changed == canonical)


@pytest.mark.parametrize("values", [(), ("a",), ("a", "b"), ("Z", "a", "数")])
def test_ascending_arrays(values: tuple[str, ...]) -> None:
    require_ascending("values", values)


@pytest.mark.parametrize("values", [("a", "a"), ("b", "a"), ("a", "c", "b"), ("a", "Z")])
def test_other_arrays_are_not_sets(values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="`values` must be strictly ascending"):
        require_ascending("values", values)


def test_fields_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Inner(True)  # type: ignore[call-arg]  # noqa: FBT003
