#!/usr/bin/env python3
"""Calling side: what it costs to make the load that `sipp -sn uas` answers, beside SIPp's stock caller. The callers take turns; medians are printed."""
import sys

from load import Program, SippAnswerer, call_with_sipp, cpu_us, median, report

ROUNDS = 3
SECONDS = 8


def call_with_engine(port, rate):
    calls = rate * SECONDS
    caller = Program("sip_caller", port, rate, calls)
    done = caller.process.stdout.readline().split()
    cpu = cpu_us(caller.pid)
    caller.stop()
    good, bad = int(done[1]), int(done[3])
    return {"cpu": cpu / max(good, 1), "failed": bad}


def main():
    for rate in (1000, 3000):
        ours, theirs = [], []
        for _ in range(ROUNDS):
            for results, call in ((ours, call_with_engine), (theirs, lambda port, rate: dict(zip(("good", "failed", "cpu"), call_with_sipp(port, rate, SECONDS))))):
                answerer = SippAnswerer()
                results.append(call(answerer.port, rate))
                answerer.stop()
            print(f"calling at {rate}/s: {ours[-1]['cpu']:.1f} us, {ours[-1]['failed']} failed; sipp {theirs[-1]['cpu']:.1f} us, {theirs[-1]['failed']} failed", file=sys.stderr)
        report(f"calling, CPU a call at {rate}/s (peer: sipp -sn uac)", median(ours, "cpu"), "us", peer=round(median(theirs, "cpu"), 1), max_ratio=0.5)


main()
