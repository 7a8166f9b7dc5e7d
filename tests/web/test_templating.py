"""Templates are compiled once per language, with what is known already written in."""

from __future__ import annotations

from itertools import count

import pytest
from flask import Flask
from jinja2 import DictLoader, nodes
from markupsafe import Markup

from app.kernel import i18n
from app.web.looks import install
from app.web.templating import Environment


def drawing(templates: dict[str, str], **others: object) -> Environment:
    """An environment of its own with these templates, `say` and what else is given settled."""
    found = Environment(Flask(__name__), loader=DictLoader(templates), autoescape=True)
    found.settle(say=i18n.say, **others)  # type: ignore[arg-type]
    return found


def test_each_is_drawn_in_the_language_of_whoever_asks() -> None:
    templates = drawing({"base": "<p>{{ say('web.back') }}</p>", "page": "{% extends 'base' %}"})

    for language in ("zh", "en", "zh"):
        with i18n.speaking(language):
            said = templates.get_template("page").render()
            assert said == f"<p>{i18n.words()['web.back'][language]}</p>"


def test_what_is_known_is_asked_for_once() -> None:
    counted = count(1)
    templates = drawing({"page": "{{ nth('a', by=1) }} {{ nth(name) }}"}, nth=lambda *_, **__: next(counted))

    drawn = [templates.get_template("page").render(name="b") for _ in range(3)]

    assert drawn == ["1 2", "1 3", "1 4"], "with a value of the page it is asked each time"


@pytest.mark.parametrize(
    "call", ["mark(*['a'])", "mark(**{'name': 'a'})", "mark(name)", "mark(['a', name][0])"]
)
def test_what_is_not_known_yet_is_asked_when_it_is_drawn(call: str) -> None:
    templates = drawing({"page": "{{ " + call + " }}"}, mark=lambda name: f"<{name}>")

    assert templates.get_template("page").render(name="a") == "&lt;a&gt;"


def test_an_answer_is_escaped_unless_it_is_markup() -> None:
    templates = drawing(
        {"page": "{{ plain('x') }} {{ marked('x') }} {{ marked('x') ~ plain('x') }}"},
        plain=lambda name: f"<{name}>",
        marked=lambda name: Markup(f"<b>{name}</b>"),
    )

    drawn = templates.get_template("page").render()

    assert drawn == "&lt;x&gt; <b>x</b> <b>x</b>&lt;x&gt;"


def test_words_filled_with_a_value_of_the_page_are_filled_each_time(app: Flask) -> None:
    templates = drawing({"page": "{{ say('web.home.greeting', name=name) }}"})

    drawn = {name: templates.get_template("page").render(name=name) for name in ("王", "<i>")}

    assert "王" in drawn["王"]
    assert "&lt;i&gt;" in drawn["<i>"]


def test_parts_are_macros_only(app: Flask) -> None:
    """What a part works out beside its macros would be worked out for one request and shown in all others."""
    templates = app.jinja_env
    names = [name for name in templates.list_templates() if name.startswith("parts/")]
    assert names
    assert templates.loader is not None
    for name in names:
        source, _, _ = templates.loader.get_source(templates, name)
        loose = [each for each in templates.parse(source).body if not _is_still(each)]
        assert not loose, f"{name} line {loose[0].lineno}"


def _is_still(node: nodes.Node) -> bool:
    if isinstance(node, nodes.Output):
        return all(isinstance(each, nodes.TemplateData) and not each.data.strip() for each in node.nodes)
    return isinstance(node, nodes.Macro | nodes.FromImport | nodes.Import)


def test_the_application_draws_with_it(app: Flask) -> None:
    fresh = Flask(__name__)
    install(fresh)
    assert isinstance(fresh.jinja_env, Environment)
    assert {"say", "asset", "icon"} <= app.jinja_env.settled.keys()  # type: ignore[attr-defined]
