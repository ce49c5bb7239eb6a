"""Time, instruments, frames, results, errors: the words everybody shares."""
