"""spaCy without its command line. `import spacy` loads that too, and with it two HTTP clients and a project tool.

That is a third of what spaCy takes of a start, and nothing of ours uses it. Import this before anything of spaCy.
"""

from __future__ import annotations

from policy_rules.lean import left_out

with left_out({"spacy.cli": {}, "spacy.cli.info": {"info": None}}, of="spacy"):
    import spacy

__all__ = ["spacy"]
