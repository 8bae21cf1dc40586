"""The faces of a conversation: each turns what arrives into an `Incoming` and the `TurnReply` into its own shape."""
