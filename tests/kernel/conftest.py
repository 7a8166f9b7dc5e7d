"""A toy endpoint on the real edge, so that the edge can be tested without any package above it."""

from __future__ import annotations

import pytest
from marshmallow import fields

from app.kernel import clock as clock_module
from app.kernel.db import disconnect, insert_if_absent, session
from app.kernel.errors import Conflict
from app.kernel.http import Api, gives, idempotent, limited, public, takes, traced
from app.kernel.idempotency import IdempotencyRecord
from app.kernel.ids import new_id
from app.kernel.limits import Limit
from app.kernel.schemas import Instant, PositionIn, Schema, Text, Whole
from app.main import create_app


class NoteIn(Schema):
    text = Text(20, required=True)
    n = Whole(0, 100, load_default=0)
    when = Instant()
    where = fields.Nested(PositionIn)


class NoteOut(Schema):
    text = fields.String(required=True)
    count = fields.Integer(required=True)


class Kept(Conflict):
    slug = "conflict"
    keep = True


def write_mark(name: str) -> None:
    """A row to look for; the idempotency table serves as a notebook."""
    insert_if_absent(
        IdempotencyRecord,
        {"id": new_id(), "owner": "mark", "key": name, "fingerprint": "", "created_at": clock_module.now()},
    )


def marks() -> int:
    return session.query(IdempotencyRecord).filter_by(owner="mark").count()


calls: list[str] = []


@pytest.fixture(scope="session")
def toy_app(built_app, settings_env):
    api = Api("toy", "/toy", "Only in tests")

    @api.post("/notes")
    @public
    @idempotent
    @takes(NoteIn)
    @gives(NoteOut, 201)
    def write_note(text: str, **_: object) -> dict[str, object]:
        calls.append(text)
        write_mark(new_id().hex)
        if text == "refuse":
            raise Conflict
        if text == "refuse but keep":
            raise Kept
        if text == "break":
            raise RuntimeError("a bug")
        return {"text": text, "count": len(calls)}

    @api.post("/rows/<name>")
    @public
    @gives(NoteOut)
    def write_twice(name: str) -> dict[str, object]:
        row = {"owner": name, "key": "k", "fingerprint": "", "created_at": clock_module.now()}
        session.add_all([IdempotencyRecord(**row), IdempotencyRecord(**row)])
        session.flush()
        return {"text": name, "count": 2}

    @api.get("/marks")
    @public
    @gives(NoteOut)
    def count_marks() -> dict[str, object]:
        return {"text": "marks", "count": marks()}

    @api.get("/credit")
    @public
    @gives(NoteOut)
    def credit_on_get() -> dict[str, object]:
        write_mark("get")
        return {"text": "", "count": 0}

    @api.post("/looks/<name>")
    @public
    @traced("toy.seen")
    @idempotent
    @gives(NoteOut)
    def look(name: str) -> dict[str, object]:
        return {"text": name, "count": 1}

    @api.post("/often")
    @public
    @limited(Limit("toy", 3, 60))
    @gives(NoteOut)
    def often() -> dict[str, object]:
        return {"text": "", "count": 0}

    toy_app = create_app(settings_env)
    toy_app.register_blueprint(api)
    toy_app.config["PROPAGATE_EXCEPTIONS"] = False
    return toy_app


@pytest.fixture
def toy(app, toy_app):
    calls.clear()
    client = toy_app.test_client()
    client.calls = calls
    yield client
    with toy_app.app_context():
        session.remove()
        disconnect()  # its connections would outlive the database file that the next test replaces
