"""What people say, as data: cues and phrases for the readers."""
