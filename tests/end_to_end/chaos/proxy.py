# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy on loopback that drops, delays, stalls and refuses connections."""

import contextlib
import socket
import struct
import threading
import time

LINGER_RESET = struct.pack("ii", 1, 0)  # close() sends RST


class Proxy:
    """Listens on a port that the kernel chose; `upstream` may be set later, and changed.

    delay: seconds that each piece waits, in both directions. stalled: nothing passes, connections stay open.
    refusing: new connections are reset at once. drop() resets what is open now.
    """

    def __init__(self, upstream=None):
        self.upstream = upstream
        self.delay = 0.0
        self.stalled = False
        self.refusing = False
        self.drops = 0
        self._open = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        if self.refusing or self.upstream is None:
            self._reset(client)
            return
        try:
            server = socket.create_connection(self.upstream, timeout=10)
        except OSError:
            self._reset(client)
            return
        server.settimeout(None)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = (client, server)
        with self._lock:
            self._open.add(pair)
        back = threading.Thread(target=self._copy, args=(server, client), daemon=True)
        back.start()
        self._copy(client, server)
        back.join()
        with self._lock:
            self._open.discard(pair)
        for end in pair:
            end.close()

    def _copy(self, source, target):
        try:
            while data := source.recv(65536):
                if self.delay:
                    time.sleep(self.delay)
                while self.stalled and not self._closed:
                    time.sleep(0.02)
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _reset(end):
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
        end.close()

    def drop(self):
        """Ends every open connection in the middle of whatever it was saying."""
        with self._lock:
            pairs = list(self._open)
        self.drops += len(pairs)
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_RESET)
                    end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
