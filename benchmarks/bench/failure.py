"""The one error that the benchmark shows without a trace."""


class Failure(Exception):
    """Something outside is not as it must be; the text says what, and what to do."""
