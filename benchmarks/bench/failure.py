"""The errors that the benchmark shows without a trace, and those that it goes on after."""


class Failure(Exception):
    """Something outside is not as it must be; the text says what, and what to do."""


class Failures:
    """Of those that are compared; the run goes on, and its page says what is missing."""

    def __init__(self):
        self.sentences: list[str] = []

    def accept(self, gateway, failure: Exception) -> None:
        """- Raises the failure: when the comparison is nothing without this gateway."""
        if not gateway.may_fail:
            raise failure
        self.note(gateway, str(failure))

    def note(self, gateway, text: str) -> None:
        # The first line says what, the others are a program's own words.
        sentence = f"{gateway.label}: {text.strip().splitlines()[0]}"
        print(f"  without a figure: {gateway.label}: {text}", flush=True)
        if sentence not in self.sentences:
            self.sentences.append(sentence)
