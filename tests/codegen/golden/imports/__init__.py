"""A package, so that the generated ones in it name each other relatively."""
