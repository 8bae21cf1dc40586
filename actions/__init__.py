"""What a conversation can do: rasa-sdk actions, run in-process or behind the action-server protocol.

rasa_sdk loads its own web server, sanic, only to name it in a signature: most of what it takes of a start. Where that
server does not run, sanic is left out.
"""

from __future__ import annotations

from policy_rules.lean import left_out

with left_out({"sanic": {"Sanic": object}}, of="rasa_sdk"):
    import rasa_sdk  # noqa: F401 - loaded here for the modules of this package
