// SIP messages as they went over the wire, for scripts.

const kCompact = {
  a: 'accept-contact', b: 'referred-by', c: 'content-type', e: 'content-encoding', f: 'from', i: 'call-id', j: 'reject-contact', k: 'supported',
  l: 'content-length', m: 'contact', o: 'event', r: 'refer-to', s: 'subject', t: 'to', u: 'allow-events', v: 'via', x: 'session-expires'
};

const canonical = (name) => {
  const lower = name.toLowerCase();
  return kCompact[lower] ?? lower;
};

/** One message. `direction` is "sent" or "received", `time` milliseconds since the epoch. */
export class SipMessage {
  constructor(event) {
    this.direction = event.direction;
    this.transport = event.transport;
    this.source = event.source;
    this.destination = event.destination;
    this.time = event.time;
    this.text = event.text;
    const end = event.text.indexOf('\r\n\r\n');
    const lines = (end < 0 ? event.text : event.text.slice(0, end)).replace(/\r\n[ \t]+/g, ' ').split('\r\n');
    this.body = end < 0 ? '' : event.text.slice(end + 4);
    this.startLine = lines[0];
    this.fields = lines.slice(1).filter((line) => line.includes(':')).map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    });
    const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(this.startLine);
    if (status !== null) {
      this.status = Number(status[1]);
      this.reason = status[2];
      this.method = this.header('CSeq')?.split(/\s+/)[1] ?? '';
    } else {
      [this.method, this.uri] = this.startLine.split(' ');
    }
    this.callId = this.header('Call-ID') ?? '';
    this.cseq = this.header('CSeq') ?? '';
  }

  get isRequest() {
    return this.status === undefined;
  }

  /** The first field of that name, in any case and also in compact form. */
  header(name) {
    const wanted = canonical(name);
    return this.fields.find(([key]) => canonical(key) === wanted)?.[1];
  }

  /** All values by name, as the names were written first. */
  get headers() {
    const values = {};
    const names = {};
    for (const [name, value] of this.fields) {
      const key = (names[canonical(name)] ??= name);
      (values[key] ??= []).push(value);
    }
    return values;
  }

  /** Attributes and lines of a session description; undefined when the body is none. */
  get sdp() {
    return /^application\/sdp/i.test(this.header('Content-Type') ?? '') ? new SessionDescription(this.body) : undefined;
  }

  toJSON() {
    return { direction: this.direction, method: this.method, status: this.status, uri: this.uri, headers: this.headers, body: this.body };
  }
}

/** What a script may want to know of SDP. */
export class SessionDescription {
  constructor(text) {
    this.text = text;
    this.lines = text.split(/\r?\n/).filter((line) => line.length > 2);
  }

  /** Values of the lines of one type: values("m"). */
  values(type) {
    return this.lines.filter((line) => line.startsWith(`${type}=`)).map((line) => line.slice(2));
  }

  /** The first attribute of that name: "" for one without value, undefined when there is none. */
  attribute(name) {
    const found = this.values('a').find((line) => line === name || line.startsWith(`${name}:`));
    return found === undefined ? undefined : found.slice(name.length + 1);
  }

  get profile() {
    return this.values('m')[0]?.split(' ')[2];
  }

  get direction() {
    return ['sendrecv', 'sendonly', 'recvonly', 'inactive'].find((name) => this.attribute(name) !== undefined) ?? 'sendrecv';
  }

  get codecs() {
    return this.values('a').filter((line) => line.startsWith('rtpmap:')).map((line) => line.split(' ')[1].split('/')[0]);
  }
}

/** Name, URI and number of a name-addr or URI. */
export function partyOf(value) {
  const match = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<([^>]*)>/.exec(value);
  const uri = match === null ? value.split(';')[0].trim() : match[3];
  const name = match === null ? '' : (match[1]?.replace(/\\(.)/g, '$1') ?? match[2]);
  return new Peer(uri, name || undefined);
}

export class Peer {
  constructor(uri, name) {
    this.uri = uri;
    this.name = name;
  }

  /** What stands before the @, without parameters. */
  get number() {
    const colon = this.uri.indexOf(':');
    return this.uri.slice(colon + 1).split('@')[0].split(';')[0];
  }

  toString() {
    return this.uri;
  }

  toJSON() {
    return { uri: this.uri, number: this.number, name: this.name };
  }
}

/** What waits in a mailbox, by a message summary (RFC 3842 §5.2). */
export function mailboxOf(body) {
  const counts = /^Voice-Message:\s*(\d+)\/(\d+)/im.exec(body);
  return { waiting: /^Messages-Waiting:\s*yes/im.test(body), newMessages: Number(counts?.[1] ?? 0), oldMessages: Number(counts?.[2] ?? 0), body };
}
