#!/usr/bin/env python3
"""A stand-in for OpenSIPS: its Management Interface and its events on real sockets, with phones that are only pretended.

    fake_opensips.py udp 127.0.0.1:PORT | unix PATH | http 127.0.0.1:PORT

Port 0 takes a free one. Prints "ready ADDRESS", and a line for each command that it gets: its time in ms, its name, its parameters. A phone is what its
URI says: sip:busy@… is busy, sip:nobody@… is not registered, sip:silent@… rings and never answers, sip:norefer@… does not know REFER, sip:ignores@… does not
follow it (of a refusal OpenSIPS says nothing either), sip:mute@… sends no NOTIFY, sip:quits@… hangs up as soon as it has answered, sip:rigid@… refuses to be
held; all others answer at once. There is one call from the start, "x1".

Commands for tests: x_faults (probabilities "loss" and "duplication", "max_delay_s" of each datagram that goes out, "answers_after_s", "lose_first": the first
answer to each command is lost, "spares": the commands whose answers are not), x_hang_up (callid), x_register and x_unregister (user), and
x_settle, which is printed like any other, behind all that came before it.
"""
import heapq
import itertools
import json
import os
import random
import selectors
import socket
import sys
import time

FIRST_PAUSE_S = 0.02
SDP = "v=0\r\no=a 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


