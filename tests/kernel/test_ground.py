"""Ids sort by time, chance is fair and repeatable, words fill, settings refuse nonsense."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from app.identity.queries import masked_name, masked_phone
from app.kernel import i18n, limits, randomness, settings
from app.kernel.db import after_commit, db, in_transaction, session, transaction
from app.kernel.errors import Unavailable
from app.kernel.geo import EARTH_RADIUS_M, Position, box_around, distance_m
from app.kernel.ids import new_id
from app.kernel.paging import CursorUnknown, decode, encode
from app.kernel.settings import Settings, SettingsError
from app.main import create_app
from tests.kernel.conftest import marks, write_mark

GOOD = {"FENGXING_SECRET_KEY": "x" * 32, "FENGXING_CODE_KEYS": "1:" + "00" * 32}
ELSEWHERE = GOOD | {
    "FENGXING_ENV": "production",
    "FENGXING_DATABASE_URL": "postgresql://db/x",
    "FENGXING_PUBLIC_URL": "https://bees.example.cn",
}
HERE = ELSEWHERE | {"FENGXING_DATABASE_URL": "postgresql://127.0.0.1/x"}


def test_ids_strictly_increase_even_within_a_millisecond(clock):
    ids = [new_id() for _ in range(5000)]
    clock.advance(milliseconds=1)
    ids.append(new_id())
    assert ids == sorted(set(ids))
    assert {each.version for each in ids} == {7}


def test_the_same_seed_gives_the_same_chance():
    def draw():
        with randomness.use(randomness.Seeded(7)):
            return [randomness.below(10) for _ in range(100)], randomness.digits(6)

    assert draw() == draw()
    assert set(draw()[0]) == set(range(10))


def test_a_session_that_is_in_use_outside_of_any_unit_is_not_made_part_of_one(app):
    session.connection()
    with pytest.raises(RuntimeError), transaction(write=False):
        pass
    session.rollback()
    with transaction(write=False):
        pass


def test_what_is_to_run_after_a_commit_needs_one(app):
    with pytest.raises(RuntimeError):
        after_commit(lambda: None)


def test_a_unit_of_work_is_all_or_nothing(app):
    with pytest.raises(RuntimeError), transaction():
        write_mark("a")
        raise RuntimeError
    with transaction(write=False):
        assert marks() == 0


def test_a_unit_of_work_cannot_be_nested(app):
    with transaction(), pytest.raises(RuntimeError), transaction():
        pass


def test_a_read_cannot_write(app):
    with pytest.raises(Exception, match="read-?only"), transaction(write=False):
        write_mark("a")
    with transaction():
        write_mark("b")
    with transaction(write=False):
        assert marks() == 1


def test_foreign_keys_are_held(app):
    from app.identity.models import Person
    from app.kernel import clock

    with pytest.raises(Exception, match="(?i)foreign key"), transaction():
        session.add(Person(created_at=clock.now(), home_region_code="9999"))
        session.flush()


def test_a_cursor_comes_back_as_the_id_it_was(clock):
    some = new_id()
    assert decode(encode(some)) == some
    for junk in ("", "?", "AAAA", "é", "=" * 8):
        with pytest.raises(CursorUnknown):
            decode(junk)


IN_CHINA = st.builds(Position, st.floats(4, 53), st.floats(74, 134))


@given(IN_CHINA, st.floats(0, 360), st.floats(1, 5000))
@example(Position(32.04, 118.8), 90, 60)
@example(Position(32.04, 118.8), 270, 5000)
def test_a_box_holds_every_point_within_the_radius(centre, bearing, radius_m):
    south, west, north, east = box_around(centre, radius_m)
    there = _towards(centre, bearing, 0.999 * radius_m)
    assert distance_m(centre, there) <= radius_m
    assert south <= there.lat <= north
    assert west <= there.lng <= east


def _towards(centre: Position, bearing: float, away_m: float) -> Position:
    """Where one arrives who sets out in this direction."""
    lat, turn, arc = math.radians(centre.lat), math.radians(bearing), away_m / EARTH_RADIUS_M
    arrived = math.asin(math.sin(lat) * math.cos(arc) + math.cos(lat) * math.sin(arc) * math.cos(turn))
    east = math.sin(turn) * math.sin(arc) * math.cos(lat)
    sideways = math.atan2(east, math.cos(arc) - math.sin(lat) * math.sin(arrived))
    return Position(math.degrees(arrived), centre.lng + math.degrees(sideways))


def test_numbers_hours_and_days_read_as_people_write_them(clock):
    assert [i18n.format_number(n) for n in (1286, 12860)] == ["1286", "12,860"]
    assert [i18n.format_hours(n) for n in (0, 29, 90, 100, 120)] == ["0", "0", "1.5", "1.5", "2"]
    assert i18n.format_day(clock.at) == "11月24日 周二"
    assert i18n.format_day(clock.at, "en") == "Tue 24 Nov"
    assert i18n.format_time(clock.at) == "14:02"


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王明", "王*"),
        ("王小明", "王*明"),
        ("欧阳修华", "欧**华"),
        ("买买提·艾力", "买****力"),
        ("王", "*"),
        ("", "*"),
    ],
)
def test_names_are_masked(name, masked):
    assert masked_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+8613800131204", "138****1204"),
        ("+85298765432", "+85****5432"),
        ("+3725123456", "+37****3456"),
        ("+290234567", "****67"),
        ("+86123456", "****56"),
        ("+8612345", "****"),
        (None, "****"),
    ],
)
def test_at_least_four_digits_of_a_number_are_hidden(phone, masked):
    assert masked_phone(phone) == masked


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"FENGXING_SECRET_KEY": "short"}, "FENGXING_SECRET_KEY"),
        ({"FENGXING_CODE_KEYS": ""}, "FENGXING_CODE_KEYS"),
        ({"FENGXING_CODE_KEYS": "1:zz"}, "FENGXING_CODE_KEYS"),
        ({"FENGXING_ENV": "staging"}, "FENGXING_ENV"),
        ({"FENGXING_ENV": "production"}, "FENGXING_DATABASE_URL"),
        (ELSEWHERE, "FENGXING_DATABASE_URL must say sslmode=verify-full"),
        (ELSEWHERE | {"FENGXING_DATABASE_URL": "postgresql://db/x?sslmode=require"}, "verify-full"),
        (ELSEWHERE | {"FENGXING_DATABASE_URL": "postgresql:///x?host=::1:5432&host=db:5432"}, "verify-full"),
        (ELSEWHERE | {"FENGXING_DATABASE_URL": "postgresql://localhost/x?hostaddr=10.0.0.7"}, "verify-full"),
        (
            HERE | {"FENGXING_PUBLIC_URL": "http://bees.example.cn"},
            "FENGXING_PUBLIC_URL must begin with https",
        ),
        (HERE | {"FENGXING_REDIS_URL": "redis://memory:6379"}, "rediss"),
        (HERE | {"FENGXING_REDIS_URL": "rediss://memory:6379?ssl_cert_reqs=none"}, "certificate"),
        (HERE | {"FENGXING_REDIS_URL": "rediss://memory:6379?ssl_check_hostname=false"}, "certificate"),
        ({"FENGXING_LOG_LEVEL": "loud"}, "FENGXING_LOG_LEVEL"),
        ({"FENGXING_TRUSTED_PROXIES": "-1"}, "FENGXING_TRUSTED_PROXIES"),
        ({"FENGXING_SECOND_FACTOR": "no"}, "FENGXING_SECOND_FACTOR"),
        ({"FENGXING_CODE_KEYS": "0:" + "00" * 32}, "FENGXING_CODE_KEYS"),
        ({"FENGXING_CODE_KEYS": "1:" + "00" * 31}, "FENGXING_CODE_KEYS"),
        (
            {"FENGXING_CODE_KEYS": f"1:{'00' * 32},1:{'11' * 32}"},
            "FENGXING_CODE_KEYS: epoch 1 stands there twice",
        ),
        ({"FENGXING_CODE_KEYS": "2147483648:" + "00" * 32}, "FENGXING_CODE_KEYS"),
        ({"FENGXING_DATABASE_URL": "bees"}, "FENGXING_DATABASE_URL must look like"),
        ({"FENGXING_DATABASE_URL": "mysql://localhost/bees"}, "FENGXING_DATABASE_URL must look like"),
        (
            {"FENGXING_DATABASE_URL": "postgresql+psycopg2://localhost/x"},
            "FENGXING_DATABASE_URL must look like",
        ),
        ({"FENGXING_DATABASE_URL": "postgresql://localhost:port/x"}, "FENGXING_DATABASE_URL must look like"),
        ({"FENGXING_REDIS_URL": "localhost"}, "FENGXING_REDIS_URL must look like"),
        ({"FENGXING_REDIS_URL": "redis://localhost:port/0"}, "FENGXING_REDIS_URL must look like"),
        ({"FENGXING_PUBLIC_URL": "bees.example.cn"}, "FENGXING_PUBLIC_URL must look like"),
        ({"FENGXING_PUBLIC_URL": "https://bees.example.cn/app"}, "FENGXING_PUBLIC_URL must look like"),
        ({"FENGXING_PUBLIC_URL": "https://bees.example.cn:port"}, "FENGXING_PUBLIC_URL must look like"),
        ({"FENGXING_PUBLIC_URL": "https://"}, "FENGXING_PUBLIC_URL must look like"),
    ],
)
def test_settings_refuse_nonsense_and_name_the_variable(change, names):
    with pytest.raises(SettingsError, match=names):
        Settings.from_env(GOOD | change)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"FENGXING_DATABASE_URL": "postgresql://db/x?sslmode=verify-full"},
        {"FENGXING_DATABASE_URL": "postgresql:///x?host=/run/postgresql"},
        {"FENGXING_DATABASE_URL": "postgresql:///x?host=127.0.0.1:5432&host=localhost:5433"},
        {"FENGXING_REDIS_URL": "rediss://memory:6379"},
        {"FENGXING_DATABASE_URL": "postgresql://[::1]:5432/x"},
        {"FENGXING_REDIS_URL": "redis://127.0.0.1:6379"},
        {"FENGXING_REDIS_URL": "redis://[::1]:6379"},
        {"FENGXING_REDIS_URL": "unix:///run/redis.sock"},
    ],
)
def test_in_production_what_leaves_the_machine_is_encrypted(change):
    assert Settings.from_env(HERE | change).is_production


@pytest.mark.parametrize(
    "address", ["https://bees.example.cn/", "http://192.168.0.7:8000", "https://[::1]:8443"]
)
def test_an_address_of_host_and_port_is_taken_without_its_last_slash(address):
    assert Settings.from_env(GOOD | {"FENGXING_PUBLIC_URL": address}).public_url == address.rstrip("/")


@pytest.mark.parametrize("name", ["FENGXING_DATABASE_URL", "FENGXING_REDIS_URL", "FENGXING_DATA_DIR"])
def test_an_empty_line_of_a_file_of_settings_is_as_none(name):
    assert Settings.from_env(GOOD | {name: ""}) == Settings.from_env(GOOD)


@pytest.mark.parametrize("name", ["FENGXING_DATA_DIR", "FENGXING_KEY_FILE"])
def test_a_folder_that_is_a_file_or_a_file_that_is_a_folder_is_named(tmp_path, monkeypatch, name):
    monkeypatch.setattr(settings, "_current", settings._current)
    (file := tmp_path / "file").touch()
    wrong = {"FENGXING_DATA_DIR": file, "FENGXING_KEY_FILE": tmp_path}[name]
    with pytest.raises(SettingsError, match=name):
        create_app(GOOD | {"FENGXING_DATA_DIR": str(tmp_path), name: str(wrong)})


def test_settings_never_print_their_secrets():
    assert "xxxx" not in repr(Settings.from_env(GOOD))


# --- the database goes away ---


@contextmanager
def _database_away(times: int, state: str | None = None) -> Iterator[list[int]]:
    """The next tries to begin a transaction fail, as if the server had gone."""
    error, tries = Exception("connection lost"), []
    if state:
        error.sqlstate = state

    def away(_connection):
        tries.append(1)
        if len(tries) <= times:
            raise sa.exc.OperationalError("BEGIN", {}, error)

    sa.event.listen(db.engine, "begin", away)
    try:
        yield tries
    finally:
        sa.event.remove(db.engine, "begin", away)


def test_a_database_that_is_away_for_a_moment_costs_a_try_and_nothing_else(app):
    with _database_away(times=2) as tries:
        in_transaction(lambda: write_mark("a"))
    assert len(tries) == 3
    with transaction(write=False):
        assert marks() == 1


@pytest.mark.parametrize("state", ["40001", "40P01", "55P03"])
def test_whoever_stood_in_each_others_way_tries_again_as_a_whole(app, state):
    with _database_away(times=1, state=state) as tries:
        in_transaction(lambda: write_mark("a"))
    assert len(tries) == 2
    with transaction(write=False):
        assert marks() == 1


@pytest.mark.parametrize("state", [None, "53100", "53300", "57P03"])
def test_a_database_that_stays_away_or_is_full_is_said_clearly(app, state):
    with _database_away(times=9, state=state), pytest.raises(Unavailable):
        in_transaction(lambda: write_mark("a"))


def test_a_limit_that_cannot_be_counted_is_said_clearly(app, toy, monkeypatch):
    monkeypatch.setitem(app.extensions, "redis", None)
    monkeypatch.delitem(toy.application.extensions, "redis", raising=False)
    with toy.application.app_context(), _database_away(times=9):
        assert toy.post("/api/v1/toy/often").status_code == 503


class _Redis:
    """Fails until told otherwise, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.fails, self.kept_s = 0, True, 0

    def pipeline(self):
        return self

    def incr(self, _name):
        return self

    def expire(self, _name, seconds):
        self.kept_s = seconds
        return self

    def execute(self):
        self.asked += 1
        if self.fails:
            raise redis.TimeoutError
        return [1]


