"""Real clients of seven providers behind the guard, on the loopback server of `tests.support.providers`."""
