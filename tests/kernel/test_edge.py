"""The edge: one unit of work per request, once per key, strict about what comes in, clear about what is refused."""

from __future__ import annotations

import pytest
import redis

from app.kernel import i18n, idempotency, limits, traces
from app.kernel.db import in_transaction, transaction
from app.kernel.limits import connect


def note(toy, text="hello", key="k1", **more):
    return toy.post("/api/v1/toy/notes", json={"text": text, **more}, headers={"Idempotency-Key": key})


def marks(toy):
    return toy.get("/api/v1/toy/marks").json["count"]


def test_the_same_key_counts_once_and_answers_the_same(toy):
    first, second = note(toy), note(toy)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert second.headers["Idempotent-Replayed"] == "true"
    assert (len(toy.calls), marks(toy)) == (1, 1)


def test_a_look_leaves_its_trace_also_where_the_answer_was_given_before(toy, monkeypatch):
    left = []
    monkeypatch.setattr(traces, "leave", lambda action, path, by: left.append((action, path["name"])))
    for _ in range(2):
        toy.post("/api/v1/toy/looks/wang", headers={"Idempotency-Key": "k"})
    assert left == [("toy.seen", "wang")] * 2


def test_the_same_key_for_another_request_is_refused(toy):
    note(toy)
    answer = note(toy, text="other")
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency-key-reused")


def test_what_makes_two_requests_the_same_does_not_run_together():
    marks = [
        idempotency.fingerprint(*parts) for parts in ((b"ab", b"c"), (b"a", b"bc"), (b"abc",), (b"abc", b""))
    ]
    assert len(set(marks)) == 4


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_a_missing_or_endless_key_is_refused(toy, key):
    assert note(toy, key=key).json["code"] == "idempotency-key-missing"


def test_a_key_is_remembered_for_a_month_and_then_forgotten(toy, clock):
    note(toy)
    clock.advance(days=30)
    assert in_transaction(lambda: idempotency.forget_old(at=clock.at)) == 0
    assert note(toy).headers["Idempotent-Replayed"] == "true"
    clock.advance(microseconds=1)
    assert in_transaction(lambda: idempotency.forget_old(at=clock.at)) == 2  # and the mark
    assert "Idempotent-Replayed" not in note(toy).headers
    assert len(toy.calls) == 2


def test_of_two_owners_of_one_key_each_is_answered_their_own(app, clock):
    owners = ("rider-a", "rider-b")
    for owner in owners:
        with transaction():
            assert idempotency.begin(owner=owner, key="k1", request="same", at=clock.at) is None
            idempotency.finish(owner=owner, key="k1", status=201, body=owner)
    with transaction():
        again = [idempotency.begin(owner=owner, key="k1", request="same", at=clock.at) for owner in owners]
    assert again == [idempotency.Outcome(201, owner) for owner in owners]


def test_a_refused_request_leaves_nothing_and_may_be_sent_again(toy):
    assert note(toy, text="refuse").status_code == 409
    assert marks(toy) == 0
    assert note(toy, text="refuse").status_code == 409
    assert len(toy.calls) == 2


def test_a_refusal_that_is_itself_a_fact_is_kept(toy):
    first, again = (note(toy, text="refuse but keep") for _ in range(2))
    assert (first.status_code, first.content_type) == (409, "application/problem+json")
    assert (again.status_code, again.content_type, again.data) == (409, first.content_type, first.data)
    assert (len(toy.calls), marks(toy)) == (1, 1)


def test_a_bug_is_a_500_with_nothing_half_written(toy):
    answer = note(toy, text="break")
    assert (answer.status_code, answer.json["code"]) == (500, "broken")
    assert marks(toy) == 0


def test_a_get_cannot_write(toy):
    assert toy.get("/api/v1/toy/credit").status_code == 500
    assert marks(toy) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe", b"[]", b'"x"', b'{"text": NaN}', b'{"text": "a", "text": "b"}', b'{"text": 1e400}',
        b'{"text": "\\u0000"}', b'{"text": "\\ud800"}', b"[" * 100_000, b'{"text": ' + b"[" * 50 + b"]" * 50 + b"}",
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_not_strict_json_is_a_400_or_422(toy, body):
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = toy.post("/api/v1/toy/notes", data=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5), ("text", None), ("text", "x" * 21), ("text", "   "), ("text", "a\x07b"), ("n", 1.0), ("n", "1"),
        ("n", True), ("n", -1), ("n", 10**30), ("when", "1970-01-01T00:00:00Z"), ("when", "2099-01-01T00:00:00Z"),
        ("when", "2026-11-24T10:00:00"), ("when", 0), ("when", "0001-01-01T00:00:00+14:00"), ("surprise", 1),
        ("where.lat", {"lat": 91, "lng": 0}), ("where.lng", {"lat": 0, "lng": "0"}), ("where.lat", {"lng": 0}),
    ],
)  # fmt: skip
def test_a_bad_value_is_a_422_with_the_field_named(toy, field, value):
    name = field.split(".")[0]
    answer = note(toy, **{name: value}) if name != "text" else note(toy, value)
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json["errors"]]
    assert all(each["message"] for each in answer.json["errors"])


