"""The versioned HTTP API, for programs."""
