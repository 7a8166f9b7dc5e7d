"""Settings come from the environment, are checked once at start, and refuse nonsense."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

ENVIRONMENTS = ("demo", "test", "production")
HERE = ("localhost", "127.0.0.1", "::1")
DRIVERS = ("postgresql+psycopg", "postgresql", "sqlite", "sqlite+pysqlite")
ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-_:\[\]]+")
URL_FORM = "postgresql+psycopg://user:password@host:5432/name"
MAX_EPOCH = 2_147_483_647  # it stands in the database


class SettingsError(Exception):
    """The environment says something the product cannot start with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that differs between one installation and another. Secrets have no default in production."""

    environment: str
    database_url: str
    redis_url: str | None
    secret_key: str = field(repr=False)
    code_keys: Mapping[int, bytes] = field(repr=False)
    key_file: Path
    public_url: str
    data_dir: Path
    log_level: str = "INFO"
    trusted_proxies: int = 0
    second_factor_needed: bool = False

    @property
    def is_demo(self) -> bool:
        return self.environment == "demo"

    @property
    def is_production(self) -> bool:
        return self.environment == "production"

    @property
    def secure_cookies(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Settings:
        """Read FENGXING_* variables. Raises SettingsError naming the variable."""
        environment = env.get("FENGXING_ENV", "demo")
        if environment not in ENVIRONMENTS:
            raise SettingsError(f"FENGXING_ENV must be one of {', '.join(ENVIRONMENTS)}, not {environment!r}")
        data_dir = Path(env.get("FENGXING_DATA_DIR") or "var").absolute()
        key_file = Path(env.get("FENGXING_KEY_FILE") or data_dir / "keys.json").absolute()
        settings = cls(
            environment=environment,
            database_url=env.get("FENGXING_DATABASE_URL") or f"sqlite:///{data_dir / 'fengxing.db'}",
            redis_url=env.get("FENGXING_REDIS_URL") or None,
            secret_key=_secret(env, "FENGXING_SECRET_KEY"),
            code_keys=_code_keys(env, key_file),
            key_file=key_file,
            public_url=_address(env, "FENGXING_PUBLIC_URL", "http://127.0.0.1:8000"),
            data_dir=data_dir,
            log_level=_level(env, "FENGXING_LOG_LEVEL"),
            trusted_proxies=_count(env, "FENGXING_TRUSTED_PROXIES"),
            second_factor_needed=_is_needed(env, "FENGXING_SECOND_FACTOR", environment == "production"),
        )
        _must_lead_somewhere(settings)
        if settings.is_production and settings.database_url.startswith("sqlite"):
            raise SettingsError("FENGXING_DATABASE_URL must name a PostgreSQL database in production")
        if settings.is_production:
            _must_be_encrypted(settings)
        return settings


def _must_lead_somewhere(settings: Settings) -> None:
    """The addresses of the database and of Redis can be read; whether anybody answers there is another matter."""
    if (url := _url(settings.database_url)) is None or url.drivername not in DRIVERS:
        raise SettingsError(f"FENGXING_DATABASE_URL must look like {URL_FORM}")
    try:
        memory = urlsplit(settings.redis_url or "redis:")
        readable = memory.scheme in ("redis", "rediss", "unix") and memory.port != 0
    except ValueError:
        readable = False
    if not readable:
        raise SettingsError("FENGXING_REDIS_URL must look like redis://host:6379/0, rediss://… or unix://…")


def _url(text: str) -> URL | None:
    try:
        return make_url(text)
    except (ArgumentError, ValueError):  # the second: a port that is no number
        return None


def _must_be_encrypted(settings: Settings) -> None:
    """What leaves the machine goes through TLS to a server whose certificate was checked; what comes in, over TLS."""
    url = make_url(settings.database_url)
    hosts = [url.host or ""]
    for name in ("host", "hostaddr"):  # the second is where the driver goes, whatever the first says
        named = url.query.get(name, ())
        hosts += (named,) if isinstance(named, str) else named
    if not all(map(_is_here, hosts)) and url.query.get("sslmode") != "verify-full":
        raise SettingsError(
            "FENGXING_DATABASE_URL must say sslmode=verify-full in production, unless the database is on this machine"
        )
    memory = urlsplit(settings.redis_url or "")
    if memory.scheme not in ("rediss", "unix") and not _is_here(memory.hostname or ""):
        raise SettingsError(
            "FENGXING_REDIS_URL must begin with rediss:// in production, unless it is on this machine"
        )
    if "ssl_cert_reqs" in memory.query or "ssl_check_hostname" in memory.query:
        raise SettingsError("FENGXING_REDIS_URL must leave the certificate's check as it is in production")
    if not settings.secure_cookies:
        raise SettingsError("FENGXING_PUBLIC_URL must begin with https:// in production")


def _is_here(host: str) -> bool:
    """Whether a host (perhaps with its port) is this machine; a socket is a path, and nothing means one, too."""
    name, _, port = host.rpartition(":")
    return (
        not host
        or host.startswith("/")
        or host.strip("[]") in HERE
        or (port.isdigit() and name.strip("[]") in HERE)
    )


def _address(env: Mapping[str, str], name: str, otherwise: str) -> str:
    """Scheme and host, perhaps a port: paths are put behind it, and posters write all of it in capitals."""
    text = env.get(name, otherwise).rstrip("/")
    try:
        parts = urlsplit(text)
        whole = ADDRESS.fullmatch(text) is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that does not close
        whole = False
    if not whole:
        raise SettingsError(f"{name} must look like https://bees.example.cn, without a path, not {text!r}")
    return text


def _secret(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if len(value) < 32:
        raise SettingsError(
            f"{name} must be set to at least 32 characters (make run writes one into var/secrets.env)"
        )
    return value


def _level(env: Mapping[str, str], name: str) -> str:
    text = env.get(name, "INFO").upper()
    if text not in logging.getLevelNamesMapping():
        raise SettingsError(f"{name} must be a level like DEBUG, INFO or WARNING, not {text!r}")
    return text


def _count(env: Mapping[str, str], name: str) -> int:
    text = env.get(name, "0")
    if not text.isascii() or not text.isdigit():
        raise SettingsError(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _is_needed(env: Mapping[str, str], name: str, otherwise: bool) -> bool:
    text = env.get(name, "needed" if otherwise else "optional")
    if text not in ("needed", "optional"):
        raise SettingsError(f"{name} must be needed or optional, not {text!r}")
    return text == "needed"


def _code_keys(env: Mapping[str, str], key_file: Path) -> dict[int, bytes]:
    """`epoch:hex` pairs, comma separated: the seeds of the key ring. Not needed once there is a key file."""
    keys: dict[int, bytes] = {}
    for pair in filter(None, env.get("FENGXING_CODE_KEYS", "").split(",")):
        epoch, _, text = pair.partition(":")
        try:
            key = bytes.fromhex(text)
            number = int(epoch)
        except ValueError:
            raise SettingsError("FENGXING_CODE_KEYS must look like 1:<64 hex digits>[,2:…]") from None
        if len(key) < 32 or not 1 <= number <= MAX_EPOCH:
            raise SettingsError("FENGXING_CODE_KEYS: each key needs a positive epoch and at least 32 bytes")
        if number in keys:
            raise SettingsError(f"FENGXING_CODE_KEYS: epoch {number} stands there twice")
        keys[number] = key
    if not keys and not key_file.exists():
        raise SettingsError(
            "FENGXING_CODE_KEYS must hold at least one key (make run writes one into var/secrets.env), or "
            "FENGXING_KEY_FILE must name a key file"
        )
    return keys


_current: Settings | None = None


def use(settings: Settings) -> None:
    """Make these the settings of the process (main.create_app does)."""
    global _current
    _current = settings


def current() -> Settings:
    """The settings of the process. Raises RuntimeError before create_app."""
    if _current is None:
        raise RuntimeError("no settings yet: create_app reads them")
    return _current
