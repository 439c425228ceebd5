"""Bodies as sent → bytes, with a bound on what a small body may unpack to."""

from __future__ import annotations

import zlib

import zstandard

from quarterdeck.errors import BadInput, TooLarge, UnsupportedMedia

_GZIP_OR_ZLIB = 47  # zlib's window bits for "gzip or zlib header, found by itself"


def unpack(body: bytes, encoding: str, bytes_max: int) -> bytes:
    """The body without its content encoding (gzip, deflate, zstd or none).

    Raises UnsupportedMedia for another encoding, BadInput for a body that is not what it says, TooLarge beyond
    `bytes_max` unpacked bytes.
    """
    match encoding.strip().lower():
        case "" | "identity":
            unpacked = body
        case "gzip" | "deflate":
            unpacked = _inflate(body, bytes_max)
        case "zstd":
            unpacked = _zstd(body, bytes_max)
        case other:
            msg = f"content encoding {other!r} is not spoken here"
            raise UnsupportedMedia(msg, mend="send gzip, zstd, deflate or no encoding")
    if len(unpacked) > bytes_max:
        raise _too_large(bytes_max)
    return unpacked


def _inflate(body: bytes, bytes_max: int) -> bytes:
    inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        unpacked = inflater.decompress(body, bytes_max + 1)
    except zlib.error as e:
        msg = f"the body is not gzip as its content encoding says: {e}"
        raise BadInput(msg) from e
    if not inflater.eof and len(unpacked) <= bytes_max:
        msg = "the gzip body ends too early"
        raise BadInput(msg)
    return unpacked


def _zstd(body: bytes, bytes_max: int) -> bytes:
    try:
        with zstandard.ZstdDecompressor().stream_reader(body) as reader:
            return reader.read(bytes_max + 1)
    except zstandard.ZstdError as e:
        msg = f"the body is not zstd as its content encoding says: {e}"
        raise BadInput(msg) from e


def _too_large(bytes_max: int) -> TooLarge:
    return TooLarge(
        f"the body unpacks to more than {bytes_max} bytes",
        mend="send smaller batches, or raise ingest.decompressed_bytes_max",
    )
