"""Serving a trained generator."""
