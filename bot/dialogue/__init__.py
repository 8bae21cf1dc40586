"""The interview: what is asked next, what an answer changes, and what is said. It knows no screen and no clock."""
