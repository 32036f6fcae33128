"""Numbers that name a person are seen; digests, counts and codes are not taken for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.client.personal import (
    PersonalNumberRule,
    find_personal_numbers,
    is_identity_number,
)
from tests.unit.node.simulated_log import body

# 11010519491231002X is the example printed in GB 11643.
SEEN = [
    ("11010519491231002X", "identity number"),
    ("身份证11010519491231002x。", "identity number"),
    ("110105 19491231 002X", "identity number"),
    ("110105-19491231-002X", "identity number"),
    ("１１０１０５１９４９１２３１００２Ｘ", "identity number"),
    ("13800138000", "mobile number"),
    ("联系人电话13800138000请回复", "mobile number"),
    ("138 0013 8000", "mobile number"),
    ("138-0013-8000", "mobile number"),
    ("+8613800138000", "mobile number"),
    ("0086 13800138000", "mobile number"),
    ("１３８００１３８０００", "mobile number"),
]
UNSEEN = [
    "110105194912310021",  # check digit
    "11010519491331002X",  # month 13
    "11010517491231002X",  # nobody is that old
    "1" + "11010519491231002X",
    "a13800138000",
    "138001380001",
    "12800138000",
    "3.13800138000",
    "11330000002482153X",  # a unified code of an organisation
    "2026-11-23T09:10:00.000Z",
    "138--0013--8000",
    "flights",
]


@pytest.mark.parametrize(("text", "what"), SEEN)
def test_a_personal_number_is_seen(text: str, what: str) -> None:
    (found,) = find_personal_numbers(body(text))
    assert (found.field, found.what) == ("ground", what)


@pytest.mark.parametrize("text", UNSEEN)
def test_other_text_is_not(text: str) -> None:
    assert find_personal_numbers(body(text)) == ()


@pytest.mark.parametrize("place", range(18))
def test_any_one_wrong_digit_spoils_an_identity_number(place: int) -> None:
    number = "11010519491231002X"
    for digit in "0123456789X":
        if digit != number[place] and (digit != "X" or place == 17):
            changed = number[:place] + digit + number[place + 1 :]
            assert not is_identity_number(changed[:6], changed[6:14], changed[14:])


@given(st.binary(min_size=32, max_size=32))
def test_a_digest_is_never_taken_for_one(digest: bytes) -> None:
    assert find_personal_numbers({"digest": digest.hex()}) == ()


def test_every_place_is_named_and_the_number_is_not() -> None:
    found = find_personal_numbers({"a": {"b": ["x", "13800138000"]}, "c": "11010519491231002X"})
    assert [one.field for one in found] == ["a.b.1", "c"]
    assert "13800138000" not in repr(found)


def test_what_is_looked_for_and_where_can_be_set() -> None:
    both = {"a": "13800138000", "ref": "11010519491231002X"}
    assert len(find_personal_numbers(both)) == 2
    assert len(find_personal_numbers(both, PersonalNumberRule(mobile=False))) == 1
    assert len(find_personal_numbers(both, PersonalNumberRule(exempt=frozenset({"ref"})))) == 1
