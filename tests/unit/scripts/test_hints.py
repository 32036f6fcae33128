"""What a scan guesses of personal information, by names and by what columns hold."""

import pytest

from scripts.catalogue.hints import personal_hint


@pytest.mark.parametrize(
    "name",
    ["idno", "id_no", "ID No", "idNumber", "id_card", "sfz", "sfzh", "身份证号", "guest_idno"],
)
def test_identity_numbers_are_known_by_name(name: str) -> None:
    assert personal_hint(name, ()) == ("sensitive", "named like an identity number")


@pytest.mark.parametrize("name", ["id", "note", "grid_node", "idnotice", "valid_nodes"])
def test_other_names_are_no_identity_numbers(name: str) -> None:
    assert personal_hint(name, ()) == ("none", "")


def test_eighteen_digits_with_a_wrong_check_digit_are_worth_a_look() -> None:
    personal, hint = personal_hint("number", ("1", "110101199001011234"))
    assert (personal, "check digit is wrong" in hint) == ("none", True)
    assert personal_hint("number", ("0" * 18, "1" * 17)) == ("none", "")
