"""A client's conversation with the broker: in-flight calls, subscriptions, replies, and what is restored."""
