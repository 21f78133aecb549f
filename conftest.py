"""The checks around every test, here for those of the examples too."""

pytest_plugins = ["tests.checks"]
