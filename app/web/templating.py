"""Templates with their words written in: what is the same for every reader of a language is settled once.

A page says some forty words that never change, and asks where a file or which icon that is. Jinja would find out again
each time the page is drawn, which took most of the time of drawing it. So each template is compiled once per language,
and a call of a `settled` helper with nothing but constants becomes its answer, in one piece with the markup around it.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from flask import templating
from jinja2 import Template, nodes
from jinja2.runtime import markup_join
from jinja2.visitor import NodeTransformer

from app.kernel import i18n

Helper = Callable[..., Any]


class Environment(templating.Environment):
    """Flask's environment, with one of its own below it for each language.

    `settled` are the helpers whose answer depends on their arguments and the language alone.
    """

    settled: dict[str, Helper]
    language: str | None = None  # None at the top, which sends each template to where its language is spoken
    _spoken: dict[str, Environment]

    def get_template(
        self,
        name: str | Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 -- the name is Jinja's
    ) -> Template:
        """The template, as compiled for the language of the running request."""
        if self.language is None:
            return self._speaking(i18n.locale()).get_template(name, parent, globals)
        return super().get_template(name, parent, globals)

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Our own globals as they are: Jinja would look through a chain of them each time a template is used."""
        return super().make_globals(d) if d else self.globals

    def settle(self, **helpers: Helper) -> None:
        """Give templates these helpers, and settle what can be known of them when a template is compiled."""
        self.settled, self._spoken = helpers, {}
        self.globals.update(helpers)

    def _speaking(self, language: str) -> Environment:
        if language not in self._spoken:
            below = self.overlay()
            below.language = language
            self._spoken[language] = below
        return self._spoken[language]

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        if self.language is not None:
            with i18n.speaking(self.language):
                source = _Settling(self.settled).visit(source)
        return super()._generate(source, name, filename, defer_init)


class _Settling(NodeTransformer):
    """Puts answers where calls of these helpers stand, if all they are given is known."""

    def __init__(self, settled: dict[str, Helper]) -> None:
        self._settled = settled

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 -- the name is Jinja's
        self.generic_visit(node)
        if not isinstance(node.node, nodes.Name) or node.node.name not in self._settled:
            return node
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            return node
        try:
            given = [each.as_const() for each in node.args]
            named = {each.key: each.value.as_const() for each in node.kwargs}
        except nodes.Impossible:
            return node
        return _const(self._settled[node.node.name](*given, **named), node)

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802 -- the name is Jinja's
        self.generic_visit(node)
        known = [each.value for each in node.nodes if isinstance(each, nodes.Const)]
        # Jinja would join constants as if none of them were markup.
        return _const(markup_join(known), node) if len(known) == len(node.nodes) else node


def _const(value: Any, instead_of: nodes.Node) -> nodes.Const:
    return nodes.Const(value, lineno=instead_of.lineno, environment=instead_of.environment)
