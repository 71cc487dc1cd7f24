"""Calls between two phones, passed on packet by packet or translated between Opus and PCMU, beside rtpengine (user space) in the same run."""
import itertools
import json
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from load import BUILD, cpu_us, memory_bytes, wait_for_udp

SECONDS = 6
ROUNDS = 3
MEMORY_CALLS = (100, 400)
NG_PORT = 25190
RTPMAP = {0: "PCMU/8000", 111: "opus/48000/2"}


def encode(value):
    """Bencode, as the ng protocol wants it."""
    if isinstance(value, dict):
        return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    text = value.encode()
    return b"%d:%s" % (len(text), text)


def description(port, types):
    maps = "".join(f"a=rtpmap:{number} {RTPMAP[number]}\r\n" for number in types)
    return (f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP {' '.join(map(str, types))}\r\n"
            f"{maps}a=ptime:20\r\n")


class Rtpengine:
    name = "rtpengine"

    def __init__(self, calls, codec):
        self.folder = tempfile.TemporaryDirectory()
        self.codec = codec
        command = [shutil.which("rtpengine") or "/usr/sbin/rtpengine", "--config-file=none", "--table=-1", "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{NG_PORT}",
                   "--foreground", "--log-stderr", "--log-level=2", "--port-min=31000", "--port-max=39999", f"--pidfile={self.folder.name}/pid"]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        wait_for_udp(self.process, NG_PORT)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", NG_PORT))
        self.socket.settimeout(10)
        self.cookies = map(str, itertools.count())

    def ask(self, **command):
        self.socket.send(next(self.cookies).encode() + b" " + encode({key.replace("_", "-"): value for key, value in command.items()}))
        answer = self.socket.recv(65536).decode()
        port = re.search(r"m=audio (\d+)", answer)
        if not port:
            raise RuntimeError(f"rtpengine says {answer}")
        return int(port[1])

    def connect(self, ports):
        """Where the phones of each call send to."""
        offered = [111] if self.codec == "opus" else [0]
        codec = {"transcode": ["PCMU"], "mask": ["opus"]} if self.codec == "opus" else {}
        result = []
        for number, (first, second) in enumerate(ports):
            call = {"call_id": f"call{number}", "from_tag": "a"}
            more = {"codec": codec} if codec else {}
            to_second = self.ask(command="offer", sdp=description(first, offered), ICE="remove", **call, **more)
            to_first = self.ask(command="answer", sdp=description(second, [0]), to_tag="b", ICE="remove", **call)
            result.append((to_first, to_second))
        return result

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Callwright:
    name = "callwright"

    def __init__(self, calls, codec):
        self.process = subprocess.Popen([BUILD / "benchmarks/rtp_relay", str(calls), codec], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def connect(self, ports):
        print(*(f"{first} {second}" for first, second in ports), sep="\n", file=self.process.stdin, flush=True)
        return [tuple(map(int, self.process.stdout.readline().split())) for _ in ports]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def measure(kind, calls, codec):
    relay = kind(calls, codec)
    load = subprocess.Popen([BUILD / "benchmarks/rtp_load", str(calls), str(SECONDS), "none" if codec == "tone" else codec], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ports = relay.connect([tuple(map(int, load.stdout.readline().split())) for _ in range(calls)])
    cpu = cpu_us(relay.pid)
    said, _ = load.communicate("\n".join(f"{first} {second}" for first, second in ports) + "\n")
    result = json.loads(said)
    result["cpu"] = (cpu_us(relay.pid) - cpu) / SECONDS / calls / 1e6 * 100
    result["memory"] = memory_bytes(relay.pid) / 1024
    relay.stop()
    print(f"{kind.name}, {calls} calls, {codec}: {result}", file=sys.stderr)
    return result


def compare(calls, codec):
    """Medians of rounds in turns: ours, and those of rtpengine."""
    rounds = [(measure(Callwright, calls, codec), measure(Rtpengine, calls, codec)) for _ in range(ROUNDS)]
    return [{key: statistics.median(result[side][key] for result in rounds) for key in rounds[0][side]} for side in (0, 1)]


def memory_of_a_call(kind):
    """By what more calls take: what the first one brings with it, libraries and threads, is no matter of calls."""
    few, many = MEMORY_CALLS
    return statistics.median((measure(kind, many, "pcmu")["memory"] - measure(kind, few, "pcmu")["memory"]) / (many - few) for _ in range(ROUNDS))


def report(name, value, unit, **others):
    print(json.dumps({"name": name, "value": round(value, 4), "unit": unit, **others}), flush=True)


def main():
    ours, theirs = compare(200, "pcmu")
    report("relay of a two-way G.711 call (peer: rtpengine)", ours["cpu"], "% of a core", peer=round(theirs["cpu"], 4), max=0.04, max_ratio=0.5)
    report("memory of a relayed call (peer: rtpengine)", memory_of_a_call(Callwright), "KB", peer=round(memory_of_a_call(Rtpengine), 1), max=32)
    report("steps between relayed packets off 20 ms, p99, with the generator's (peer: rtpengine)", ours["step_p99_us"], "us", peer=theirs["step_p99_us"])
    # Ours also says a frame or two of silence before the first packet comes.
    report("relayed packets that were lost", max(0, 100 * (1 - ours["received"] / ours["sent"])), "%")
    rounds = [measure(Callwright, 500, "tone") for _ in range(ROUNDS)]
    for name, limit in (("p99", 2000), ("p999", 5000)):
        late = statistics.median(result[f"machine_{name}_us"] for result in rounds)
        report(f"pacing error of 1 000 streams that play a tone, {name} (peer: a thread that only sleeps)",
               statistics.median(result[f"pace_{name}_us"] for result in rounds), "us", peer=late, max=limit)
    report("a stream that plays a tone, PCMU", statistics.median(result["cpu"] / 2 for result in rounds), "% of a core")
    ours, theirs = compare(20, "opus")
    report("translation of a call, Opus to PCMU and back (peer: rtpengine)", ours["cpu"], "% of a core", peer=round(theirs["cpu"], 4), max_ratio=0.8)


if __name__ == "__main__":
    main()
