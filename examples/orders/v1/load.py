"""Loads the service for some seconds: python3 load.py PORT SECONDS SEED"""

import http.client
import random
import sys
import threading
import time


def client(port, seconds, dice, counts):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if dice.random() < 0.4:
            path = f"/cheaper?than={dice.randrange(100, 100_000)}"
        else:
            path = f"/price/article-{dice.randrange(40_000)}"
        connection.request("GET", path)
        connection.getresponse().read()
        counts.append(path)
        time.sleep(dice.expovariate(40))


def main():
    port, seconds, seed = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    counts = []
    threads = [
        threading.Thread(target=client, args=(port, seconds, random.Random(seed * 100 + n), counts)) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(counts)} requests")


if __name__ == "__main__":
    main()
