"""What generated types are made of: values, the constraints on them, and deprecation."""
