"""What leaves: drains the outbox to case systems, e-mail and folders."""
