"""Host and port make sense or are refused in one line; phones get https, this machine plain http."""

import socket

import pytest

from tools import network
from tools.network import Door
from tools.progress import Refused


def test_the_door_has_a_default() -> None:
    assert network.door({}) == Door("127.0.0.1", 8000)
    assert network.door({"HOST": "", "PORT": ""}) == Door("127.0.0.1", 8000)


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "80 ", "٨٠٠٠", "8000.0"])
def test_a_senseless_port_is_refused(port: str) -> None:
    with pytest.raises(Refused, match="PORT must be a number"):
        network.door({"PORT": port})


def test_a_port_in_use_is_refused_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused) as caught:
            network.must_be_free(Door("127.0.0.1", port))
    assert f"port {port} on 127.0.0.1 is in use" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_free_port_is_accepted() -> None:
    network.must_be_free(Door("127.0.0.1", network.free_port()))


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Refused, match=r"cannot listen on 192\.0\.2\.1:8000"):
        network.must_be_free(Door("192.0.2.1", 8000))


@pytest.mark.parametrize(
    "host,url",
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.168.1.7", "https://192.168.1.7:8000"),
    ],
)
def test_the_address_to_type(host: str, url: str) -> None:
    assert Door(host, 8000).url == url


def test_everywhere_is_told_by_the_address_in_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "lan_address", lambda: "192.168.1.7")
    assert Door("0.0.0.0", 8000).url == "https://192.168.1.7:8000"
    assert not Door("0.0.0.0", 8000).is_loopback
