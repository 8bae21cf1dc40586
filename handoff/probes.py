"""Harmless looks at what deliveries depend on: nothing is sent, nothing is changed."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

import aiosmtplib

from handoff.mail import MailServer

SECONDS = 10.0


async def mail_trouble(server: MailServer, seconds: float = SECONDS) -> str | None:
    """What keeps letters from going out by this server: it is greeted, secured and signed in to, and left."""
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        username=server.user or None,
        password=server.password or None,
        timeout=seconds,
        tls_context=server.trust,
    )
    try:
        await client.connect()
        await client.noop()
    except aiosmtplib.SMTPAuthenticationError as error:
        return f"it refuses the sign-in ({error.code})"
    except aiosmtplib.SMTPNotSupported:
        return "it does not offer sign-in, or not in a way that we know"
    except aiosmtplib.SMTPConnectError as error:
        return f"it cannot be reached ({type(error.__cause__ or error).__name__})"
    except aiosmtplib.SMTPResponseException as error:
        return f"it refuses us ({error.code})"
    except aiosmtplib.SMTPException as error:
        return (
            "it does not offer STARTTLS" if type(error) is aiosmtplib.SMTPException else type(error).__name__
        )
    except (OSError, TimeoutError) as error:
        return f"the connection fails ({type(error).__name__})"
    finally:
        with contextlib.suppress(Exception):
            await client.quit()
    return None


async def address_trouble(
    url: str, seconds: float = SECONDS, trust: ssl.SSLContext | None = None
) -> str | None:
    """What keeps a connection to this address from being made, up to its certificate; no request is sent."""
    where = urlsplit(url)
    secure = where.scheme == "https"
    if where.hostname is None:
        return "it is no address"
    context = (trust or ssl.create_default_context()) if secure else None
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(
                where.hostname, where.port or (443 if secure else 80), ssl=context
            )
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not good: {error.verify_message}"
    except TimeoutError:
        return f"nothing answers within {seconds:g} seconds"
    except OSError as error:
        return f"it cannot be reached ({error.strerror or type(error).__name__})"
    writer.close()
    with contextlib.suppress(Exception):
        await writer.wait_closed()
    return None
