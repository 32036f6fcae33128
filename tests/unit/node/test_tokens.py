"""Files of tokens, their scopes, and whose token a header shows."""

from pathlib import Path
from typing import Final

import pytest

from node.api.principal import SCOPES, Scope, included
from node.api.tokens import parse_token, parse_tokens, principal_of, read_tokens
from node.client.secret_files import SecretError, read_secret

TOKEN: Final = "k" * 40
FILE: Final = f"# who may read\n\nauditor:{TOKEN}\n other : {'o' * 16} \n"


def secret_file(folder: Path, text: str = FILE, mode: int = 0o600) -> Path:
    path = folder / "tokens"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (f"Bearer {TOKEN}", "auditor"),
        (f"bearer {TOKEN} ", "auditor"),
        ("Bearer " + "o" * 16, "other"),
        ("", None),
        ("Bearer", None),
        ("Bearer ", None),
        (TOKEN, None),
        (f"Basic {TOKEN}", None),
        (f"Bearer {TOKEN[:-1]}", None),
        (f"Bearer {TOKEN}k", None),
        (f"Bearer auditor:{TOKEN}", None),
        ("Bearer \u00e9\udc80", None),
    ],
)
def test_a_header_names_its_reader(header: str, name: str | None) -> None:
    principal = principal_of(parse_tokens(FILE.encode()), header)
    assert (None if principal is None else principal.name) == name


@pytest.mark.parametrize("scope", SCOPES)
def test_a_line_gives_the_scopes_it_names(scope: Scope) -> None:
    (named,) = parse_tokens(f"a:{TOKEN} {scope}".encode()).values()
    assert named.widest == (scope,)
    assert named.may(scope)


def test_a_line_without_scopes_is_a_members() -> None:
    first, second = parse_tokens(FILE.encode()).values()
    assert first.scopes == second.scopes == included(["member"])


def test_a_line_may_name_several_scopes() -> None:
    (principal,) = parse_tokens(f"a:{TOKEN}  metrics catalogue ".encode()).values()
    assert principal.scopes == {"catalogue", "metrics"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it holds no line"),
        ("# nobody\n", "it holds no line"),
        (TOKEN, "line 1 is not"),
        (f":{TOKEN}", "line 1 is not"),
        (f"a:{TOKEN}\na:{'b' * 16}", "line 2 is not"),
        (f"a:{TOKEN}\nb:{TOKEN}", "line 2 repeats"),
        ("a:short", "line 1: a token has"),
        ("a:", "line 1: a token has"),
        ("a:sixteen letters and more", "line 1: a token has"),
        (f"a:{TOKEN} letters", "line 1: after the token come its scopes"),
        (f"a:{TOKEN} sign", "line 1: after the token come its scopes"),
        (f"a:{TOKEN} Auditor", "line 1: after the token come its scopes"),
        (f"a:{TOKEN} auditor auditor", "line 1: after the token come its scopes"),
        (f"a:{TOKEN} auditor,metrics", "line 1: after the token come its scopes"),
        ("a:sechzehnbuchst\u00e4ben", "line 1: a token has"),
    ],
)
def test_a_wrong_line_is_named_and_not_quoted(text: str, told: str, tmp_path: Path) -> None:
    path = secret_file(tmp_path, text)
    with pytest.raises(SecretError) as caught:
        read_tokens(path)
    assert str(caught.value).startswith(f"{path}: {told}")
    assert TOKEN not in str(caught.value)
    assert "letters" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601, 0o644])
def test_what_others_can_read_is_no_secret(mode: int, tmp_path: Path) -> None:
    path = secret_file(tmp_path, mode=mode)
    with pytest.raises(SecretError, match="chmod 600"):
        read_tokens(path)


def test_a_file_that_is_missing_or_huge_is_told(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="cannot be read: No such file"):
        read_secret(tmp_path / "nowhere")
    with pytest.raises(SecretError, match="too large"):
        read_secret(secret_file(tmp_path, "x" * 65_537))
    assert len(read_secret(secret_file(tmp_path, "x" * 65_536))) == 65_536


def test_a_token_has_sixteen_characters() -> None:
    assert parse_token("x" * 16) == "x" * 16
    with pytest.raises(SecretError):
        parse_token("x" * 15)