class Fake:
    def __init__(self, reply):
        self.reply = reply
        self.dialogs = {"x1": {"caller": "sip:alice@p", "callee": "sip:bob@p", "state": 4, "held": set()}}
        self.users = set()
        self.subscribers = {}
        self.sessions = {}
        self.timers = []
        self.order = itertools.count()
        self.calls = itertools.count(1)
        self.faults = {}
        self.random = random.Random(1)
        self.answered_once = set()
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
                text = json.dumps({"jsonrpc": "2.0", "method": name, "params": params})
                self.carry(lambda kind=kind, target=target: self.senders[kind].sendto(text.encode(), target))

    def carry(self, send, delay_s=0, spared=False):
        """Sends, or what the faults make of it."""
        if self.random.random() < self.faults.get("loss", 0) and not spared:
            return
        for _ in range(2 if self.random.random() < self.faults.get("duplication", 0) else 1):
            wait = delay_s + self.random.random() * self.faults.get("max_delay_s", 0)
            if wait:
                self.later(wait, send)
            else:
                send()

    def request(self, text, peer):
        try:
            message = json.loads(text)
        except ValueError:
            self.reply(peer, "400 Parse_error")
            return
        is_test = message["method"].startswith("x_")
        if not is_test or message["method"] == "x_settle":
            print(int(time.time() * 1000), message["method"], json.dumps(message["params"]), flush=True)

        def answer(**outcome):
            text = json.dumps({"jsonrpc": "2.0", **outcome, "id": message["id"]})
            which = (message["method"], json.dumps(message["params"]))
            if is_test:
                self.reply(peer, text)
            elif self.faults.get("lose_first") and which not in self.answered_once:
                self.answered_once.add(which)
            else:
                self.carry(lambda: self.reply(peer, text), self.faults.get("answers_after_s", 0), message["method"] in self.faults.get("spares", ()))
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

    def end_dialog(self, callid):
        """Whoever waits for an answer to its INVITE hears that it was cancelled."""
        if callid in self.dialogs:
            self.set_state(callid, 5)
            self.dialogs.pop(callid).get("waits", lambda: None)()

    def mi_x_faults(self, answer, refuse, **faults):
        self.faults = faults
        self.answered_once.clear()
        answer()

    def mi_x_settle(self, answer, refuse, number):
        answer()

    def mi_x_hang_up(self, answer, refuse, callid):
        answer()
        self.end_dialog(callid)

    def mi_x_register(self, answer, refuse, user):
        answer()
        self.users.add(user)
        self.raise_event("E_UL_CONTACT_INSERT", domain="location", aor=user, uri=f"sip:{user}@192.0.2.9")

    def mi_x_unregister(self, answer, refuse, user):
        answer()
        self.users.discard(user)
        self.raise_event("E_UL_CONTACT_DELETE", domain="location", aor=user, uri=f"sip:{user}@192.0.2.9")

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
        if "nobody" in ruri:
            self.later(FIRST_PAUSE_S, lambda: answer({"Status": "404 Not Found"}))
            return
        self.dialogs[callid] = {"caller": "proxy", "callee": ruri, "state": 2, "held": set()}
        if "silent" in ruri:
            self.dialogs[callid]["waits"] = lambda: answer({"Status": "487 Request Terminated"})
            return
        refer = "" if "norefer" in ruri else ", REFER"
        text = (f"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP p;branch=z9hG4bK1\r\nFrom: {fields['From']};tag=f\r\nTo: {fields['To']};tag=t\r\nCall-ID: {callid}\r\n"
                f"CSeq: 1 INVITE\r\nContact: <sip:a@192.0.2.9>\r\nAllow: INVITE, ACK, BYE{refer}\r\nContent-Type: application/sdp\r\n"
                f"Content-Length: {len(SDP)}\r\n\r\n{SDP}")

        def answered():
            if callid not in self.dialogs:
                answer({"Status": "487 Request Terminated"})
                return
            self.set_state(callid, 3 if "quits" in ruri else 4)
            answer({"Status": "200 OK", "RURI": ruri, "Message": text})
            if "quits" in ruri:
                self.later(FIRST_PAUSE_S, lambda: self.end_dialog(callid))
        self.later(FIRST_PAUSE_S, answered)

    def mi_t_uac_cancel(self, answer, refuse, callid, cseq):
        answer()
        self.end_dialog(callid)

    def mi_dlg_list(self, answer, refuse, callid=None, index=0, counter=None):
        if callid is None or callid in self.dialogs:
            listed = [{"ID": 1, "callid": one, "state": dialog["state"], "from_uri": dialog["caller"], "to_uri": dialog["callee"], "caller_sdp": SDP,
                       "CALLEES": [{"callee_sdp": SDP}]} for one, dialog in self.dialogs.items() if callid in (None, one)]
            answer({"Dialogs": listed[index:None if counter is None else index + counter]})
        else:
            refuse(404, "Dialog not found")

    def mi_dlg_send_sequential(self, answer, refuse, callid, method, mode, body=None):
        if callid not in self.dialogs:
            refuse(404, "Dialog Not Found")
        else:
            busy = method == "INVITE" and "occupied" in self.dialogs[callid][mode]
            self.later(FIRST_PAUSE_S, lambda: answer({"Code": 486, "Reason": "Busy Here"} if busy else {"Code": 200, "Reason": "OK"}))

    def mi_ul_dump(self, answer, refuse):
        answer({"Domains": [{"name": "location", "AORs": [{"AOR": user, "Contacts": [{"Contact": f"sip:{user}@192.0.2.9"}]} for user in self.users]}]})

    def mi_dlg_end_dlg(self, answer, refuse, dialog_id):
        if dialog_id not in self.dialogs:
            refuse(404, "Requested Dialog not found")
            return
        answer()
        self.end_dialog(dialog_id)

    def mi_call_transfer(self, answer, refuse, callid, leg, destination=None, transfer_callid=None, transfer_leg=None):
        dialog = self.dialogs.get(callid)
        if transfer_callid and transfer_callid not in self.dialogs:
            refuse(404, "Transfer dialog not found")
            return
        if dialog is None:
            refuse(404, "Dialog not found")
            return
        if dialog.get("transferred"):
            refuse(491, "Request Pending")  # For ever, also when the first has failed.
            return
        dialog["transferred"] = True
        answer("Accepted")
        who = dialog[leg]
        if "ignores" in who:
            return
        new = f"new{next(self.calls)}-{os.getpid()}"
        replaced = transfer_callid
        destination = destination or self.dialogs[transfer_callid][transfer_leg]
        told = lambda state, status="": self.raise_event("E_CALL_TRANSFER", callid=callid, leg=None, transfer_callid=new, destination=destination,
                                                         state=state, status=status)

        def answered():
            if new not in self.dialogs:
                return
            refusal = "486 Busy Here" if "busy" in destination else "404 Not Found" if "nobody" in destination else None
            if refusal:
                self.end_dialog(new)
                told("fail", refusal)
                return
            self.set_state(new, 4)
            told("ok", "200 OK")
            if replaced:
                self.end_dialog(replaced)  # By the phone that got the Replaces.

        def started():
            self.dialogs[new] = {"caller": who, "callee": destination, "state": 2, "held": set()}
            self.set_state(new, 2)
            told("start")
            if "mute" not in who:
                self.later(FIRST_PAUSE_S, lambda: told("notify", "180 Ringing"))
            if "silent" in destination:
                self.dialogs[new]["waits"] = lambda: told("fail", "487 Request Terminated")
            else:
                self.later(2 * FIRST_PAUSE_S, answered)
        self.later(FIRST_PAUSE_S, started)

    def change(self, answer, refuse, callid, action, party):
        dialog = self.dialogs.get(callid)
        legs = [leg for leg in ("caller", "callee") if dialog and (leg in dialog["held"]) != (action == "hold")]
        if dialog is None:
            refuse(404, "Dialog not found")
        elif dialog["state"] < 3:
            refuse(410, "Dialog not ready")
        elif not legs:
            refuse(480, "Both dialog legs are on hold" if action == "hold" else "No dialog legs on hold")
        else:
            answer()
            agreed = [leg for leg in legs if party in (None, "both", leg) and "rigid" not in dialog[leg]]
            dialog["held"] = dialog["held"] | set(agreed) if action == "hold" else dialog["held"] - set(agreed)
            for leg in legs:  # Both get a re-INVITE, also for one party alone.
                self.raise_event("E_CALL_HOLD", callid=callid, leg=leg, action=action, state="start")
            for leg in legs:
                self.raise_event("E_CALL_HOLD", callid=callid, leg=leg, action=action, state="fail" if "rigid" in dialog[leg] and action == "hold" else "ok")

    def mi_call_hold(self, answer, refuse, callid, leg=None):
        self.change(answer, refuse, callid, "hold", leg)

    def mi_call_unhold(self, answer, refuse, callid, leg=None):
        self.change(answer, refuse, callid, "unhold", leg)

    def mi_ua_session_client_start(self, answer, refuse, ruri, to, body, proxy, flags, **others):
        key = f"B2B.{next(self.calls)}.{os.getpid()}"
        told = lambda kind, status, reason, body="": self.raise_event("E_UA_SESSION", key=key, entity_type="UAC", event_type=kind, status=status,
                                                                      reason=reason, method="INVITE", body=body)
        told("EARLY", "180", "Ringing")
        answer(key)
        self.later(FIRST_PAUSE_S, lambda: told("REJECTED", "486", "Busy Here") if "busy" in ruri else told("ANSWERED", "200", "OK", body))

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

    # Over a Unix socket answers come from another one, which has no name.
    answers = listener if kind == "udp" else socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def reply(peer, text):
        answers.settimeout(None)  # A Unix socket takes ten datagrams before they are read.
        answers.sendto(text.encode(), peer)
    fake = Fake(reply)
    print("ready", name, flush=True)
    while True:
        listener.settimeout(fake.run_timers())
        try:
            data, peer = listener.recvfrom(65536)
        except (TimeoutError, BlockingIOError):
            continue  # A timer is due.
        fake.request(data.decode(errors="replace"), peer)


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
