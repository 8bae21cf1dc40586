"""What a message says, read beside the question that is open. It proposes; the person confirms.

`reader` holds the order in which a message is read; `payloads`, `phrases`, `answers` and `spans` are exact
readers; `pipeline` is the only module that loads spaCy, so that a command which reads no text never pays for it.
"""
