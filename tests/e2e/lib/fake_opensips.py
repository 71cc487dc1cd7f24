#!/usr/bin/env python3
"""A stand-in for OpenSIPS: its Management Interface and its events on real sockets, with phones that are only pretended.

    fake_opensips.py udp 127.0.0.1:PORT | unix PATH | http 127.0.0.1:PORT

Port 0 takes a free one. Prints "ready ADDRESS", and a line for each command that it gets. Phones: sip:busy@… is busy, sip:silent@… never answers,
sip:norefer@… does not know REFER, all others answer at once. There is one call from the start, "x1".
"""
import heapq
import itertools
import json
import os
import selectors
import socket
import sys
import time

FIRST_PAUSE_S = 0.02


class Fake:
    def __init__(self, reply):
        self.reply = reply
        self.dialogs = {"x1": {"caller": "sip:alice@p", "callee": "sip:bob@p", "state": 4, "held": set()}}
        self.subscribers = {}
        self.sessions = {}
        self.timers = []
        self.order = itertools.count()
        self.calls = itertools.count(1)
        self.senders = {"udp": socket.socket(socket.AF_INET, socket.SOCK_DGRAM), "unix": socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)}

    def later(self, seconds, action):
        heapq.heappush(self.timers, (time.monotonic() + seconds, next(self.order), action))

    def run_timers(self):
        while self.timers and self.timers[0][0] <= time.monotonic():
            heapq.heappop(self.timers)[2]()
        return max(0, self.timers[0][0] - time.monotonic()) if self.timers else None

    def raise_event(self, name, **params):
        for where, until in self.subscribers.get(name, {}).items():
            if until > time.monotonic():
                kind, _, address = where.partition(":")
                host, _, port = address.rpartition(":")
                target = (host, int(port)) if kind == "udp" else address
                self.senders[kind].sendto(json.dumps({"jsonrpc": "2.0", "method": name, "params": params}).encode(), target)

    def request(self, text, peer):
        try:
            message = json.loads(text)
        except ValueError:
            self.reply(peer, "400 Parse_error")
            return
        print(message["method"], json.dumps(message["params"]), flush=True)
        answer = lambda **outcome: self.reply(peer, json.dumps({"jsonrpc": "2.0", **outcome, "id": message["id"]}))
        self.answer = lambda result="OK": answer(result=result)
        self.refuse = lambda code, text: answer(error={"code": code, "message": text})
        method = getattr(self, "mi_" + message["method"], None)
        if method is None:
            self.refuse(-32601, "Method not found")
        else:
            method(self.answer, self.refuse, **message["params"])

    def set_state(self, callid, state):
        self.dialogs[callid]["state"] = state
        self.raise_event("E_DLG_STATE_CHANGED", callid=callid, new_state=state)

    def mi_event_subscribe(self, answer, refuse, event, socket, expire=3600):
        if event not in ("E_CALL_TRANSFER", "E_CALL_HOLD", "E_UA_SESSION", "E_DLG_STATE_CHANGED", "E_UL_CONTACT_INSERT", "E_UL_CONTACT_DELETE"):
            refuse(400, "Bad parameter value")
            return
        self.subscribers.setdefault(event, {})[socket] = time.monotonic() + expire
        answer()

    def mi_t_uac_dlg(self, answer, refuse, method, ruri, headers, next_hop=None, body=None):
        fields = dict(line.split(": ", 1) for line in headers.strip().split("\r\n"))
        callid = fields["Call-ID"]
        if "tag=" in fields["To"]:
            answer({"Status": "200 OK"})
            return
        if "busy" in ruri:
            self.later(FIRST_PAUSE_S, lambda: answer({"Status": "486 Busy Here"}))
            return
        self.dialogs[callid] = {"caller": "proxy", "callee": ruri, "state": 2, "held": set()}
        if "silent" in ruri:
            self.dialogs[callid]["waits"] = lambda: answer({"Status": "487 Request Terminated"})
            return
        refer = "" if "norefer" in ruri else ", REFER"
        sdp = "v=0\r\no=a 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
        text = (f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP p;branch=z9hG4bK1\r\nFrom: {fields['From']};tag=f\r\nTo: {fields['To']};tag=t\r\nCall-ID: {callid}\r\n"
                f"CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.9>\r\nAllow: INVITE, ACK, BYE{refer}\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(sdp)}\r\n\r\n{sdp}")

        def answered():
            self.set_state(callid, 4)
            answer({"Status": "200 OK", "RURI": ruri, "Message": text})
        self.later(FIRST_PAUSE_S, answered)

    def mi_t_uac_cancel(self, answer, refuse, callid, cseq):
        dialog = self.dialogs.pop(callid, {})
        answer()
        dialog.get("waits", lambda: None)()

    def mi_dlg_list(self, answer, refuse, callid):
        if callid in self.dialogs:
            answer({"Dialogs": [{"ID": 1, "callid": callid, "state": self.dialogs[callid]["state"],
                                  "from_uri": self.dialogs[callid]["caller"], "to_uri": self.dialogs[callid]["callee"]}]})
        else:
            refuse(404, "Dialog not found")

    def mi_dlg_end_dlg(self, answer, refuse, dialog_id):
        if dialog_id not in self.dialogs:
            refuse(404, "Requested Dialog not found")
            return
        self.set_state(dialog_id, 5)
        del self.dialogs[dialog_id]
        answer()

    def mi_call_transfer(self, answer, refuse, callid, leg, destination=None, transfer_callid=None, transfer_leg=None):
        if callid not in self.dialogs:
            refuse(404, "Dialog not found")
            return
        answer("Accepted")
        new = f"new{next(self.calls)}"
        destination = destination or self.dialogs[transfer_callid][transfer_leg]
        told = lambda state, status="": self.raise_event("E_CALL_TRANSFER", callid=callid, leg=None, transfer_callid=new, destination=destination,
                                                         state=state, status=status)

        def answered():
            if "busy" in destination:
                del self.dialogs[new]
                told("fail", "486 Busy Here")
            else:
                told("ok", "200 OK")

        def started():
            self.dialogs[new] = {"caller": leg, "callee": destination, "state": 4, "held": set()}
            told("start")
            self.later(FIRST_PAUSE_S, lambda: told("notify", "180 Ringing"))
            self.later(2 * FIRST_PAUSE_S, answered)
        self.later(FIRST_PAUSE_S, started)

    def change(self, answer, refuse, callid, action):
        dialog = self.dialogs.get(callid)
        legs = [leg for leg in ("caller", "callee") if dialog and (leg in dialog["held"]) != (action == "hold")]
        if dialog is None:
            refuse(404, "Dialog not found")
        elif not legs:
            refuse(480, "Both dialog legs are on hold" if action == "hold" else "No dialog legs on hold")
        else:
            answer()
            dialog["held"] = set(legs) if action == "hold" else set()
            for state in ("start", "ok"):
                for leg in legs:
                    self.raise_event("E_CALL_HOLD", callid=callid, leg=leg, action=action, state=state)

    def mi_call_hold(self, answer, refuse, callid):
        self.change(answer, refuse, callid, "hold")

    def mi_call_unhold(self, answer, refuse, callid):
        self.change(answer, refuse, callid, "unhold")

    def mi_ua_session_client_start(self, answer, refuse, ruri, to, body, proxy, content_type, flags, **others):
        key = f"B2B.{next(self.calls)}"
        told = lambda kind, status, reason, body="": self.raise_event("E_UA_SESSION", key=key, entity_type="UAC", event_type=kind, status=status,
                                                                      reason=reason, method="INVITE", body=body)
        told("EARLY", "180", "Ringing")
        answer(key)
        self.later(FIRST_PAUSE_S, lambda: told("ANSWERED", "200", "OK", body))

    def mi_ua_session_terminate(self, answer, refuse, key):
        answer()


