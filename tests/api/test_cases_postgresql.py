"""The cases API over PostgreSQL: the same answers, and of two at once the second waits for the first."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.api.registered import CASES, FIRST, SECOND, register
from tests.databases import migrated_database


def test_the_same_over_postgresql_with_writers_at_once(tmp_path: Path) -> None:
    with migrated_database("postgresql", tmp_path) as url, register(tmp_path, url) as kept:
        with kept.client("all") as client:
            assert len(client.get(CASES, params={"limit": 2}).json()["cases"]) == 2
            case = client.get(f"{CASES}/{FIRST}")
            assert (case.status_code, case.headers["etag"]) == (200, '"1"')

        def close(key: str) -> httpx.Response:
            headers = {"Idempotency-Key": key, "If-Match": '"1"'}
            with kept.client("all", **headers) as client:
                body = {"kind": "closed", "closing": {"outcome": "withdrawn"}}
                return client.post(f"{CASES}/{FIRST}/events", json=body)

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(close, [f'"{uuid.uuid4()}"' for _ in range(4)]))
            assert sorted(answer.status_code for answer in answers) == [201, 412, 412, 412]

            def note(number: int) -> int:
                with kept.client("all", **{"Idempotency-Key": f'"{number}"'}) as client:
                    return client.post(f"{CASES}/{SECOND}/notes", json={"text": f"note {number}"}).status_code

            assert set(pool.map(note, [1, 1, 2, 2])) == {201}
        with kept.client("all") as client:
            notes = client.get(f"{CASES}/{SECOND}/notes").json()["notes"]
        assert sorted(one["text"] for one in notes) == ["note 1", "note 2"]
