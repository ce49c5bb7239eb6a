"""BloFin's words: requests in, answers and pushes out, all plain functions of the venue."""
