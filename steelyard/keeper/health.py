"""The keeper's page: /health, /ready and /metrics, on a thread of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from types import TracebackType
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from steelyard.errors import SteelyardError
from steelyard.keeper.monitor import Health, Monitor

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class HealthError(SteelyardError):
    """The page cannot be served."""


class _Server(ThreadingMixIn, WSGIServer):
    """A slow reader holds nobody up, and nobody holds up the end of the process."""

    daemon_threads = True


class _Handler(WSGIRequestHandler):
    timeout = 5
    """How long a reader may say nothing, seconds."""

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: a page that is read every few seconds fills a log with nothing."""


class HealthServer:
    """Serves a monitor. /health answers 200 while the process lives, /ready while it may send."""

    def __init__(self, monitor: Monitor, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen, and start to answer.

        Args:
            monitor: What is shown.
            host: Where to listen.
            port: The same; 0 = any free port, see `port`.

        Raises:
            HealthError: The port is taken, or the host is not of this machine.
        """
        try:
            self._server = make_server(host, port, application(monitor), _Server, _Handler)
        except OSError as error:
            raise HealthError(
                f"cannot listen on {host}:{port}: {error.strerror}", "choose another metrics_port"
            ) from error
        self.host, self.port = host, self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="keeper-health", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{self.host}:{self.port}"

    def stop(self) -> None:
        """Stop listening; a second stop does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> HealthServer:
        """Serve while the context lasts."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self.stop()


def application(monitor: Monitor) -> WSGIApplication:
    """Return the WSGI application that shows a monitor.

    Args:
        monitor: What is shown.
    """
    metrics = make_wsgi_app(monitor.registry)
    views = {"/health": monitor.health, "/ready": monitor.ready}

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return _send(start, "405 Method Not Allowed", {"detail": "GET only"}, method)
        if path == "/metrics":
            page: Iterable[bytes] = metrics(environ, start)
            return page
        if path not in views:
            return _send(start, "404 Not Found", {"see": ["/metrics", *views]}, method)
        health = views[path]()
        status = "200 OK" if health.ok else "503 Service Unavailable"
        return _send(start, status, _shown(health), method)

    return answer


def _shown(health: Health) -> dict[str, object]:
    age = None if health.age is None else round(health.age, 1)
    return {"ok": health.ok, "detail": health.detail, "last_step_age_seconds": age}


def _send(
    start: StartResponse, status: str, content: dict[str, object], method: str
) -> Iterable[bytes]:
    body = json.dumps(content).encode() + b"\n"
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [b"" if method == "HEAD" else body]
