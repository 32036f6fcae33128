"""Options that many commands share, declared once.

A group of options is a frozen dataclass whose fields are Typer options. A command asks for the
group as one parameter, and `with_options` spreads its fields over the command line:

>>> @dataclass(frozen=True)
... class Greeting:
...     word: Annotated[str, typer.Option("--word")] = "hello"
>>> @with_options
... def greet(name: str, greeting: Greeting) -> None:
...     print(greeting.word, name)
>>> [parameter for parameter in signature(greet).parameters]
['name', 'word']
>>> greet(name="health", word="good day")
good day health
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from inspect import Parameter, signature
from typing import Annotated, get_type_hints

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command with the fields of its option groups as options of its own."""
    declared = signature(command, eval_str=True).parameters
    groups: dict[str, type] = {
        name: parameter.annotation
        for name, parameter in declared.items()
        if isinstance(parameter.annotation, type) and is_dataclass(parameter.annotation)
    }
    plain = [parameter for name, parameter in declared.items() if name not in groups]
    spread = {name: _options_of(group) for name, group in groups.items()}

    @wraps(command)
    def spread_command(**values: object) -> None:
        for name, options in spread.items():
            given = {option.name: values.pop(option.name) for option in options}
            values[name] = groups[name](**given)
        command(**values)

    every = [*plain, *(option for options in spread.values() for option in options)]
    ordered = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in every]
    vars(spread_command)["__signature__"] = signature(command).replace(parameters=ordered)
    spread_command.__annotations__ = {one.name: one.annotation for one in ordered}
    del vars(spread_command)["__wrapped__"]  # `typing.get_type_hints` would look through it
    return spread_command


def _options_of(group: type) -> tuple[Parameter, ...]:
    hints = get_type_hints(group, include_extras=True)
    return tuple(
        Parameter(one.name, Parameter.KEYWORD_ONLY, default=one.default, annotation=hints[one.name])
        for one in fields(group)
    )


__all__ = ["JsonFlag", "dataclass", "with_options"]
