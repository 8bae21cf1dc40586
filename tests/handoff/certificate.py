"""A certificate for 127.0.0.1 that only these tests trust, good until 2120. Its key opens nothing."""

from __future__ import annotations

import ssl
from pathlib import Path

_KEY = (
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgfcO4rEIoHQMzHXUnMlgiMf8DeM1c7FZt/cRBOAEYZdmhRANC"
    "AATN4ymr/bkNhFHMt7dUzZSp2ufYisymRqUiePdXCButo6pwd/XYp8iNFbSP2nMv2bs4pZtJgIb8Lw5+OzR4b11P"
)
_CERTIFICATE = (
    "MIIBgDCCASWgAwIBAgIBATAKBggqhkjOPQQDAjAYMRYwFAYDVQQDDA1IZWFyb3V0IHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoY"
    "DzIxMjAwMTAxMDAwMDAwWjAYMRYwFAYDVQQDDA1IZWFyb3V0IHRlc3RzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEzeMp"
    "q/25DYRRzLe3VM2Uqdrn2IrMpkalInj3VwgbraOqcHf12KfIjRW0j9pzL9m7OKWbSYCG/C8Ofjs0eG9dT6NeMFwwDwYDVR0T"
    "AQH/BAUwAwEB/zAaBgNVHREEEzARhwR/AAABgglsb2NhbGhvc3QwDgYDVR0PAQH/BAQDAgKEMB0GA1UdDgQWBBTH8HQ0jf+u"
    "dPX0HEFxQrE8z9SKATAKBggqhkjOPQQDAgNJADBGAiEA38Nj9BsWxZ7rfX01+Ex+He51yh4KKn1jmXcER1zCtNwCIQCF+KX2"
    "vTsMJzGywQcOSPuHraV3jFetZDYfxwgZDDvhVg=="
)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """The certificate and its key as files in `folder`."""
    paths = folder / "certificate.pem", folder / "key.pem"
    for path, name, body in zip(paths, ("CERTIFICATE", "PRIVATE KEY"), (_CERTIFICATE, _KEY), strict=True):
        lines = "\n".join(body[start : start + 64] for start in range(0, len(body), 64))
        path.write_text(f"-----BEGIN {name}-----\n{lines}\n-----END {name}-----\n")
    return paths


def serving(folder: Path) -> ssl.SSLContext:
    """The server's side."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*write_certificate(folder))
    return context


def trusting(folder: Path) -> ssl.SSLContext:
    """The client's side."""
    return ssl.create_default_context(cafile=str(write_certificate(folder)[0]))
