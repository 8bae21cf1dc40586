"""How people say things: phrases, cues and words of harm, as YAML, with stories that measure them."""
