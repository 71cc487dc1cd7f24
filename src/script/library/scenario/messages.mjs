// SIP messages as they went over the wire, for scripts.

const kCompact = {
  a: 'accept-contact', b: 'referred-by', c: 'content-type', e: 'content-encoding', f: 'from', i: 'call-id', j: 'reject-contact', k: 'supported',
  l: 'content-length', m: 'contact', o: 'event', r: 'refer-to', s: 'subject', t: 'to', u: 'allow-events', v: 'via', x: 'session-expires'
};

const canonical = (name) => {
  const lower = name.toLowerCase();
  return kCompact[lower] ?? lower;
};

const kFolding = /\r\n[ \t]+/g;
/** What is always asked for, without taking the whole message apart. */
const kAtOnce = { callId: /^(?:Call-ID|i)[ \t]*:[ \t]*(.*?)[ \t]*\r?$/im, cseq: /^CSeq[ \t]*:[ \t]*(.*?)[ \t]*\r?$/im };

/** One message. `direction` is "sent" or "received", `time` milliseconds since the epoch. */
export class SipMessage {
  #fields;

  constructor(event) {
    this.direction = event.direction;
    this.transport = event.transport;
    this.source = event.source;
    this.destination = event.destination;
    this.time = event.time;
    this.text = event.text;
    [this.startLine] = /^[^\r\n]*/.exec(event.text);
    const lines = event.text.replace(kFolding, ' ');
    this.callId = kAtOnce.callId.exec(lines)?.[1] ?? '';
    this.cseq = kAtOnce.cseq.exec(lines)?.[1] ?? '';
    const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(this.startLine);
    if (status !== null) {
      this.status = Number(status[1]);
      this.reason = status[2];
      this.method = this.cseq.split(/\s+/)[1] ?? '';
    } else {
      [this.method, this.uri] = this.startLine.split(' ');
    }
  }

  get #headEnd() {
    const end = this.text.indexOf('\r\n\r\n');
    return end < 0 ? this.text.length : end;
  }

  get body() {
    return this.text.slice(this.#headEnd + 4);
  }

  /** Names and values in their order. Taken apart for the first who asks: of most messages nobody does. */
  get fields() {
    this.#fields ??= this.text.slice(0, this.#headEnd).replace(kFolding, ' ').split('\r\n').slice(1)
      .filter((line) => line.includes(':')).map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
      });
    return this.#fields;
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
