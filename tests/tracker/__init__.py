"""Request Tracker 5, the real one: `make test-rt` brings it by apt and runs these tests against it."""
