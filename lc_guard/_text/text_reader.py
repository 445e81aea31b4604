"""One text as it comes out: what stands at its end, a place, a syntax, a string of JSON in it."""

from __future__ import annotations

from lc_guard._text.json_strings import JsonStrings
from lc_guard._text.places import Places
from lc_guard._text.syntaxes import JSON, SQL, ShellText, SqlText, as_json_value

_DEEPEST = 4  # JSON texts in strings of JSON texts


class TextReader:
    """Reads one text as it comes out, and knows what stands at its end: a place, a syntax, a string of JSON in it.

    Args:
        encode: The syntax, if somebody said it.
        argument: Argument of a tool that the text is.
        plain: Whether it is known that the text is no JSON and no SQL.
        depth: JSON texts around it.
    """

    def __init__(self, encode: str | None = None, argument: str | None = None, *, plain: bool, depth: int = 0) -> None:
        self.argument = argument
        self.places = Places()
        self.encode = encode
        self._begun: list[str] | None = []
        self._plain = plain
        self._depth = depth
        self._inner: JsonStrings[TextReader] | None = None
        self._syntax: SqlText | ShellText | None = None

    def read(self, text: str) -> None:
        """Take the next piece of the text."""
        if self._begun is not None:
            self._begun.append(text)
            return
        if self._inner is not None:
            self._inner.read(text)
            return
        self.places.read(text)
        if self._syntax is not None:
            self._syntax.read(text)

    def end(self) -> list[TextReader]:
        """Return what is at the end of what was read: this text, and the strings of JSON in it, outermost first."""
        if self._begun is not None:
            begun, self._begun = "".join(self._begun), None
            self._settle(begun)
            self.read(begun)
        inner = None if self._inner is None else self._inner.string
        return [self] if inner is None else [self, *inner.end()]

    def write(self, value: str) -> str | None:
        """Return a value as it is written at the end, or None if it can't be."""
        if self._inner is not None and self._inner.between:
            return as_json_value(value)
        return value if self._syntax is None else self._syntax.write(value)

    def _settle(self, begun: str) -> None:
        """Tell by its beginning, up to the first placeholder, what the text is."""
        if self.encode in ("sql", "mysql"):
            self._syntax = SqlText("sql" if self.encode == "sql" else "mysql")
        elif self.encode == "shell":
            self._syntax = ShellText()
        elif self.encode is None and not self._plain:
            if self._depth < _DEEPEST and JSON.match(begun):
                self._inner = JsonStrings(self._string)
            elif SQL.match(begun):
                self._syntax = SqlText()

    def _string(self, _: str | None) -> TextReader:
        return TextReader(argument=self.argument, plain=False, depth=self._depth + 1)
