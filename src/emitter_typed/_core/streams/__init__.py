"""The inner side of subscriptions: what the session gives them, and how readers wait for it."""
