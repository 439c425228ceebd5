"""The page: its files, its own addresses, caching, the security headers, and the sentence when it was not built."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

CSP = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>deck</title>")
    (folder / "assets" / "index-abc123.js").write_text("export const a = 1;\n" * 200)
    (folder / "icon.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


@pytest.fixture
def paged(deck, dist):
    return deck.client(webui_dir=dist)


@pytest.mark.parametrize(
    "path", ["/", "/runs", "/runs/abc?view=tree", "/runs/gpt-4.1", "/health", "/%00", "/" + "a" * 5000]
)
def test_the_pages_own_addresses_get_the_page(paged, path) -> None:
    answer = paged.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert "<title>deck</title>" in answer.text


def test_assets_are_kept_forever_and_compressed(paged, dist) -> None:
    answer = paged.get("/assets/index-abc123.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert "javascript" in answer.headers["content-type"]
    assert answer.content == (dist / "assets" / "index-abc123.js").read_bytes()
    plain = paged.get("/assets/index-abc123.js", headers={"accept-encoding": "identity"})
    assert plain.content == answer.content
    assert "content-encoding" not in plain.headers
    assert int(answer.headers["content-length"]) <= len(gzip.compress(plain.content)) + 20


def test_a_file_that_did_not_change_is_not_sent_again(paged, dist) -> None:
    first = paged.get("/")
    again = paged.get("/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    (dist / "index.html").write_text("<!doctype html><title>another deck</title>")
    assert "another" in paged.get("/", headers={"if-none-match": first.headers["etag"]}).text


def test_images_keep_their_type(paged) -> None:
    assert paged.get("/icon.png").headers["content-type"] == "image/png"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/assets/../../secret.txt", "/assets/%00.js", "/assets/"])
def test_a_missing_asset_is_not_answered_with_the_page(paged, problem, path) -> None:
    answer = paged.get(path)
    if answer.status_code == 200:  # the client itself resolved the dots
        assert "<title>deck</title>" in answer.text
    else:
        problem(answer, 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/link.txt", "//secret.txt"]
)
def test_nothing_outside_the_folder_is_served(paged, path) -> None:
    assert "secret" not in paged.get(path).text.replace("secret.txt", "")


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v2/runs", "/api/v1/nope"])
def test_the_api_never_answers_with_the_page(paged, problem, path) -> None:
    problem(paged.get(path), 404, "not_found")


@pytest.mark.parametrize(
    "path", ["/", "/assets/index-abc123.js", "/api/v1/runs", "/api/v1/nope", "/healthz", "/metrics"]
)
def test_every_answer_carries_the_security_headers(paged, path) -> None:
    headers = paged.get(path).headers
    assert headers["content-security-policy"] == CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("built", [None, "empty"])
def test_a_page_that_was_not_built_says_how(deck, tmp_path, built) -> None:
    client = deck.client(webui_dir=None if built is None else tmp_path / built)
    answer = client.get("/runs")
    assert answer.status_code == 200
    assert "make setup" in answer.text
    assert answer.headers["content-type"].startswith("text/html")
