"""The API's description, for programs (/api/openapi.json) and for people (/api/docs)."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import Response, current_app, jsonify

from app.kernel.http import public
from app.web.edge import Pages, page

pages = Pages("reference")


@pages.get("/api/openapi.json")
@public
def openapi() -> Response:
    """OpenAPI 3.1"""
    return jsonify(current_app.extensions["openapi"])


@pages.get("/api/docs")
@public
def docs() -> str:
    """Every endpoint with what goes in and comes out"""
    description = current_app.extensions["openapi"]
    operations = [
        {"path": path, "method": method.upper(), **operation}
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]
    by_tag = [(tag, list(found)) for tag, found in groupby(operations, key=lambda each: each["tags"][0])]
    return page(
        "reference.html", info=description["info"], tags=by_tag, schemas=description["components"]["schemas"],
        name_of=_name_of,
    )  # fmt: skip


def _name_of(schema: dict[str, Any]) -> str:
    """What a schema is called: the last part of its reference, or its type."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if schema.get("type") == "array":
        return f"[{_name_of(schema.get('items', {}))}]"
    return str(schema.get("type", schema.get("format", "any")))