def test_refusals_speak_the_callers_language(toy):
    english = toy.post(
        "/api/v1/toy/notes", headers={"Accept-Language": "en", "Idempotency-Key": "k"}, json={}
    )
    chinese = toy.post("/api/v1/toy/notes", headers={"Idempotency-Key": "k"}, json={})
    assert english.json["errors"][0]["message"] == "This field is needed."
    assert chinese.json["errors"][0]["message"] == "这一项要填。"
    assert english.json["errors"][0]["code"] == chinese.json["errors"][0]["code"] == "required"
    assert english.json["code"] == chinese.json["code"] == "invalid"


@pytest.mark.parametrize(
    "asked, language",
    [
        (None, "zh"),
        ("fr", "zh"),
        ("en", "en"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr, en", "en"),
        ("zh;q=0.5, en;q=0.8", "en"),
        ("en;q=0.2,zh-Hans-CN", "zh"),
        ("en;q=0, zh", "zh"),
        ("zh;q=0,en;q=0.1", "en"),
        ("EN ; Q=1.000", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh"),
        ("en;q=much", "zh"),
    ],
)
def test_the_language_is_the_one_asked_for_most(asked, language):
    assert i18n.choose(asked) == language


def test_another_media_type_is_a_415(toy):
    assert toy.post("/api/v1/toy/notes", data="text=x", headers={"Idempotency-Key": "k"}).status_code == 415


def test_too_often_is_a_429_that_says_when_to_come_back(toy, clock):
    answers = [toy.post("/api/v1/toy/often") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    clock.advance(seconds=int(answers[-1].headers["Retry-After"]))
    assert toy.post("/api/v1/toy/often").status_code == 200


def test_a_used_up_limit_stays_so_until_its_window_is_over_and_its_row_goes(toy, clock, monkeypatch):
    monkeypatch.delitem(toy.application.extensions, "redis", raising=False)
    tried = [toy.post("/api/v1/toy/often") for _ in range(4)]
    ends_in_s = int(tried[-1].headers["Retry-After"])
    clock.advance(seconds=ends_in_s - 1)
    assert in_transaction(lambda: limits.forget_past_windows(at=clock.at)) == 0
    assert toy.post("/api/v1/toy/often").status_code == 429
    clock.advance(seconds=2)
    assert in_transaction(lambda: limits.forget_past_windows(at=clock.at)) == 1


@pytest.mark.parametrize("counted_in", ["redis", "database"])
def test_each_limit_and_each_subject_is_counted_by_itself_and_anew_in_each_window(
    app, clock, monkeypatch, counted_in
):
    if counted_in == "database":
        monkeypatch.delitem(app.extensions, "redis", raising=False)
    one, other = limits.Limit("one", 2, 60), limits.Limit("other", 2, 60)
    subjects = [("a", "b"), ("a", "b"), ("a", "b"), ("ab",), ("b", "a")]
    assert limits.count_all(one, subjects) == [True, True, False, True, True]
    assert limits.count_all(other, [("a", "b")]) == [True]
    clock.advance(seconds=60)
    assert limits.count_all(one, subjects[:1]) == [True]


def test_limits_hold_when_redis_is_away(toy, monkeypatch):
    lost = connect("redis://127.0.0.1:1")
    monkeypatch.setitem(toy.application.extensions, "redis", lost)
    assert [toy.post("/api/v1/toy/often").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert toy.get("/readyz").json == {"status": "degraded", "database": "ok", "redis": "away"}


class Shaky:
    """Redis that is away now and then, and how often it was asked."""

    is_away, asked = True, 0

    def pipeline(self):
        self.asked += 1
        if self.is_away:
            raise redis.ConnectionError
        return self

    def incr(self, name): ...

    def expire(self, name, seconds): ...

    def execute(self):
        return [1, True]


def test_redis_is_left_alone_for_a_moment_and_then_asked_again(app, clock, monkeypatch):
    shaky, limit, asked = Shaky(), limits.Limit("shaky", 99, 3600), []
    monkeypatch.setitem(app.extensions, "redis", shaky)
    for seconds, is_away in ((0, True), (4, True), (1, True), (4, True), (1, False), (0, False)):
        clock.advance(seconds=seconds)
        shaky.is_away = is_away
        limits.count(limit, "somebody")
        asked.append(shaky.asked)
    assert asked == [1, 1, 2, 2, 3, 4]


def test_a_request_id_goes_through_and_comes_back(toy):
    given = toy.get("/healthz", headers={"X-Request-ID": "abcdef-123456"})
    made = toy.get("/api/v1/nowhere", headers={"X-Request-ID": "bad id\t"})
    assert given.headers["X-Request-ID"] == "abcdef-123456"
    assert made.headers["X-Request-ID"] != "bad id"


def test_metrics_count_by_route_not_by_path(toy):
    toy.get("/api/v1/places/stations/0190a0a0-0000-7000-8000-000000000000")
    text = toy.get("/metrics").text
    assert "/api/v1/places/stations/<uuid:station_id>" in text
    assert "0190a0a0" not in text


def test_method_not_allowed_says_what_is(toy):
    answer = toy.delete("/api/v1/toy/notes")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
