#!/usr/bin/env python3
"""Answering side under SIPp's stock caller: processor time and memory a call, beside `sipp -sn uas` and Sofia-SIP's nua.

The peers take turns, several rounds each; medians are printed.
"""
from load import Program, SippAnswerer, measure_answerer, median, report

ROUNDS = 3
SECONDS = 8
PEERS = {"callwright": lambda: Program("sip_answerer"), "sipp -sn uas": SippAnswerer}


def measure(name, start, rate):
    answerer = start()
    result = measure_answerer(answerer, name, rate, SECONDS)
    answerer.stop()
    return result


def main():
    results = {}
    for rate in (500, 1000, 3000):
        rounds = {name: [] for name in PEERS}
        for _ in range(ROUNDS):
            for name, start in PEERS.items():
                rounds[name].append(measure(name, start, rate))
        results[rate] = ours = median(rounds["callwright"], "cpu")
        report(f"answering, CPU a call at {rate}/s (peer: sipp -sn uas)", ours, "us", peer=round(median(rounds["sipp -sn uas"], "cpu"), 1), max_ratio=0.4)
        report(f"answering, memory a recent call at {rate}/s", median(rounds["callwright"], "memory"), "bytes", max=2048)
    report("answering, CPU a call at 3000/s (peer: at 500/s)", results[3000], "us", peer=round(results[500], 1), max_ratio=1.0)

    # Sofia-SIP is compared at a rate that it carries.
    pairs = [(measure("callwright", PEERS["callwright"], 1000), measure("sofia-sip nua", lambda: Program("sofia_answerer"), 1000)) for _ in range(ROUNDS)]
    ours, theirs = zip(*pairs)
    report("answering, CPU a call at 1000/s (peer: Sofia-SIP nua)", median(ours, "cpu"), "us", peer=round(median(theirs, "cpu"), 1), max_ratio=0.2)
    report("answering, memory a recent call at 1000/s (peer: Sofia-SIP nua)", median(ours, "memory"), "bytes", peer=round(median(theirs, "memory")), max_ratio=0.15)


main()
