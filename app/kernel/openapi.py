"""The OpenAPI 3.1 description, made from the same notes the edge works by, so that it cannot say anything else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin, resolver
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from marshmallow import fields

from app.kernel.answering import PUBLIC, Edge, edge_of
from app.kernel.http import Api
from app.kernel.idempotency import KEY_PATTERN, MAX_KEY_LENGTH
from app.kernel.schemas import ProblemSchema

_PARAMETER = re.compile(r"<(?:(?P<kind>[^:<>]+):)?(?P<name>[^<>]+)>")
_KINDS: dict[str | None, dict[str, Any]] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0, "maximum": 2_147_483_647},
}


def _schema_name(schema: Any) -> str:
    return str(resolver(schema)).removesuffix("Schema")


def describe(app: Flask, apis: Iterable[Api], *, version: str) -> dict[str, Any]:
    """The whole description as a dict ready for JSON."""
    marshmallow = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Fengxing API",
        version=version,
        openapi_version="3.1.0",
        plugins=[marshmallow],
        info={
            "description": "Rider-volunteer programme of a city: stations, reports, volunteering, points, honours."
        },
    )
    spec.components.schema("Problem", schema=ProblemSchema)
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.security_scheme("cookie", {"type": "apiKey", "in": "cookie", "name": "fengxing_access"})
    converter = marshmallow.converter
    assert converter is not None
    converter.add_attribute_function(_as_others_read_it)
    for api in apis:
        spec.tag({"name": api.tag, "description": api.description})
        for method, rule, view in api.endpoints:
            operation = _operation(api, method, rule, view, converter)
            spec.path(path=f"{api.url_prefix}{_path(rule)}", operations={method.lower(): operation})
    return spec.to_dict()


def _as_others_read_it(
    _converter: OpenAPIConverter, field: Any, ret: dict[str, Any], **_: Any
) -> dict[str, Any]:
    r"""What the notes say in Python alone: `\Z` is no end in ECMA-262, by which patterns here are read."""
    if isinstance(field, fields.Constant):
        return {"const": field.constant}
    pattern = ret.get("pattern")
    return {"pattern": pattern.removesuffix(r"\Z") + "$"} if pattern and pattern.endswith(r"\Z") else {}


def _path(rule: str) -> str:
    return _PARAMETER.sub(r"{\g<name>}", rule)


def _operation(
    api: Api, method: str, rule: str, view: Callable[..., Any], converter: OpenAPIConverter
) -> dict[str, Any]:
    edge = edge_of(view)
    words = (view.__doc__ or view.__name__.replace("_", " ")).strip().split("\n", 1)
    operation: dict[str, Any] = {
        "tags": [api.tag],
        "operationId": f"{method.lower()}_{api.tag}_{view.__name__}",
        "summary": words[0],
        "parameters": _parameters(rule, edge, converter),
        "responses": _responses(edge),
        "security": [] if edge.access == PUBLIC else [{"bearer": []}, {"cookie": []}],
        "x-access": edge.access,
    }
    if len(words) > 1:
        operation["description"] = words[1].strip()
    if edge.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": edge.body}}}
    elif edge.form is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": _form(edge, converter)}},
        }
    return operation


def _form(edge: Edge, converter: OpenAPIConverter) -> dict[str, Any]:
    schema = converter.schema2jsonschema(edge.form)
    for name in edge.files:
        schema.setdefault("properties", {})[name] = {"type": "string", "format": "binary"}
    return dict(schema)


def _parameters(rule: str, edge: Edge, converter: OpenAPIConverter) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {
            "in": "path",
            "name": match["name"],
            "required": True,
            "schema": _KINDS.get(match["kind"], {"type": "string", "minLength": 1, "maxLength": 64}),
        }
        for match in _PARAMETER.finditer(rule)
    ]
    if edge.query is not None:
        found += converter.schema2parameters(edge.query, location="query")
    if edge.idempotent:
        key = {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH, "pattern": KEY_PATTERN}
        found.append({"in": "header", "name": "Idempotency-Key", "required": True, "schema": key})
    return found


def _responses(edge: Edge) -> dict[str, Any]:
    problem = {
        "description": "A refusal, in the caller's language, with a stable `code`",
        "content": {"application/problem+json": {"schema": "Problem"}},
    }
    if edge.out_media != "application/json":
        success: dict[str, Any] = {
            "description": "The file",
            "content": {edge.out_media: {"schema": {"type": "string", "format": "binary"}}},
        }
    elif edge.out is None:
        return {"204": {"description": "Done"}, "default": problem}
    else:
        success = {"description": "Done", "content": {"application/json": {"schema": edge.out}}}
    return {str(edge.out_status): success, "default": problem}
