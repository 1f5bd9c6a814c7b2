"""Reads the header lines that web archives and web servers write: a name, a colon, a value."""


def parse_fields(lines: bytes) -> dict[str, str]:
    """Names in lower case and their values; values of a repeated name are joined by commas, folded lines by blanks."""
    fields: dict[
        str, list[str]
    ] = {}  # lists, because to lengthen a string again and again takes a hostile header's time
    values: list[str] = []
    for line in decode(lines).replace("\r\n", "\n").split("\n"):
        if line[:1] in (" ", "\t") and values:
            values += [" ", line.strip()]
            continue
        name, colon, value = line.partition(":")
        values = fields.setdefault(name.strip().lower(), []) if colon and name.strip() else []
        values += [", ", value.strip()] if values else [value.strip()]
    return {name: "".join(parts).strip() for name, parts in fields.items()}


def decode(text: bytes) -> str:
    """The text as UTF-8 if it is, else as Latin-1, which has a character for every byte."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
