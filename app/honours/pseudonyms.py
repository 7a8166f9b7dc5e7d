"""What a person is called in one selection: a name that tells nothing to whoever knows the person.

A plain hash of the person's id could be made again by every member of staff who knows that id. This one takes the
installation's secret, so only the product itself can tell whose it is.
"""

from __future__ import annotations

import hmac
from uuid import UUID

from app.kernel import settings
from app.kernel.randomness import CROCKFORD


def pseudonym(selection_id: UUID, person_id: UUID) -> str:
    """A person's name within one selection: always the same there, unlike that in any other."""
    key = settings.current().secret_key.encode()
    digest = hmac.digest(key, b"candidate" + selection_id.bytes + person_id.bytes, "sha256")
    return "C" + "".join(CROCKFORD[byte & 31] for byte in digest[:12])
