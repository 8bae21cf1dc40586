"""What a conversation can do: rasa-sdk actions, run in-process or behind the action-server protocol."""
