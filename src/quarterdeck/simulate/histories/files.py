"""Opening recorded files: plain, gzip or zstandard, JSON or JSON lines, with errors that name file, line and mend."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from quarterdeck.errors import BadFile

LINE_BYTES_MAX = 64 * 1024 * 1024
"""A longer line is refused: one line is one export request, and exporters cut at 4 to 20 MB."""

UNREADABLE = (UnicodeDecodeError, zlib.error, zstandard.ZstdError, EOFError, gzip.BadGzipFile)
"""What reading a file that is cut, packed otherwise or not text raises."""


def open_binary(path: Path) -> BinaryIO:
    """The decompressed content, by suffix (.gz, .zst). Raises BadFile when the file cannot be opened."""
    try:
        raw = path.open("rb")
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be opened", mend="check path and permissions") from error
    if path.suffix == ".gz":
        return cast(BinaryIO, _Closing(gzip.GzipFile(fileobj=raw), raw))
    if path.suffix == ".zst":
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(raw, closefd=True, read_across_frames=True))
    return raw


class _Closing(io.BufferedReader):
    """A gzip reader that closes the file beneath it too (`GzipFile` leaves that to whoever opened it)."""

    def __init__(self, reader: gzip.GzipFile, beneath: BinaryIO) -> None:
        super().__init__(cast(Any, reader))
        self._beneath = beneath

    def close(self) -> None:
        super().close()
        self._beneath.close()


def read_json(path: Path) -> Any:
    """The whole file as one JSON document. Raises BadFile with the line where it stops being JSON."""
    try:
        with open_binary(path) as stream:
            return json.loads(stream.read())
    except json.JSONDecodeError as error:
        raise BadFile(str(path), f"not JSON: {error.msg}", line=error.lineno, mend="export the file again") from error
    except UNREADABLE as error:
        raise BadFile(str(path), f"cannot be read: {error}", mend="copy or export the file again") from error


def json_lines(path: Path) -> Generator[tuple[int, Any], None, None]:
    """(line number from 1, value) of every line that is not blank. Raises BadFile naming the line.

    Close the generator when you stop before its end (`contextlib.closing`), or the file stays open.
    """
    number = 0
    try:
        with open_binary(path) as stream, io.BufferedReader(cast(Any, stream)) as lines:
            while line := lines.readline(LINE_BYTES_MAX):
                number += 1
                if line.strip():
                    yield number, _line_value(path, number, line)
    except UNREADABLE as error:
        mend = "copy or export the file again"
        raise BadFile(str(path), f"cannot be read: {error}", line=number + 1, mend=mend) from error


def _line_value(path: Path, number: int, line: bytes) -> Any:
    if len(line) >= LINE_BYTES_MAX:
        raise BadFile(str(path), f"a line over {LINE_BYTES_MAX} bytes", line=number, mend="one request a line")
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        what = f"not JSON: {error.msg} at column {error.colno}"
        raise BadFile(str(path), what, line=number, mend="one JSON object a line; cut or repair this line") from error
