"""Views, overlays and values: how rules read the state and how it is kept."""

import pytest

from contracts.values import Due, Party, RoleHolders, Value, parse_value
from contracts.view import MemoryState, Overlay, held, read
from ledger.canonical import encode
from ledger.errors import FormatError

HOLDERS = RoleHolders(members=("health",))
TIMES = [f"2026-01-0{day}T00:00:00.000Z" for day in range(1, 6)]


def test_an_overlay_hides_what_lies_below() -> None:
    state = MemoryState()
    state.commit({"role/a": HOLDERS, "role/b": HOLDERS})
    lower, changed = Overlay(state), RoleHolders(members=("weather",))
    upper = Overlay(lower)
    upper.put("role/a", changed)
    upper.remove("role/b")
    assert (upper.get("role/a"), upper.get("role/b")) == (changed, None)
    assert (lower.get("role/a"), lower.get("role/b")) == (HOLDERS, HOLDERS)
    lower.adopt(upper)
    assert (lower.get("role/a"), lower.get("role/b")) == (changed, None)
    assert state.get("role/b") == HOLDERS


def test_reading_asks_for_one_kind() -> None:
    state = MemoryState()
    state.commit({"role/a": HOLDERS})
    assert read(state, RoleHolders, "role/a") == HOLDERS
    assert read(state, RoleHolders, "role/b") is None
    with pytest.raises(TypeError, match="holds a RoleHolders"):
        read(state, Due, "role/a")
    with pytest.raises(TypeError, match="is missing"):
        held(state, RoleHolders, "role/b")


def test_deadlines_come_in_order_of_time_and_case() -> None:
    state = MemoryState()
    keys = [f"due/{time}/{case}" for time in TIMES for case in ("aa", "ab-9", "ab-x")]
    state.commit({key: Due(case="aa") for key in reversed(keys)})
    for count in (0, 1, 5, 100):
        assert state.due(TIMES[2], count) == keys[:9][:count]
    assert state.due("2025-12-31T23:59:59.999Z", 9) == []
    state.commit({keys[0]: None, keys[4]: None, "due/nothing": None})
    state.commit({keys[1]: Due(case="ab")})
    left = [key for key in keys if key not in {keys[0], keys[4]}]
    assert state.due(TIMES[-1], 100) == left


def test_values_read_back_by_their_key() -> None:
    assert parse_value("role/steward", encode(HOLDERS)) == HOLDERS


@pytest.mark.parametrize(
    ("key", "data"),
    [
        ("roles/steward", encode(HOLDERS)),
        ("", encode(HOLDERS)),
        ("member/health", encode(HOLDERS)),
        ("role/steward", encode(HOLDERS) + b" "),
        ("role/steward", encode(Party(member="health", part="accused"))),
        ("due/2026-01-01T00:00:00.000Z/ab", b"{}"),
    ],
)
def test_other_bytes_are_no_value(key: str, data: bytes) -> None:
    with pytest.raises(FormatError):
        parse_value(key, data)


def test_a_value_removed_is_gone() -> None:
    state = MemoryState()
    change: dict[str, Value | None] = {"role/a": HOLDERS}
    state.commit(change)
    assert list(state.keys("role/")) == ["role/a"]
    state.commit({"role/a": None, "role/never": None})
    assert list(state.keys()) == []
