"""What the session feeds and readers wait for: the inner side of subscriptions, which users do not see."""
