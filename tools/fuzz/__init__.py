"""Mutated files of every readable format, each read in a process with limits (`make fuzz`)."""
