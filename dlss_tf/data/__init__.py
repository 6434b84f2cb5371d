"""From files on disk to training examples."""
