"""The chat widget for an organisation's own website; its source is not here yet."""
