"""Training: losses, schedules, optimiser, replay, the compiled steps and the loop."""
