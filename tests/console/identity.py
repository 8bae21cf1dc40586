"""Identity providers for the tests: a real one, which Node runs, and one that lies as it is told."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from tests.widget.node import _program

HERE = Path(__file__).parent / "provider"
CLIENT, SECRET = "hearout", "the secret of the tests, long enough for HS256"
PEOPLE = {
    "jo": {
        "email": "jo@example.org",
        "email_verified": True,
        "name": "Jo Field",
        "groups": ["complaints", "all"],
    },
    "sam": {"email": "sam@example.org", "email_verified": True, "name": "Sam Hill", "groups": ["all"]},
    "loose": {"email": "jo@example.org", "email_verified": False, "name": "Not Jo", "groups": ["all"]},
}


@dataclass
class RealProvider:
    """panva's oidc-provider on loopback."""

    issuer: str

    def log_in(self, where: str, person: str) -> str:
        """What a person does there: signs in and agrees. The address that the browser is sent back to."""
        with httpx.Client(timeout=20) as browser:
            answer = browser.get(where)
            for _ in range(20):
                if answer.is_redirect:
                    where = urljoin(str(answer.url), answer.headers["location"])
                    if not where.startswith(self.issuer):
                        return where
                    answer = browser.get(where)
                    continue
                action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
                assert action is not None, answer.text
                prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
                assert prompt is not None, answer.text
                form = {"prompt": prompt[1], "login": person, "password": "anything"}
                answer = browser.post(urljoin(str(answer.url), unescape(action[1])), data=form)
        raise AssertionError("it did not end")


@contextmanager
def real_provider(port: int, *, back_to: list[str], leave_to: list[str]) -> Iterator[RealProvider]:
    """Start it, with Hearout as a client that has a secret and must use PKCE."""
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        subprocess.run([*_program("npm"), "ci", "--no-progress", "--loglevel=error"], cwd=HERE, check=True)
    client = {
        "client_id": CLIENT,
        "client_secret": SECRET,
        "redirect_uris": back_to,
        "post_logout_redirect_uris": leave_to,
        "scope": "openid email profile groups",
    }
    told = json.dumps({"port": port, "client": client, "people": PEOPLE})
    with subprocess.Popen(
        [*_program("node"), "provider.mjs", told], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    ) as running:  # fmt: skip
        try:
            assert running.stdout is not None
            assert any("listening" in line for line in running.stdout), "the provider did not start"
            yield RealProvider(f"http://127.0.0.1:{port}")
        finally:
            running.terminate()


@dataclass
class Liar:
    """A provider that answers what a test tells it. `claims` change those of the ID token; None leaves one out."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    published: list[RSAKey] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    algorithm: str = "RS256"
    header: dict[str, Any] = field(default_factory=dict)
    nonce: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            **({"userinfo_endpoint": f"{self.issuer}/me"} if self.userinfo is not None else {}),
            **self.metadata,
        }

    def keys(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.published or [self.key]]}

    def token(self, asked: dict[str, str]) -> dict[str, Any]:
        self.asked.append(asked)
        now = int(time.time())
        claims = {
            "iss": self.issuer, "sub": "liar", "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.nonce,
            "email": "jo@example.org", "email_verified": True, **self.claims,
        }  # fmt: skip
        kept = {name: value for name, value in claims.items() if value is not None}
        return {"access_token": "x", "token_type": "Bearer", "id_token": self._signed(kept)}

    def _signed(self, claims: dict[str, Any]) -> str:
        if self.algorithm == "HS256":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET))
        if self.algorithm == "none":
            real = jwt.encode({"alg": "RS256", "kid": "first"}, claims, self.key)
            return f"eyJhbGciOiJub25lIn0.{real.split('.')[1]}."
        header = {"alg": self.algorithm, "kid": self.key.as_dict()["kid"]}
        if self.header:
            return self._signed_by_hand({**header, **self.header}, claims)
        return jwt.encode(header, claims, self.key)

    def _signed_by_hand(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A token with whatever header, which no library would make."""
        parts = [_in_base64(json.dumps(part).encode()) for part in (header, claims)]
        signed = ".".join(parts).encode()
        key = self.key.private_key
        assert key is not None
        made = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return f"{signed.decode()}.{_in_base64(made)}"


def _in_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@contextmanager
def lying_provider() -> Iterator[Liar]:
    """Start one."""
    liar = Liar()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = {
                "/.well-known/openid-configuration": liar.configuration,
                "/keys": liar.keys,
                "/me": lambda: liar.userinfo,
            }[urlsplit(self.path).path]
            self._answer(found())  # type: ignore[no-untyped-call]

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(liar.token({name: values[0] for name, values in parse_qs(body).items()}))

        def _answer(self, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the library
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    liar.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield liar
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
