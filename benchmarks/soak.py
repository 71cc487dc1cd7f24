#!/usr/bin/env python3
"""Soak of the engine: SIPp calls it for a long time with lost packets; memory, descriptors and what is remembered have to stay flat.

    benchmarks/soak.py [SECONDS] [CALLS_PER_SECOND] [LOSS_PERCENT]      default: 3600 500 1

Needs `scripts/build bench benchmarks`. Prints a line a minute; exit 0 when memory and descriptors at the end are those of the settled beginning and nothing is
left 40 s after the last call. Not a part of scripts/bench: it takes an hour.
"""
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
os.environ.setdefault("CALLWRIGHT_BIN", str(ROOT / "build/bench/src/app/callwright"))

from load import Program, cpu_us, memory_bytes  # noqa: E402  load needs the variable.

SAMPLE_SECONDS = 5
SETTLING_SECONDS = 60  # Timers J and L are 32 s, and the tables have found their size.
ALL_FORGOTTEN_SECONDS = 40
MAX_GROWTH = 1.10


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def sample_until_end(caller, pid, began):
    samples = []
    while caller.poll() is None:
        time.sleep(SAMPLE_SECONDS)
        samples.append((time.monotonic() - began, memory_bytes(pid), descriptors(pid), cpu_us(pid)))
        if len(samples) % (60 // SAMPLE_SECONDS) == 0:
            print(f"{samples[-1][0]:6.0f} s  {samples[-1][1] / 1e6:7.1f} MB  {samples[-1][2]} descriptors  {samples[-1][3] / 1e6:.1f} s of processor time", flush=True)
    return samples


def main():
    seconds, rate, loss = (int(value) for value in (sys.argv[1:] + ["3600", "500", "1"][len(sys.argv) - 1:])[:3])
    answerer = Program("sip_answerer")
    with tempfile.TemporaryDirectory() as folder:
        command = ["sipp", "-sn", "uac", f"127.0.0.1:{answerer.port}", "-i", "127.0.0.1", "-p", "25181", "-r", str(rate), "-m", str(rate * seconds), "-l", "20000", "-d", "100",
                   "-lost", str(loss), "-nostdin", "-trace_stat", "-stf", f"{folder}/stat.csv", "-fd", "60", "-timeout", str(seconds + 120)]
        began = time.monotonic()
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder) as caller:
            samples = sample_until_end(caller, answerer.pid, began)
        lines = pathlib.Path(f"{folder}/stat.csv").read_text().splitlines()
    last = dict(zip(lines[0].split(";"), lines[-1].split(";")))
    good, bad = int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])
    settled = [sample for sample in samples if sample[0] > SETTLING_SECONDS]
    third = max(len(settled) // 3, 1)
    early = statistics.median(sample[1] for sample in settled[:third])
    late = statistics.median(sample[1] for sample in settled[-third:])
    flat = late <= early * MAX_GROWTH and settled[-1][2] == settled[0][2]
    time.sleep(ALL_FORGOTTEN_SECONDS)
    left = answerer.stop().strip()
    clean = left.endswith("transactions 0, dialogs 0")
    print(f"{good} calls succeeded, {bad} failed; memory {early / 1e6:.1f} MB early, {late / 1e6:.1f} MB late; {samples[-1][3] / max(good, 1):.1f} us a call; at the end: {left}")
    print("flat" if flat and clean else "NOT FLAT")
    return 0 if flat and clean else 1


sys.exit(main())
