"""One question to a node, and what may become of it."""

from __future__ import annotations

import ipaddress
import json
import re
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from eth_typing import URI
from urllib3.exceptions import HTTPError, NewConnectionError, ReadTimeoutError
from web3 import HTTPProvider, LegacyWebSocketProvider
from web3.exceptions import TimeExhausted, Web3Exception
from web3.providers import BaseProvider, JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse
from websockets.exceptions import WebSocketException

from steelyard.chain.errors import ChainError, NodeError, NodeTimeout, NodeUnreachable
from steelyard.errors import SteelyardError

# A gateway says these of a node that may well answer a moment later.
_BUSY_STATUS = {429, 502, 503, 504}
# So may one behind a balancer that has not seen the last block yet, or that limits its rate.
_BUSY_WORDS = re.compile(
    r"header not found|block not found|unknown block|block height is|missing trie node"
    r"|too many requests|rate limit|request limit|timed? ?out|try again|temporar|busy|overloaded",
    re.IGNORECASE,
)
_PIECE = 65_536  # bytes read at once
_SCHEMES = ("http", "https", "ws", "wss")


class MismatchedAnswer(ValueError):
    """The answer belongs to another question."""


class _Matching(JSONBaseProvider):
    """Refuses the answer to another question: a proxy or a reused connection may mix them up."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked = threading.local()

    def encode_rpc_request(self, method: RPCEndpoint, params: Any) -> bytes:
        body = super().encode_rpc_request(method, params)
        self._asked.id = json.loads(body)["id"]
        return body

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        answer = super().make_request(method, params)
        if not isinstance(answer, dict) or not ({"result", "error"} & answer.keys()):
            raise MismatchedAnswer("the answer is not JSON-RPC")
        # What a gateway refuses before it has read it may come without an id.
        if answer.get("id") != self._asked.id and not (
            "error" in answer and answer.get("id") is None
        ):
            raise MismatchedAnswer("the answer belongs to another question")
        return answer


class HttpTransport(_Matching, HTTPProvider):
    """HTTP without retries of its own, and with a time limit for the whole answer."""

    def __init__(self, rpc: str, timeout: float, session: requests.Session) -> None:
        """Take an address, and seconds for each answer."""
        super().__init__(URI(rpc), exception_retry_configuration=None)
        self._timeout, self._session = timeout, session

    def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        # The timeout of requests is for each piece of an answer: a node that sends a byte now and
        # then would never run into it.
        deadline = time.monotonic() + self._timeout
        options: dict[str, Any] = {"headers": self.get_request_headers(), "stream": True}
        url = str(self.endpoint_uri)
        with self._session.post(url, request_data, timeout=self._timeout, **options) as response:
            response.raise_for_status()
            pieces = []
            while piece := response.raw.read1(_PIECE, decode_content=True):
                pieces.append(piece)
                if time.monotonic() > deadline:
                    raise requests.ReadTimeout("the answer takes too long")
        return b"".join(pieces)


class SocketTransport(_Matching, LegacyWebSocketProvider):
    """A web socket, asked one question at a time."""


def connect(rpc: str, timeout: float) -> BaseProvider:
    """Return the transport of an address. Nothing is sent yet.

    Args:
        rpc: http, https, ws or wss.
        timeout: For each answer, seconds.

    Raises:
        SteelyardError: It is no such address.
    """
    parts = urlsplit(rpc)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise SteelyardError(f"{rpc!r} is not the address of a node", f"begin it with {known}")
    if parts.scheme.startswith("ws"):
        return SocketTransport(
            URI(rpc), websocket_kwargs={"open_timeout": timeout}, websocket_timeout=timeout
        )
    session = requests.Session()
    # A proxy of the environment cannot reach this machine's node.
    session.trust_env = not _is_local(parts.hostname)
    return HttpTransport(rpc, timeout, session)


def endpoint(provider: BaseProvider) -> str:
    """Return how messages name a node: without path and user, which may hold a key.

    >>> endpoint(HTTPProvider("https://user:secret@node.example:8545/v3/key"))
    'https://node.example:8545'
    """
    parts = urlsplit(str(getattr(provider, "endpoint_uri", None) or ""))
    if not parts.hostname:
        return type(provider).__name__
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def ask(provider: BaseProvider, method: str, params: list[Any]) -> Mapping[str, Any]:
    """Ask once.

    Args:
        provider: Any of web3's.
        method: Of JSON-RPC.
        params: As JSON.

    Returns:
        The answer, with `result` or `error`.

    Raises:
        ChainError: There is no answer, or none that makes sense.
    """
    where = endpoint(provider)
    try:
        return provider.make_request(RPCEndpoint(method), params)
    except requests.HTTPError as error:
        raise _http_error(error) from error
    # Before ConnectionError and OSError, which some of these are as well.
    except requests.ConnectTimeout as error:
        raise NodeUnreachable(where, "no answer to the call", delivered=False) from error
    except (requests.Timeout, ReadTimeoutError, TimeoutError, TimeExhausted) as error:
        raise NodeTimeout(where, method) from error
    except requests.ConnectionError as error:
        delivered = not _is_refused(error)
        detail = "the connection broke" if delivered else "connection refused"
        raise NodeUnreachable(where, detail, delivered=delivered) from error
    except (json.JSONDecodeError, UnicodeDecodeError, MismatchedAnswer) as error:
        raise _nonsense(error) from error
    except (requests.RequestException, HTTPError, OSError, WebSocketException) as error:
        refused = isinstance(error, ConnectionRefusedError)
        detail = "connection refused" if refused else "the connection broke"
        raise NodeUnreachable(where, detail, delivered=not refused) from error
    except Web3Exception as error:
        raise NodeError(0, str(error)) from error


def node_error(error: Any) -> NodeError:
    """Return the `error` of an answer; whoever asked may know more about it."""
    if not isinstance(error, Mapping):
        return NodeError(0, str(error))
    code, message = error.get("code", 0), str(error.get("message", ""))
    busy = bool(_BUSY_WORDS.search(message)) or code == 429
    return NodeError(code if isinstance(code, int) else 0, message, transient=busy)


def _http_error(error: requests.HTTPError) -> ChainError:
    status = error.response.status_code
    message = f"HTTP {status} {error.response.reason or ''}".rstrip()
    return NodeError(status, message, transient=status in _BUSY_STATUS)


def _nonsense(error: Exception) -> ChainError:
    said = str(error) if isinstance(error, MismatchedAnswer) else "the answer is not JSON"
    return NodeError(0, said, transient=True)


def _is_refused(error: requests.ConnectionError) -> bool:
    """Whether nothing was sent: there was no connection to send it over."""
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
