"""A price service over HTTP, Python's standard library only: python3 service.py PORT LOGFILE"""

import json
import logging
import random
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from prices import PriceList

log = logging.getLogger("orders.http")


def articles():
    dice = random.Random(1)
    return {f"article-{n}": dice.randrange(100, 100_000) for n in range(40_000)}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    prices = None

    def do_GET(self):
        started = time.perf_counter()
        url = urlsplit(self.path)
        if url.path == "/ready":
            status, body = 200, {}
        elif url.path == "/cheaper":
            cents = int(parse_qs(url.query).get("than", ["0"])[0])
            status, body = 200, {"articles": self.prices.cheaper_than(cents)}
        elif url.path.startswith("/price/"):
            cents = self.prices.price_of(unquote(url.path.removeprefix("/price/")))
            status, body = (404, {}) if cents is None else (200, {"cents": cents})
        else:
            status, body = 404, {}
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
        if url.path != "/ready":
            took = (time.perf_counter() - started) * 1000
            log.info("%s %s %d in %.1f ms", self.command, url.path, status, took)

    def log_message(self, *args):
        """The lines above say more than the standard ones."""


def main():
    port, logfile = int(sys.argv[1]), sys.argv[2]
    logging.basicConfig(filename=logfile, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    Shop.prices = PriceList(articles())
    Shop.prices.cheaper_than(0)
    server = ThreadingHTTPServer(("127.0.0.1", port), Shop)
    log.info("listening on port %d", port)
    server.serve_forever()


if __name__ == "__main__":
    main()
