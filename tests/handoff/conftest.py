"""The databases, for every test of handoff."""

from __future__ import annotations

from tests.databases import empty_url, fresh_store, sqlite_url, store, store_url

__all__ = ["empty_url", "fresh_store", "sqlite_url", "store", "store_url"]
