"""The tests with a real clamd are run by `make test-rt` alone, which brings it and sets TEST_RT."""

from __future__ import annotations

import os

collect_ignore_glob = [] if os.environ.get("TEST_RT") == "1" else ["test_real_*.py"]
