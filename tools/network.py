"""Addresses: is the port free, what do phones in the same network call us, what is our public address."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from tools.progress import Refused

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = "8000"


@dataclass(frozen=True)
class Door:
    """Where the server listens."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def is_everywhere(self) -> bool:
        """Whether it listens on all addresses of the machine."""
        return self.host in {"0.0.0.0", "::"}  # noqa: S104 -- recognised, not bound

    @property
    def bind(self) -> str:
        """host:port as servers want it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """What to type into a browser: http on this machine only, https for anybody else."""
        if self.is_loopback:
            return f"http://{self.bind}"
        return f"https://{Door(lan_address() if self.is_everywhere else self.host, self.port).bind}"


def door(env: Mapping[str, str]) -> Door:
    """HOST and PORT of the environment. Raises Refused if they make no sense."""
    host = env.get("HOST") or DEFAULT_HOST
    text = env.get("PORT") or DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise Refused(f"PORT must be a number from 1 to 65535, not {text!r}")
    return Door(host, int(text))


def must_be_free(wanted: Door) -> None:
    """Raise Refused, in one line, if nobody could listen there."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            wanted.host, wanted.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Refused(_why_not(wanted, error)) from None


def _why_not(wanted: Door, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {wanted.port} on {wanted.host} is in use: stop that program or choose another: make run PORT=8001"
    if error.errno == errno.EACCES:
        return (
            f"this user may not listen on port {wanted.port}: choose one above 1023, as in make run PORT=8000"
        )
    return (
        f"cannot listen on {wanted.bind}: {error.strerror or error}; name an address of this machine as HOST"
    )


def lan_address() -> str:
    """The address under which others in the network reach this machine; loopback if it is in no network.

    Connecting a datagram socket only asks the kernel for the route; nothing is sent.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address that documentation may use and nobody has
            return str(probe.getsockname()[0])
        except OSError:
            return DEFAULT_HOST


def free_port() -> int:
    """A port of the loopback interface that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((DEFAULT_HOST, 0))
        return int(probe.getsockname()[1])
