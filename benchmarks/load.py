"""What the SIP benchmarks share: SIPp as caller and answerer, processes that are measured, medians of pairs. Python 3 standard library only."""
import json
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ["CALLWRIGHT_BIN"]).resolve().parents[2]
TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def cpu_us(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def memory_bytes(pid):
    return int(re.search(r"^VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)[1]) * 1024


def wait_for_udp(process, port):
    """Until the process has bound the port of 127.0.0.1."""
    hexed = f"0100007F:{port:04X}"
    while hexed not in pathlib.Path("/proc/net/udp").read_text():
        if process.poll() is not None:
            sys.exit(f"{process.args[0]} does not start")
        time.sleep(0.01)


class Program:
    """A program of ours: prints its port, runs until its standard input ends, and prints what it did."""

    def __init__(self, name, *arguments):
        self.process = subprocess.Popen([BUILD / "benchmarks" / name, *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.port = int(self.process.stdout.readline())

    def stop(self):
        said, _ = self.process.communicate(timeout=30)
        return said


class SippAnswerer:
    """`sipp -sn uas`."""

    def __init__(self, port=25160):
        self.port = port
        command = ["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-nostdin"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for_udp(self.process, port)

    def stop(self):
        self.process.kill()
        self.process.wait()


def call_with_sipp(port, rate, seconds, service="service"):
    """SIPp's stock caller (INVITE, ACK, 100 ms, BYE) against a port of 127.0.0.1. Gives the calls that succeeded and failed, and SIPp's processor time a call."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["sipp", "-sn", "uac", f"127.0.0.1:{port}", "-s", service, "-i", "127.0.0.1", "-p", "25161", "-r", str(rate), "-m", str(rate * seconds), "-l", "20000",
                   "-d", "100", "-nostdin", "-trace_stat", "-stf", f"{folder}/stat.csv", "-fd", "1", "-timeout", str(seconds * 4)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        lines = pathlib.Path(f"{folder}/stat.csv").read_text().splitlines()
    last = dict(zip(lines[0].split(";"), lines[-1].split(";")))
    good, bad = int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e6
    return good, bad, cpu / max(good, 1)


def measure_answerer(answerer, name, rate, seconds, service="service"):
    """Processor time and memory a call of what answers (or relays) SIPp's calls. Memory is what the process has grown by at the end, divided by the calls whose
    transactions are still remembered then (RFC 3261 timers J and L: 32 s), which are all of the run."""
    call_with_sipp(answerer.port, 200, 1, service)
    cpu, memory, began = cpu_us(answerer.pid), memory_bytes(answerer.pid), time.monotonic()
    good, bad, _ = call_with_sipp(answerer.port, rate, seconds, service)
    result = {"cpu": (cpu_us(answerer.pid) - cpu) / max(good, 1), "memory": (memory_bytes(answerer.pid) - memory) / max(good, 1)}
    reached = good / (time.monotonic() - began)
    print(f"{name} at {rate}/s: {result['cpu']:.1f} us, {result['memory']:.0f} bytes a call, {bad} failed, {reached:.0f} calls/s reached", file=sys.stderr)
    return result


def median(results, what):
    return statistics.median(result[what] for result in results)


def report(name, value, unit, **others):
    """One line for scripts/bench."""
    print(json.dumps({"name": name, "value": round(value, 1), "unit": unit, **others}), flush=True)
