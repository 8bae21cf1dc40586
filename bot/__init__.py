"""Everything that talks to people: every face and channel, the turn, understanding and dialogue."""
