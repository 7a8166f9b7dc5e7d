"""What counts as the same field of a form, for whoever tries again and again."""

from __future__ import annotations

import pytest
from flask import Flask

from app.web.forms import form_field


@pytest.mark.parametrize("written", ["wang", "WANG", "ＷＡＮＧ", "ｗang", "wang" + "x" * 99])
def test_neither_capitals_nor_wide_letters_buy_further_tries(built_app: Flask, written: str) -> None:
    with built_app.test_request_context(method="POST", data={"name": written}):
        told = form_field("name")()
    assert told == ("wang" if len(written) == 4 else ("wang" + "x" * 60))
