#!/usr/bin/env python3
"""Through the exchange as back-to-back user agent: SIPp calls, callwright routes, SIPp answers. Processor time a call of the exchange beside that of one
answering SIPp, both legs of the exchange included. Rounds take turns; medians are printed."""
import os
import pathlib
import re
import subprocess
import tempfile

from load import SippAnswerer, measure_answerer, median, report

ROUNDS = 3
SECONDS = 8
CONFIG = """
[sip]
listen = ["udp:127.0.0.1:0"]
max_transactions = 2000000
[exchange]
trusted = ["127.0.0.1"]
[[routes]]
user = "*"
target = "sip:127.0.0.1:{port}"
[call_api]
listen = ["127.0.0.1:0"]
[http]
listen = ["127.0.0.1:0"]
[log]
level = "warn"
"""


class Exchange:
    """`callwright serve` with a route to whoever answers."""

    def __init__(self, answerer_port):
        self.folder = tempfile.TemporaryDirectory()
        config = pathlib.Path(self.folder.name) / "callwright.toml"
        config.write_text(CONFIG.format(port=answerer_port))
        self.process = subprocess.Popen([os.environ["CALLWRIGHT_BIN"], "serve", "--config", config], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        for line in self.process.stdout:
            if found := re.match(r"listening sip udp 127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
            if line.startswith("ready"):
                break

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=30)
        self.folder.cleanup()


def main():
    for rate in (500, 1000):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            answerer = SippAnswerer()
            theirs.append(measure_answerer(answerer, "sipp -sn uas", rate, SECONDS))
            exchange = Exchange(answerer.port)
            ours.append(measure_answerer(exchange, "callwright serve", rate, SECONDS))
            exchange.stop()
            answerer.stop()
        report(f"through the exchange, CPU a call at {rate}/s (peer: one leg of sipp -sn uas)", median(ours, "cpu"), "us", peer=round(median(theirs, "cpu"), 1),
               max_ratio=1.0)
        report(f"through the exchange, memory a recent call at {rate}/s", median(ours, "memory"), "bytes")


main()
