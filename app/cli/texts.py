"""What somebody writes on the command line is held to the measure of the desks."""

from __future__ import annotations

import click
from marshmallow import ValidationError

from app.kernel.schemas import Text


class Words(click.ParamType[str]):
    """A text with something to see in it, and an end."""

    name = "TEXT"

    def __init__(self, longest: int, shortest: int = 1) -> None:
        self.longest, self.shortest = longest, shortest

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Take it as a form would."""
        try:
            return str(Text(self.longest, min_length=self.shortest).deserialize(value))
        except ValidationError:
            self.fail(f"{self.shortest} to {self.longest} characters that can be seen are needed", param, ctx)
