"""What is kept: conversations, cases, clocks, the outbox."""