def serve_datagrams(kind, where):
    if kind == "udp":
        listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        host, port = where.split(":")
        listener.bind((host, int(port)))
        name = "%s:%d" % listener.getsockname()
    else:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if os.path.exists(where):
            os.unlink(where)
        listener.bind(where)
        name = where

    def reply(peer, text):
        listener.settimeout(None)  # A Unix socket takes ten datagrams before they are read.
        listener.sendto(text.encode(), peer)
    fake = Fake(reply)
    print("ready", name, flush=True)
    while True:
        listener.settimeout(fake.run_timers())
        try:
            data, peer = listener.recvfrom(65536)
        except (TimeoutError, BlockingIOError):
            continue  # A timer is due.
        fake.request(data.decode(), peer)


def serve_http(where):
    host, port = where.split(":")
    listener = socket.create_server((host, int(port)))
    print("ready", "%s:%d" % listener.getsockname(), flush=True)

    def reply(connection, text):
        body = text.encode()
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        connection.close()
    fake = Fake(reply)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ, None)
    while True:
        for key, _ in selector.select(fake.run_timers()):
            if key.data is None:
                connection, _ = listener.accept()
                selector.register(connection, selectors.EVENT_READ, bytearray())
                continue
            received = key.fileobj.recv(65536)
            key.data.extend(received)
            head, _, body = bytes(key.data).partition(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), None)
            if not received or (length is not None and len(body) >= length):
                selector.unregister(key.fileobj)
                if received:
                    fake.request(body.decode(), key.fileobj)
                else:
                    key.fileobj.close()


if __name__ == "__main__":
    serve_http(sys.argv[2]) if sys.argv[1] == "http" else serve_datagrams(sys.argv[1], sys.argv[2])
