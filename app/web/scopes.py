"""The places a member of staff works in, as choices of a form."""

from __future__ import annotations

from app.identity.actors import Actor
from app.places import queries as places


def regions_of(by: Actor, permission: str) -> list[tuple[str, str]]:
    """(code, name) of the regions where the permission is held and the two levels below."""
    found: dict[str, str] = {}
    for path in by.scopes(permission).region_paths:
        top = places.region(path.rstrip("/").rsplit("/", 1)[-1])
        found[top.code] = top.name
        for district in places.children_of(top.code):
            found[district.code] = district.name
            found |= {each.code: f"{district.name} {each.name}" for each in places.children_of(district.code)}
    return list(found.items())
