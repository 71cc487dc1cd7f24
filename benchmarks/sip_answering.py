#!/usr/bin/env python3
"""Answering side under SIPp's stock caller, at 1 000 and 3 000 calls a second: processor time and memory a call, beside `sipp -sn uas`.

The peers take turns, several rounds each; medians are printed. Memory is what the process has grown by at the end of the run, divided by the calls
whose transactions are still remembered then (RFC 3261 timers J and L: 32 s), which are all calls of a run.
"""
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["CALLWRIGHT_BIN"]).resolve().parents[2]
ANSWERER = BUILD / "benchmarks" / "sip_answerer"
ROUNDS = 3
SECONDS = 8
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def cpu_us(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def memory_bytes(pid):
    return int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) * 1024


class Answerer:
    """Our engine, or SIPp; both on a port of 127.0.0.1."""

    def __init__(self, which):
        if which == "callwright":
            self.process = subprocess.Popen([ANSWERER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            self.port = int(self.process.stdout.readline())
        else:
            self.port = 25160
            command = ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(self.port), "-nostdin"]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            hexed = f"0100007F:{self.port:04X}"
            while hexed not in pathlib.Path("/proc/net/udp").read_text():
                if self.process.poll() is not None:
                    sys.exit("sipp -sn uas does not start")

    def stop(self):
        if self.process.stdin:
            self.process.stdin.close()
            self.process.wait(10)
        else:
            self.process.kill()
            self.process.wait()


def drive(port, rate, seconds, folder):
    """SIPp's stock caller; gives the calls that succeeded and failed."""
    command = ["sipp", "-sn", "uac", f"127.0.0.1:{port}", "-i", "127.0.0.1", "-p", "25161", "-r", str(rate), "-m", str(rate * seconds), "-l", "20000", "-d", "100",
               "-nostdin", "-trace_stat", "-stf", f"{folder}/stat.csv", "-fd", "1", "-timeout", str(seconds * 4)]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, check=False)
    lines = pathlib.Path(f"{folder}/stat.csv").read_text().splitlines()
    last = dict(zip(lines[0].split(";"), lines[-1].split(";")))
    return int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])


def measure(which, rate):
    answerer = Answerer(which)
    pid = answerer.process.pid
    with tempfile.TemporaryDirectory() as folder:
        drive(answerer.port, 200, 1, folder)
        cpu, memory = cpu_us(pid), memory_bytes(pid)
        began = time.monotonic()
        good, bad = drive(answerer.port, rate, SECONDS, folder)
        took = time.monotonic() - began
        result = {"cpu": (cpu_us(pid) - cpu) / max(good, 1), "memory": (memory_bytes(pid) - memory) / max(good, 1), "failed": bad, "rate": good / took}
    answerer.stop()
    print(f"{which} at {rate}/s: {result['cpu']:.1f} us, {result['memory']:.0f} bytes a call, {bad} failed, {result['rate']:.0f} calls/s reached", file=sys.stderr)
    return result


def median(results, what):
    return statistics.median(result[what] for result in results)


def main():
    ours, theirs = {}, {}
    for rate in (1000, 3000):
        ours[rate], theirs[rate] = [], []
        for _ in range(ROUNDS):
            ours[rate].append(measure("callwright", rate))
            theirs[rate].append(measure("sipp", rate))
        print(json.dumps({"name": f"answering, CPU a call at {rate}/s (peer: sipp -sn uas)", "value": round(median(ours[rate], "cpu"), 1), "unit": "us",
                          "peer": round(median(theirs[rate], "cpu"), 1), "max_ratio": 0.5}))
        print(json.dumps({"name": f"answering, memory a recent call at {rate}/s", "value": round(median(ours[rate], "memory")), "unit": "bytes", "max": 2048}))
    print(json.dumps({"name": "answering, CPU a call at 3000/s (peer: at 1000/s)", "value": round(median(ours[3000], "cpu"), 1), "unit": "us",
                      "peer": round(median(ours[1000], "cpu"), 1), "max_ratio": 1.0}))


main()
