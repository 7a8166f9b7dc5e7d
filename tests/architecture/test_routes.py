"""Every route says who may call it; a reading route cannot be called to write."""

from flask import Flask


def undeclared(app: Flask) -> list[str]:
    """Routes whose view does not say who may call it."""
    return sorted(
        f"{sorted(rule.methods or ())} {rule.rule}"
        for rule in app.url_map.iter_rules()
        if not getattr(app.view_functions[rule.endpoint], "__access__", None)
    )


def test_every_route_declares_who_may_call_it(built_app: Flask) -> None:
    assert not undeclared(built_app)


def test_there_are_routes_to_guard(built_app: Flask) -> None:
    assert len(list(built_app.url_map.iter_rules())) > 10


def test_an_open_route_is_noticed() -> None:
    toy = Flask("toy", static_folder=None)
    toy.add_url_rule("/open", view_func=lambda: "in you come", endpoint="open")
    assert undeclared(toy) == ["['GET', 'HEAD', 'OPTIONS'] /open"]
