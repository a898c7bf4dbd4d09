"""One client's connection to the guard: requests relayed with h11, CONNECT as a tunnel of bytes.

Bytes are read in large pieces and handed on as they come; time limits are kept by the guard's sweeper, so that nothing
here sets a timer a read.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import h11

from crawlers.egress.addresses import split_authority
from crawlers.egress.outcome import HEADER, STATUS, EgressError, EgressOutcome

if TYPE_CHECKING:
    from crawlers.egress.guard import Door

READ = 256 << 10
KEEP_ALIVE_SECONDS = 60.0
HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection"),
        *(b"te", b"trailer", b"transfer-encoding", b"upgrade", b"expect"),
    }
)
OURS = HEADER.lower().encode()
_ABSOLUTE = re.compile(rb"^http://([^/?#]*)([^#]*)", re.I)
Headers = list[tuple[bytes, bytes]]


@dataclass(eq=False)
class Exchange:
    """One request and its answer, or one tunnel, with what the sweeper needs to know of it."""

    door: Door
    host: str
    port: int
    connection: ClientConnection
    began: float
    last: float
    down: int = 0
    answering: bool = False
    tunnel: bool = False
    outcome: EgressOutcome | None = None

    def cut(self, outcome: EgressOutcome) -> None:
        """End it: whoever waits on the server wakes up, and finds the outcome."""
        if self.outcome is None:
            self.outcome = outcome
            self.connection.cut()


@dataclass(eq=False)
class Server:
    """A connection to a server, kept for the next request to the same host and port."""

    key: tuple[str, int]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection = field(repr=False)
    used: bool = False


class ClientConnection:
    """Serves a client until either side has had enough."""

    def __init__(self, door: Door, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.door = door
        self.guard = door.guard
        self.reader = reader
        self.writer = writer
        self.http = h11.Connection(h11.SERVER, max_incomplete_event_size=door.limits.head_bytes)
        self.server: Server | None = None
        self._answered = False  # whether the head of the current answer is out

    async def run(self) -> None:
        """Relay requests one after another. Never raises but for cancellation."""
        try:
            while await self._next_request():
                pass
        except h11.RemoteProtocolError as error:
            self._refuse_words(f"no HTTP request ({error})")
        except (OSError, h11.LocalProtocolError, EgressError, TimeoutError):
            self.writer.transport.abort()
        finally:
            self._drop_server()
            with contextlib.suppress(OSError, RuntimeError):
                self.writer.close()

    def abort(self) -> None:
        """Cut both sides at once."""
        self._drop_server()
        self.writer.transport.abort()

    def cut(self) -> None:
        """Cut the server's side; the client's too where it has begun to read an answer."""
        if self.server is not None:
            self.server.writer.transport.abort()
        if self._answered or self.server is None or self.http.their_state is h11.SEND_BODY:
            self.writer.transport.abort()

    def _drop_server(self) -> None:
        server, self.server = self.server, None
        if server is not None:
            server.writer.transport.abort()

    async def _next_request(self) -> bool:
        self._answered = False
        async with asyncio.timeout(KEEP_ALIVE_SECONDS):
            request = await self._from_client()
        if not isinstance(request, h11.Request):
            return False
        if request.method == b"CONNECT":
            await self._connect(request)
            return False
        match = _ABSOLUTE.match(request.target)
        target = split_authority(match[1].rpartition(b"@")[2].decode("latin-1"), 80) if match else None
        if match is None or target is None:
            self._refuse_words("only absolute http:// URLs and CONNECT are taken")
            return False
        authority = match[1].rpartition(b"@")[2]
        path = match[2] if match[2].startswith(b"/") else b"/" + match[2]
        exchange = self._begin(*target)
        try:
            return await self._exchange(exchange, request, authority, path)
        except (EgressError, OSError, h11.ProtocolError) as error:
            if isinstance(error, h11.RemoteProtocolError) and self.http.their_state is h11.ERROR:
                raise
            self._fail(exchange, error)
            return False
        finally:
            self._end(exchange)

    def _begin(self, host: str, port: int) -> Exchange:
        now = asyncio.get_running_loop().time()
        exchange = Exchange(self.door, host, port, self, now, now)
        self.guard.exchanges.add(exchange)
        return exchange

    def _end(self, exchange: Exchange) -> None:
        self.guard.exchanges.discard(exchange)
        self.guard.count("gesso/egress/bytes", exchange.down)

    async def _from_client(self) -> object:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            self.http.receive_data(await self.reader.read(READ))
        return event

    async def _from_server(self, exchange: Exchange, server: Server) -> object:
        loop = asyncio.get_running_loop()
        while (event := server.http.next_event()) is h11.NEED_DATA:
            data = await server.reader.read(READ)
            exchange.last = loop.time()
            self.guard.received(exchange, len(data))
            server.http.receive_data(data)
        return event

    async def _exchange(self, exchange: Exchange, request: h11.Request, authority: bytes, path: bytes) -> bool:
        headers = _passed_on(request.headers.raw_items(), dropped=(b"host",))
        upstream = self.guard.dialler.upstream
        if upstream is not None:
            path = b"http://" + authority + path
            if upstream.authorization:
                headers.append((b"Proxy-Authorization", upstream.authorization.encode()))
        outgoing = h11.Request(method=request.method, target=path, headers=[(b"Host", authority), *headers])
        bodyless = not any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers)
        server = await self._server_for(exchange)
        try:
            response = await self._ask(exchange, server, outgoing)
        except (OSError, h11.RemoteProtocolError):
            if not (server.used and bodyless) or exchange.outcome is not None:
                raise
            self._drop_server()  # kept alive too long for the server's taste: once more, on a fresh connection
            server = await self._server_for(exchange)
            response = await self._ask(exchange, server, outgoing)
        if request.method != b"HEAD":
            self._check_length(exchange, response)
        self.guard.reached(exchange.host, exchange.port)
        self._answered = True
        exchange.answering = True
        relayed = _passed_on(response.headers.raw_items(), dropped=(OURS,))
        if any(name == b"transfer-encoding" for name, _ in response.headers):
            relayed = [(name, value) for name, value in relayed if name.lower() != b"content-length"]
        head = h11.Response(status_code=response.status_code, headers=relayed, reason=response.reason)
        self.writer.write(self.http.send(head) or b"")
        await self._relay_body(exchange, server)
        return self._again(server)

    async def _server_for(self, exchange: Exchange) -> Server:
        key = (exchange.host, exchange.port)
        if self.server is not None and self.server.key == key and not self.server.reader.at_eof():
            self.server.used = True
            return self.server
        self._drop_server()
        reader, writer = await self.guard.dialler.dial(*key)
        exchange.last = asyncio.get_running_loop().time()
        http = h11.Connection(h11.CLIENT, max_incomplete_event_size=self.door.limits.head_bytes)
        self.server = Server(key, reader, writer, http)
        self.guard.count("gesso/egress/connections", 1)
        return self.server

    async def _ask(self, exchange: Exchange, server: Server, outgoing: h11.Request) -> h11.Response:
        server.writer.write(server.http.send(outgoing) or b"")
        while self.http.their_state is h11.SEND_BODY:
            event = await self._from_client()
            exchange.last = asyncio.get_running_loop().time()
            if isinstance(event, h11.Data):
                server.writer.write(server.http.send(event) or b"")
                await server.writer.drain()
            elif not isinstance(event, h11.EndOfMessage):
                raise ConnectionError("the client went away")
        server.writer.write(server.http.send(h11.EndOfMessage()) or b"")
        while isinstance(response := await self._from_server(exchange, server), h11.InformationalResponse):
            pass
        if not isinstance(response, h11.Response):
            raise ConnectionError("the connection was closed without an answer")
        return response

    def _check_length(self, exchange: Exchange, response: h11.Response) -> None:
        for name, value in response.headers:
            if name == b"content-length" and int(value) > self.door.limits.response_bytes:
                raise EgressError(
                    "too_large",
                    f"{exchange.host} announces {int(value)} bytes, more than {self.door.limits.response_bytes}",
                )

    async def _relay_body(self, exchange: Exchange, server: Server) -> None:
        while isinstance(event := await self._from_server(exchange, server), h11.Data):
            self.writer.write(self.http.send(event) or b"")
            await self.writer.drain()
        if not isinstance(event, h11.EndOfMessage):
            raise ConnectionError("the answer broke off")
        self.writer.write(self.http.send(h11.EndOfMessage()) or b"")
        await self.writer.drain()

    def _again(self, server: Server) -> bool:
        """Make ready for the next request; False where the client's connection is used up."""
        try:
            server.http.start_next_cycle()
        except h11.LocalProtocolError:
            self._drop_server()
        if self.http.our_state is h11.MUST_CLOSE or self.http.their_state is h11.MUST_CLOSE:
            return False
        self.http.start_next_cycle()
        return True

    async def _connect(self, request: h11.Request) -> None:
        target = split_authority(request.target.decode("latin-1"))
        if target is None:
            self._refuse_words("CONNECT wants host:port")
            return
        exchange = self._begin(*target)
        try:
            server = await self._server_for(exchange)
            early = b""
            if self.guard.dialler.upstream is not None:
                early = await self._connect_upstream(exchange, server, request.target)
            self.guard.reached(*target)
            self._answered = exchange.tunnel = True
            self.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n" + early)
            await self._from_client()  # the end of the request; whatever follows is the tunnel's
            server.writer.write(self.http.trailing_data[0])
            await self._tunnel(exchange, server)
        except (EgressError, OSError, h11.ProtocolError) as error:
            self._fail(exchange, error)
        finally:
            self._end(exchange)

    async def _connect_upstream(self, exchange: Exchange, server: Server, target: bytes) -> bytes:
        upstream = self.guard.dialler.upstream
        assert upstream is not None
        headers: Headers = [(b"Host", target)]
        if upstream.authorization:
            headers.append((b"Proxy-Authorization", upstream.authorization.encode()))
        asked = h11.Request(method=b"CONNECT", target=target, headers=headers)
        server.writer.write((server.http.send(asked) or b"") + (server.http.send(h11.EndOfMessage()) or b""))
        answer = await self._from_server(exchange, server)
        if not isinstance(answer, h11.Response) or not 200 <= answer.status_code < 300:
            status = getattr(answer, "status_code", "nothing")
            raise EgressError("unreachable", f"the proxy (GESSO_PROXY) answers {status} to CONNECT {target.decode()}")
        return server.http.trailing_data[0]

    async def _tunnel(self, exchange: Exchange, server: Server) -> None:
        up = asyncio.ensure_future(self._pump(exchange, self.reader, server.writer, counts=False))
        down = asyncio.ensure_future(self._pump(exchange, server.reader, self.writer, counts=True))
        try:
            await asyncio.gather(up, down)
        finally:
            up.cancel()
            down.cancel()

    async def _pump(
        self, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(READ):
            exchange.last = loop.time()
            if counts:
                self.guard.received(exchange, len(data))
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof() and not writer.transport.is_closing():
            writer.write_eof()

    def _fail(self, exchange: Exchange, error: Exception) -> None:
        """Say why: in an answer where none has begun, else by breaking it off, so that nobody takes it for whole."""
        if exchange.outcome is None:
            if isinstance(error, EgressError):
                outcome = error.outcome
            elif self.writer.transport.is_closing():  # the client went away: no fault of the server's
                self._drop_server()
                return
            else:
                said = getattr(error, "strerror", None) or error
                outcome = EgressOutcome("unreachable", f"{exchange.host}:{exchange.port} gives no answer ({said})")
            exchange.outcome = self.guard.failed(exchange.host, exchange.port, outcome)
        self._drop_server()
        if self._answered:
            self.writer.transport.abort()
        else:
            self._say(exchange.outcome)

    def _refuse_words(self, reason: str) -> None:
        if not self._answered:
            self._say(EgressOutcome("egress", reason))

    def _say(self, outcome: EgressOutcome) -> None:
        body = outcome.header().encode() + b"\n"
        head = (
            f"HTTP/1.1 {STATUS[outcome.kind]} {outcome.kind}\r\n{HEADER}: {outcome.header()}\r\n"
            f"Content-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._answered = True
        self.writer.write(head.encode() + body)


def _passed_on(headers: Headers, dropped: tuple[bytes, ...]) -> Headers:
    """What of a message's headers goes further: nothing hop by hop, nothing that Connection names."""
    listed = {
        token.strip().lower() for name, value in headers if name.lower() == b"connection" for token in value.split(b",")
    }
    gone = (HOP_BY_HOP | listed | set(dropped)) - {b"content-length"}
    return [(name, value) for name, value in headers if name.lower() not in gone]