def test_a_redis_that_failed_is_left_alone_for_a_while_and_then_asked_by_one(app, clock, monkeypatch):
    client = _Redis()
    monkeypatch.setitem(app.extensions, "redis", client)
    limit = limits.Limit("toy", 100, 3600)
    for _ in range(5):
        limits.count(limit, "somebody")
    assert client.asked == 1
    clock.advance(seconds=5)
    for _ in range(5):
        limits.count(limit, "somebody")
    assert client.asked == 2
    client.fails = False
    clock.advance(seconds=5)
    for _ in range(5):
        limits.count(limit, "somebody")
    assert client.asked == 7


def test_redis_keeps_a_count_as_long_as_its_window_and_not_for_ever(app, monkeypatch):
    client = _Redis()
    client.fails = False
    monkeypatch.setitem(app.extensions, "redis", client)
    limits.count(limits.Limit("toy", 100, 3600), "somebody")
    assert 3600 <= client.kept_s <= 3660


def test_a_clock_that_went_back_leaves_redis_alone_no_longer_than_that(app, clock, monkeypatch):
    client = _Redis()
    monkeypatch.setitem(app.extensions, "redis", client)
    limits.count(limits.Limit("toy", 100, 3600), "somebody")
    clock.advance(hours=-2)
    limits.count(limits.Limit("toy", 100, 3600), "somebody")
    assert client.asked == 2
