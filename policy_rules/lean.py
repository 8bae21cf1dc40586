"""Loading a library without those parts of it that nothing of ours uses, where they are much of what it loads."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import Any


@contextmanager
def left_out(parts: Mapping[str, Mapping[str, Any]], *, of: str) -> Iterator[None]:
    """While this lasts, an import of one of `parts` gives an almost empty module that holds the names given for it.

    Afterwards an import of it gives the real one again. Once the library `of` is loaded, or a part, that stays.
    """
    names = [] if of in sys.modules else [name for name in parts if name not in sys.modules]
    for name in names:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].__dict__.update(parts[name])
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def folders_of(package: str) -> dict[str, Any]:
    """What a package that is left out must hold, so that single modules of it can be loaded."""
    spec = find_spec(package)
    return {"__path__": list(spec.submodule_search_locations or ()) if spec else []}
