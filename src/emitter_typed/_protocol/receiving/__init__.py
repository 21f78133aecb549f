"""What a subscription delivers: live messages in a mailbox, stored ones page by page, and where the two are merged."""
