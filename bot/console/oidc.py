"""Signing in through the organisation's identity provider: OpenID Connect, by Authlib.

The code flow with PKCE (S256), a state that is good once in the browser that asked for it, a nonce, and an ID token
whose signature, issuer, audience and times are checked. What the provider says beyond that is asked of its userinfo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from bot.door.callers import is_loopback
from bot.settings import Settings
from policy_rules.errors import Refusal

# Signed with a key that only the provider has: never `none`, never the client's secret.
ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512")
READ_AGAIN = timedelta(hours=1)
SECONDS = 10


class ProviderTrouble(Refusal):
    """The provider cannot be reached, or what it says is not to be trusted; `why` is for the log."""

    status = 502
    kind = "provider-trouble"
    title = "Signing in did not work"

    def __init__(self, why: str) -> None:
        super().__init__(
            "The sign-in of your organisation did not answer as it should. Try again; if it stays so, tell whoever "
            "looks after it."
        )
        self.why = why


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in. `proven` says whether the provider vouches for the e-mail address."""

    issuer: str
    subject: str
    email: str
    name: str
    proven: bool
    claims: Mapping[str, Any]


class Provider:
    """The one identity provider of the settings. `clock` gives the present."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._issuer = settings.oidc_issuer
        self._metadata: dict[str, Any] = {}
        self._keys: dict[str, Any] = {}
        self._read_at: datetime | None = None

    @property
    def name(self) -> str:
        """What its button says."""
        return self._settings.oidc_name

    async def address(self, state: str, nonce: str, verifier: str, back_to: str) -> str:
        """Where the browser goes to sign in."""
        found = await self._known()
        async with self._client(back_to) as client:
            where, _ = client.create_authorization_url(
                found["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        return str(where)

    async def identity(self, answer: Mapping[str, str], nonce: str, verifier: str, back_to: str) -> Identity:
        """Who came back with this answer. ProviderTrouble where it does not hold."""
        found = await self._known()
        said = answer.get("iss")
        if said != self._issuer and (
            said is not None or found.get("authorization_response_iss_parameter_supported")
        ):
            raise ProviderTrouble("the answer is of another issuer")
        async with self._client(back_to) as client:
            try:
                token = await client.fetch_token(
                    found["token_endpoint"],
                    grant_type="authorization_code",
                    code=answer.get("code", ""),
                    code_verifier=verifier,
                )
                claims = dict(await self._claims(client, token, nonce))
                more = await self._more(client, found, str(claims["sub"]))
                if "email" in more:
                    # What it vouches for is the address beside which it says so.
                    claims.pop("email_verified", None)
                claims |= more
            except (AuthlibBaseError, JoseError) as error:
                raise ProviderTrouble(type(error).__name__) from error
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ProviderTrouble(type(error).__name__) from error
            except Exception as error:
                raise _unless_of_the_client(error) from error
        return self._identity(claims)

    def leave(self, back_to: str) -> str | None:
        """Where to sign out of the provider too; None where it has no such page, or was not asked yet."""
        where = self._metadata.get("end_session_endpoint")
        if not isinstance(where, str) or not _is_closed(where):
            return None
        asked = {"client_id": self._settings.oidc_client_id, "post_logout_redirect_uri": back_to}
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}"

    def _client(self, back_to: str) -> AsyncOAuth2Client:
        secret = self._settings.oidc_client_secret
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            None if secret is None else secret.get_secret_value(),
            token_endpoint_auth_method="none" if secret is None else "client_secret_basic",
            scope=self._settings.oidc_scope,
            redirect_uri=back_to,
            code_challenge_method="S256",
            timeout=SECONDS,
        )

    async def _known(self) -> dict[str, Any]:
        """What the provider says of itself, read once an hour; the keys with it."""
        if self._read_at is None or self._clock() - self._read_at >= READ_AGAIN:
            await self._read()
        return self._metadata

    async def _read(self) -> None:
        where = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
        async with self._client("") as client:
            metadata = await _json(client, where)
            if metadata.get("issuer") != self._issuer:
                raise ProviderTrouble("its configuration is of another issuer")
            if "S256" not in metadata.get("code_challenge_methods_supported", ["S256"]):
                raise ProviderTrouble("it does not know PKCE with S256")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _check_address(metadata.get(name))
            self._keys = await _json(client, metadata["jwks_uri"])
        self._metadata, self._read_at = metadata, self._clock()

    async def _claims(self, client: AsyncOAuth2Client, token: Mapping[str, Any], nonce: str) -> CodeIDToken:
        """The claims of the ID token, once it is known to be the provider's, for us, of now, and of this sign-in."""
        try:
            decoded = self._decoded(token["id_token"])
        except (JoseError, ValueError):
            # It may have changed its keys since they were read.
            self._keys = await _json(client, self._metadata["jwks_uri"])
            decoded = self._decoded(token["id_token"])
        options = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._settings.oidc_client_id},
        }
        params = {
            "nonce": nonce,
            "client_id": self._settings.oidc_client_id,
            "access_token": token["access_token"],
        }
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        now = int(self._clock().timestamp())
        claims.validate(now=now, leeway=self._settings.oidc_leeway_seconds)
        return claims

    def _decoded(self, id_token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        token = jwt.decode(id_token, key=KeySet.import_key_set(self._keys), registry=registry)  # type: ignore[arg-type]
        if "crit" in token.header:
            # It names what whoever reads the token must understand; we understand none of it.
            raise ProviderTrouble("its token has critical parts")
        return token

    async def _more(
        self, client: AsyncOAuth2Client, found: Mapping[str, Any], subject: str
    ) -> dict[str, Any]:
        """What the provider says of the person beside the ID token, if it has a place for that."""
        where = found.get("userinfo_endpoint")
        if where is None:
            return {}
        _check_address(where)
        answer = await client.get(where)
        answer.raise_for_status()
        told = answer.json()
        if not isinstance(told, dict):
            raise ProviderTrouble("its userinfo is no object")
        if told.get("sub") != subject:
            raise ProviderTrouble("its userinfo is of somebody else")
        return told

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        email = claims.get("email") or claims.get("preferred_username")
        if not isinstance(email, str) or not email.strip():
            raise ProviderTrouble("it gives no e-mail address")
        named = claims.get("name")
        vouched = claims.get("email") is not None and (
            claims.get("email_verified") is True or self._settings.oidc_emails == "all"
        )
        return Identity(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            email=email,
            name=named if isinstance(named, str) else "",
            proven=vouched,
            claims=claims,
        )


def roles_in(claims: Mapping[str, Any], path: str) -> list[str]:
    """The values of a claim, such as `groups` or `realm_access.roles`; none where it is not there."""
    value: Any = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


async def _json(client: AsyncOAuth2Client, where: str) -> dict[str, Any]:
    try:
        answer = await client.request("GET", where, withhold_token=True)
        answer.raise_for_status()
        told = answer.json()
    except ValueError as error:
        raise ProviderTrouble("it answers what is not JSON") from error
    except Exception as error:
        raise _unless_of_the_client(error) from error
    if not isinstance(told, dict):
        raise ProviderTrouble("it answers what is no object")
    return told


def _check_address(where: object) -> None:
    """ProviderTrouble where a secret would go over an open line."""
    if not isinstance(where, str) or not _is_closed(where):
        raise ProviderTrouble("one of its addresses is not https")


def _is_closed(where: str) -> bool:
    """Whether nobody can listen on the way to this address: https, or http that stays on this machine."""
    parts = urlsplit(where)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def _unless_of_the_client(error: Exception) -> Exception:
    """Authlib's HTTP client is httpx or its successor; whichever it is, its failures are the provider's."""
    if isinstance(error, Refusal):
        return error
    return ProviderTrouble(type(error).__name__) if type(error).__module__.startswith("httpx") else error
