"""The loopback site server: virtual hosts, proxy requests, no way out of a folder."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.site_server import ServeError, SiteServer, hosts_in, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SiteServer]:
    site = tmp_path / "sites" / "a.test"
    (site / "docs").mkdir(parents=True)
    (site / "index.html").write_text("<h1>A</h1>")
    (site / "docs" / "index.html").write_text("<h1>Docs</h1>")
    (site / "404.html").write_text("<h1>Lost</h1>")
    (site / "font.woff2").write_bytes(b"wOF2")
    (tmp_path / "secret.txt").write_text("secret")
    with serving(hosts_in(tmp_path / "sites")) as running:
        yield running


def get(server: SiteServer, target: str, host: str = "a.test") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=5)
    connection.putrequest("GET", target, skip_host=True)
    connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def test_a_host_is_a_folder(server: SiteServer) -> None:
    assert get(server, "/")[::2] == (200, b"<h1>A</h1>")


def test_it_answers_as_a_proxy(server: SiteServer) -> None:
    assert get(server, "http://a.test/docs/", host="ignored")[::2] == (200, b"<h1>Docs</h1>")


def test_a_folder_without_its_slash_is_redirected(server: SiteServer) -> None:
    status, headers, _ = get(server, "/docs")
    assert (status, headers["Location"]) == (301, "/docs/")


def test_a_missing_page_is_the_sites_own_404(server: SiteServer) -> None:
    assert get(server, "/nowhere")[::2] == (404, b"<h1>Lost</h1>")


def test_an_unknown_host_is_a_404_and_never_fetched(server: SiteServer) -> None:
    assert get(server, "http://fonts.example.com/css")[0] == 404


@pytest.mark.parametrize("target", ["/../../secret.txt", "/%2e%2e/%2e%2e/secret.txt", "/..%2f..%2fsecret.txt"])
def test_no_path_leads_out_of_the_folder(server: SiteServer, target: str) -> None:
    status, _, body = get(server, target)
    assert status == 404
    assert b"secret" not in body


def test_fonts_have_their_type(server: SiteServer) -> None:
    assert get(server, "/font.woff2")[1]["Content-Type"] == "font/woff2"


def test_no_sites_is_said(tmp_path: Path) -> None:
    with pytest.raises(ServeError, match="one folder a site"):
        hosts_in(tmp_path)


def test_a_taken_port_is_said(server: SiteServer) -> None:
    with pytest.raises(ServeError, match="--port"):
        SiteServer({}, server.server_address[1])
