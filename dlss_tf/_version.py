"""The version, for setup.py and every room."""

__version__ = "0.1.0"
