"""What maintainers run: publish a checkpoint, widen a generator, revive its silent channels."""
