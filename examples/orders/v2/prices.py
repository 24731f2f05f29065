"""Prices, and which articles cost less than a given amount."""

import bisect
import logging
import threading
import time

log = logging.getLogger("orders.prices")


class PriceList:
    """Articles by price. Many threads ask it; prices may change at any time."""

    def __init__(self, articles):
        self.articles = dict(articles)
        self.builds = 0
        self._index = None
        self._lock = threading.Lock()

    def _build(self):
        started = time.perf_counter()
        index = sorted((cents, name) for name, cents in self.articles.items())
        self.builds += 1
        log.warning("price index built in %.1f ms for %d articles", (time.perf_counter() - started) * 1000, len(index))
        return index

    def cheaper_than(self, cents):
        """How many articles cost less than `cents`."""
        with self._lock:
            index = self._build()
        return bisect.bisect_left(index, (cents, ""))

    def price_of(self, name):
        """The price of an article in cents, or None."""
        return self.articles.get(name.strip().lower())
