"""What deploy/ has for nginx and Caddy, run as it stands in front of a real server: only ports and names are others."""

from __future__ import annotations

import re
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bench.servers import free_port
from tests.api.registered import CASES, FIRST
from tests.api.registered import register as registered
from tests.channels.servers import Socket, running
from tests.handoff.certificate import trusting, write_certificate
from tests.proxy.brought import fetch, program

pytestmark = pytest.mark.timeout(180)
DEPLOY = Path(__file__).parents[2] / "deploy"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def nginx(folder: Path, port: int, plain: int, upstream: int) -> list[str]:
    """The sample with our ports, our certificate, and logs in a folder of ours."""
    certificate, key = write_certificate(folder)
    sample = (DEPLOY / "nginx.conf").read_text()
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("complaints.example.org;", "localhost;"),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
        ("/var/log/nginx/", f"{folder}/"),
    ):
        assert old in sample, old
        sample = sample.replace(old, new)
    sample = re.sub(r"ssl_certificate +[^;]+", f"ssl_certificate {certificate}", sample)
    sample = re.sub(r"ssl_certificate_key +[^;]+", f"ssl_certificate_key {key}", sample)
    sample = re.sub(r"\n *listen \[::\][^\n]*", "", sample)
    (folder / "nginx.conf").write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\n"
        + "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                  ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        + f"{sample}\n}}\n"
    )  # fmt: skip
    return [str(program("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, port: int, plain: int, upstream: int) -> list[str]:
    """The sample with our ports, and a certificate of ours instead of one from the network."""
    certificate, key = write_certificate(folder)
    sample = (DEPLOY / "Caddyfile").read_text()
    for old, new in (
        (
            "complaints.example.org {",
            f"https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate} {key}",
        ),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
    ):
        assert old in sample, old
        sample = sample.replace(old, new)
    ours = f"{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {port}\n\tdefault_bind 127.0.0.1\n\tstorage file_system {folder}/caddy\n}}\n"
    (folder / "Caddyfile").write_text(ours + sample)
    return [str(program("caddy")), "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


PROXIES: dict[str, Callable[[Path, int, int, int], list[str]]] = {"nginx": nginx, "caddy": caddy}


@dataclass
class Front:
    """A server as people reach it: `url` is the proxy's, `plain` where it answers without TLS."""

    url: str
    plain: str
    trust: ssl.SSLContext
    key: str
    log: Path

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, verify=self.trust, timeout=30)

    @contextmanager
    def socket(self, **headers: str) -> Iterator[Socket]:
        address = f"{self.url.replace('https', 'wss')}/cqm/ws"
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        with connect(address, additional_headers=given, ssl=self.trust) as connection:
            yield Socket(connection)


@pytest.fixture(scope="module", params=PROXIES)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    assert fetch() is None
    data, folder = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("proxy")
    with registered(data) as before:
        key = before.keys["all"]
    port, plain = free_port(), free_port()
    with running(data, public_url=f"https://localhost:{port}", limit_address="30/minute") as server:
        upstream = int(server.url.rpartition(":")[2])
        command = PROXIES[request.param](folder, port, plain, upstream)
        with (folder / "output.log").open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder)
        found = Front(f"https://localhost:{port}", f"http://localhost:{plain}", trusting(folder), key, folder)
        try:
            wait_for(found, process)
            yield found
        finally:
            process.terminate()
            process.wait(20)


def wait_for(front: Front, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        assert process.poll() is None, (front.log / "output.log").read_text()[-2000:]
        assert time.monotonic() < end, "the proxy does not answer"
        try:
            with front.client() as client:
                client.get("/healthz")
            return
        except httpx.HTTPError:
            time.sleep(0.1)


def test_pages_come_through_with_the_safe_headers(front: Front) -> None:
    with front.client() as client:
        page = client.get("/cqm/complain")
        assert page.status_code == 200
        assert page.headers["strict-transport-security"].startswith("max-age=")
        assert "default-src" in page.headers["content-security-policy"]
        cookies = [value for name, value in page.headers.multi_items() if name == "set-cookie"]
        assert all("Secure" in cookie for cookie in cookies)


def test_who_comes_without_tls_is_sent_to_where_it_is(front: Front) -> None:
    answer = httpx.get(f"{front.plain}/cqm/complain?lang=cy", follow_redirects=False)
    assert answer.status_code in (301, 308)
    where = answer.headers["location"]
    assert where.startswith("https://localhost")
    assert where.endswith("/cqm/complain?lang=cy")


@pytest.mark.parametrize(
    "claims",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "127.0.0.1, 127.0.0.1", "X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1;proto=https"},
    ],
)
def test_nobody_claims_to_be_a_program_of_this_machine(front: Front, claims: dict[str, str]) -> None:
    with front.client(**claims) as client:
        assert client.get(CASES).status_code == 401
        client.headers["Authorization"] = f"Bearer {front.key}"
        assert client.get(CASES).status_code == 200


def test_a_conversation_is_held_over_the_websocket(front: Front) -> None:
    with front.socket(Origin=front.url) as socket:
        welcome = socket.hello()
        assert welcome["type"] == "welcome"
        socket.take("reply")
        socket.say("Nobody marked my assignment for six weeks.")


def test_another_sites_page_opens_no_socket(front: Front) -> None:
    with pytest.raises(InvalidStatus) as refused, front.socket(Origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403


def test_a_large_file_is_refused_by_hearout_in_its_own_words_and_a_huge_one_by_the_proxy(
    front: Front,
) -> None:
    path = f"{CASES}/{FIRST}/evidence"
    with front.client(Authorization=f"Bearer {front.key}") as client:
        good = client.post(path, params={"name": "a.pdf"}, content=PDF)
        assert good.status_code in (200, 201), good.text
        large = client.post(path, params={"name": "b.pdf"}, content=PDF + b"x" * 11_000_000)
        assert (large.status_code, large.json()["title"]) == (413, "The file is too large")
        try:
            huge = client.post(path, params={"name": "c.pdf"}, content=PDF + b"x" * 30_000_000)
            assert huge.status_code in (413, 502)
        except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
            pass  # It was cut off while it was sent.
        assert len(client.get(path).json()["files"]) == 1


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_is_for_this_machine_alone_stays_there(front: Front, path: str) -> None:
    with front.client() as client:
        assert client.get(path).status_code == 403


def test_no_log_of_the_proxy_holds_a_private_link(front: Front) -> None:
    with front.client() as client:
        client.get("/cqm/consent/s3cretlink?code=s3cretcode")
    written = "".join(file.read_text(errors="replace") for file in front.log.glob("*.log"))
    assert "s3cret" not in written


def test_a_claimed_address_is_no_way_round_the_limit(front: Front) -> None:
    """Each request claims another address: were it believed, none would be refused."""
    with front.client() as client:
        answers = {
            client.post(
                "/api/v1/organisations/cqm/decisions",
                json={"facts": {}, "received_at": "2026-12-01T10:00:00+00:00"},
                headers={"X-Forwarded-For": f"198.51.100.{number}"},
            ).status_code
            for number in range(45)
        }
    assert 429 in answers
