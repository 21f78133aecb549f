"""What subscriptions receive: live messages in a queue, stored ones page by page, and the seam between them."""
