"""What the ledger's names are called in a language people read.

A `Language` is tables of words and sentences, one module each: `english`, `chinese`. Names that the
rules use as they are (steps, states, grounds) read well enough in English; where a table lacks one,
the name itself is shown, so what is new is told at once, if not beautifully.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language.

    Attributes:
        acts: what is proposed, decided and voted.
        code: which language it is.
        entitled: by kind of record, who may make it.
        families: families of records.
        findings: by code, what a finding means and what would cure it.
        grounds: coded grounds.
        ground_meanings: what they mean, where the word alone does not say it.
        headings: what stands above the columns of tables, by the English word.
        kinds: by kind of record, what it is; of each, its name.
        manners: operations, levels, kinds of legal bases and other words within terms and entries.
        measures: what the rules write into findings, sentence by sentence (`explain.measures`).
        parts: parts in cases, and offices.
        phrases: what stands between the words; `{…}` is filled in.
        reasons: by code, why the ledger refuses.
        rules: by number, what a rule says, where it is not as the rule book has it.
        said: by name, a sentence about what a record says.
        states: states of cases; `workflow/state` where a workflow has a word of its own.
        steps: steps in cases, likewise.
        terms: parts of terms.
        values: by first part of a state key, what lies there; `{rest}` is the rest of the key.
        workflows: courses.
        name_of: what a member is called, `explain.names`.
        purpose_of: what a purpose is called.
    """

    acts: Words
    code: Literal["en", "zh"]
    entitled: Words
    families: Words
    findings: Mapping[str, tuple[str, str]]
    grounds: Words
    ground_meanings: Words
    headings: Words
    kinds: Words
    manners: Words
    measures: Words
    parts: Words
    phrases: Words
    reasons: Words
    rules: Words
    said: Words
    states: Words
    steps: Words
    terms: Words
    values: Words
    workflows: Words
    name_of: Callable[[str], str] = str
    purpose_of: Callable[[str], str] = str

    def phrase(self, name: str, /, **filled: object) -> str:
        """A phrase with its places filled in."""
        return self.phrases[name].format(**filled)

    def listed(self, words: Words, names: tuple[str, ...] | list[str]) -> str:
        """Names as words, one after the other."""
        return self.phrases["comma"].join(word(words, name) for name in names)

    def typed(self, words: Words, name: str, workflow: str = "") -> str:
        """A name of the rules as it is typed, with the word for it where that is another one."""
        told = in_course(words, workflow, name)
        return name if told == name.replace("-", " ") else f"{told} {name}"

    def course(self, workflow: str) -> str:
        """A workflow as it is typed, in other languages than English with the word for it."""
        return workflow if self.code == "en" else self.typed(self.workflows, workflow)

    def titles(self, *names: str) -> list[str]:
        """The headings of a table, or the names of fields, by their English words."""
        return [self.headings.get(name, name) for name in names]

    def members(self, members: Iterable[str]) -> str:
        """Members by their names, one after the other."""
        return self.phrases["comma"].join(self.name_of(one) for one in members)


def word(words: Words, name: str) -> str:
    """The word for a name; the name itself, readable, where there is none.

    >>> word({"open": "待答复"}, "open"), word({}, "in-force")
    ('待答复', 'in force')
    """
    return words.get(name) or name.replace("-", " ")


def in_course(words: Words, workflow: str, name: str) -> str:
    """The word for a state or step, which may mean something else in another workflow.

    >>> words = {"open": "待答复", "proposal/open": "表决中"}
    >>> in_course(words, "proposal", "open"), in_course(words, "request", "open")
    ('表决中', '待答复')
    """
    return words.get(f"{workflow}/{name}") or word(words, name)


def capitalised(text: str) -> str:
    """A sentence as it begins."""
    return text[:1].upper() + text[1:]


def short(text: str) -> str:
    """An id or a digest as people can read it out.

    >>> short("0123456789abcdef" * 4 + "-0")
    '01234567…-0'
    """
    head, rest = text[:_DIGEST_CHARS], text[_DIGEST_CHARS:]
    is_digest = len(head) == _DIGEST_CHARS and all(one in _HEX for one in head)
    return f"{head[:_SHORT_CHARS]}…{rest}" if is_digest else text


_DIGEST_CHARS: Final = 64
_SHORT_CHARS: Final = 8
_HEX: Final = frozenset("0123456789abcdef")
