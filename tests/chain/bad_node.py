"""A node that does what it is told, however bad."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHAIN_ID = 4242

# What to do with a question: given the handler, and the question as JSON.
Act = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """Asks the node what to do with each question."""

    protocol_version = "HTTP/1.1"
    server: BadNode

    def do_POST(self) -> None:
        """Take a question."""
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((question["method"], question["params"]))
        acts = self.server.acts.get(question["method"]) or [result(hex(CHAIN_ID))]
        act = acts.pop(0) if len(acts) > 1 else acts[0]
        act(self, question)

    def answer(self, body: bytes, status: int = 200, length: int | None = None) -> None:
        """Send an answer, or what looks like one."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class BadNode(ThreadingHTTPServer):
    """The server.

    Attributes:
        acts: By method, what to do with one question after the other; the last act stays.
        asked: Method and parameters of all questions.
        closing: Set when the node ends; who hangs waits for it.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.acts: dict[str, list[Act]] = {}
        self.asked: list[tuple[str, Any]] = []
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def count(self, method: str) -> int:
        return len([name for name, _ in self.asked if name == method])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news."""


@contextmanager
def bad_node() -> Iterator[BadNode]:
    """Run one for the time of the `with` block."""
    with BadNode() as node:
        thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield node
        finally:
            node.closing.set()
            node.shutdown()
            thread.join()


def result(value: Any) -> Act:
    """Answer well."""
    return lambda handler, question: handler.answer(
        json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": value}).encode()
    )


def error(code: int, message: str, data: Any = None) -> Act:
    """Answer with an error."""
    said = {"code": code, "message": message} | ({} if data is None else {"data": data})
    return lambda handler, question: handler.answer(
        json.dumps({"jsonrpc": "2.0", "id": question["id"], "error": said}).encode()
    )


def status(code: int) -> Act:
    """Answer as a gateway does."""
    return lambda handler, question: handler.answer(b"<html>no</html>", code)


def text(body: bytes) -> Act:
    """Answer with anything."""
    return lambda handler, question: handler.answer(body)


def another_id(handler: Handler, question: dict[str, Any]) -> None:
    """Answer another question."""
    answer = {"jsonrpc": "2.0", "id": question["id"] + 1, "result": "0x1"}
    handler.answer(json.dumps(answer).encode())


def hang(handler: Handler, question: dict[str, Any]) -> None:
    """Do not answer."""
    handler.server.closing.wait(10)
    handler.close_connection = True


def drip(handler: Handler, question: dict[str, Any]) -> None:
    """Send a byte now and then: no single wait is long, all of them are."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    while not handler.server.closing.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()
    handler.close_connection = True


def half(handler: Handler, question: dict[str, Any]) -> None:
    """Close the connection in the middle of the answer."""
    handler.answer(b'{"jsonrpc": "2.0", "id"', length=100)
    handler.close_connection = True
