"""The promises of Hearout, as tests; the folders mirror the source."""
