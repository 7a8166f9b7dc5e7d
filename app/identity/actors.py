"""Who acts: a person with the roles they hold and where, an anonymous visitor, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.identity.errors import SecondFactorMissing
from app.identity.permissions import PERMISSIONS, SELF
from app.kernel.errors import Forbidden
from app.places import queries as places


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role and where it is held: a region's path, or one station."""

    role: str
    region_path: str | None = None
    station_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Scopes:
    """Where a permission is held, for filtering lists."""

    region_paths: tuple[str, ...]
    station_ids: tuple[UUID, ...]

    @property
    def nowhere(self) -> bool:
        return not self.region_paths and not self.station_ids


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does something. Use cases ask it, never the request."""

    person_id: UUID | None = None
    roles: tuple[HeldRole, ...] = ()
    is_rider: bool = False
    family_id: UUID | None = None
    is_system: bool = False
    lacks_second_step: bool = False  # holds roles that do not count in this session
    agrees_to_location: bool | None = None  # None: never asked; the first use asks
    agrees_to_photo: bool | None = None

    @property
    def key(self) -> str:
        """A name for this actor in keys and counters."""
        return "system" if self.is_system else self.person_id.hex if self.person_id else "anonymous"

    @property
    def is_anonymous(self) -> bool:
        return self.person_id is None and not self.is_system

    @property
    def id(self) -> UUID:
        """The person's id. Raises Forbidden for a visitor and for the system."""
        if self.person_id is None:
            raise Forbidden
        return self.person_id

    def holds(self, permission: str) -> bool:
        """Whether the permission is held anywhere at all."""
        if self.is_system:
            return True
        if permission == SELF:
            return self.person_id is not None
        return any(permission in PERMISSIONS[held.role] for held in self.roles)

    def scopes(self, permission: str) -> Scopes:
        """Where the permission is held. The system holds everything everywhere."""
        if self.is_system:
            return Scopes(("",), ())
        held = [each for each in self.roles if permission in PERMISSIONS[each.role]]
        return Scopes(
            tuple(each.region_path for each in held if each.region_path is not None),
            tuple(each.station_id for each in held if each.station_id is not None),
        )

    def can(self, permission: str, *, region_path: str | None = None, station_id: UUID | None = None) -> bool:
        """Whether the permission is held at this place. A role in a region covers the regions and stations inside."""
        scopes = self.scopes(permission)
        if station_id is not None and station_id in scopes.station_ids:
            return True
        if not scopes.region_paths:
            return False
        if region_path is None and station_id is not None:
            region_path = places.region_path(places.station(station_id).region_code)
        return region_path is not None and region_path.startswith(scopes.region_paths)

    def must(
        self, permission: str, *, region_path: str | None = None, station_id: UUID | None = None
    ) -> None:
        """Raises Forbidden unless `can`."""
        if not self.can(permission, region_path=region_path, station_id=station_id):
            raise self.refusal()

    def refusal(self) -> Forbidden:
        """Why not: the second step of signing in is missing, or it is not theirs to do."""
        return SecondFactorMissing() if self.lacks_second_step else Forbidden()


ANONYMOUS = Actor()
SYSTEM = Actor(is_system=True)
