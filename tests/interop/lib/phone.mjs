// A phone of a few lines over any transport, which shows a test every message that it gets. Over a stream it has no listening port and a Contact that
// leads nowhere, as a web page has.
import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { createRequire } from 'node:module';
import { within } from '../../e2e/lib/server.mjs';

// The package is installed for the end-to-end tests.
const { WebSocket } = createRequire(new URL('../../e2e/package.json', import.meta.url))('ws');

const LIMIT_MS = 20_000;
export const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';

const md5 = (text) => createHash('md5').update(text).digest('hex');
const token = () => randomBytes(8).toString('hex');
const branchOf = (message) => /branch=([^;,\s]+)/.exec(message.header('Via'))[1];
const uriOf = (value) => /<([^>]+)>/.exec(value ?? '')?.[1] ?? value;

/** A SIP message in its parts. */
export function parse(text) {
  const [head, body] = text.split(/\r\n\r\n([^]*)/);
  // OpenSIPS ends the line of its Retry-After by LF alone.
  const [start, ...lines] = head.split(/\r?\n/);
  const headers = lines.map((line) => /^([^:]+?)\s*:\s*(.*)$/.exec(line).slice(1));
  const all = (name) => headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const header = (name) => all(name)[0];
  const status = Number(/^SIP\/2\.0 (\d+)/.exec(start)?.[1] ?? 0);
  const method = status ? header('CSeq').split(' ')[1] : start.split(' ')[0];
  // Addresses of Route and Record-Route may share a line.
  const addresses = (name) => all(name).flatMap((value) => value.split(/,\s*(?=<)/));
  return { text, start, status, method, uri: start.split(' ')[1], all, header, addresses, body, request: status === 0 };
}

/** One dialog of a phone, as caller or as answerer. */
export class Call {
  #phone;
  #cseq = 0;
  #last;
  /** The INVITE, as it came or as it went. */
  invite;
  callId = token();
  local;
  remote;
  target;
  /** What in-dialog requests go through. */
  routes = [];

  constructor(phone, invite) {
    this.#phone = phone;
    if (invite) {
      this.invite = invite;
      this.callId = invite.header('Call-ID');
      this.local = `${invite.header('To')};tag=${token()}`;
      this.remote = invite.header('From');
      this.target = uriOf(invite.header('Contact'));
      this.routes = invite.addresses('Record-Route');
    } else {
      this.local = `<${phone.address}>;tag=${token()}`;
    }
  }

  /** Caller: sends INVITE and answers a challenge. */
  async start(user, { headers = '', body = SDP } = {}) {
    this.target = `sip:${user}@${this.#phone.domain}`;
    this.remote = `<${this.target}>`;
    const send = (extra) => this.send('INVITE', { headers: headers + extra, body });
    send('');
    const challenge = await this.next((message) => message.status >= 200 || (message.status > 100 && message.status < 200));
    if (challenge.status !== 401 && challenge.status !== 407) {
      throw new Error(`INVITE was not challenged but answered ${challenge.start}`);
    }
    this.acknowledge(challenge);
    send(this.#phone.authorization(challenge, 'INVITE', this.target));
  }

  /** Caller: calls `uri`, whether or not it is challenged; gives the final response, acknowledged. */
  async place(uri, { headers = '', body = SDP } = {}) {
    this.target = uri;
    this.remote = `<${uri}>`;
    const first = await this.request('INVITE', { headers, body });
    if (first.status !== 401 && first.status !== 407) {
      return first;
    }
    return this.request('INVITE', { headers: headers + this.#phone.authorization(first, 'INVITE', uri), body });
  }

  /** The response to the last request that has this status. */
  response(status) {
    return this.next((message) => message.status === status && message.header('CSeq') === this.#last.cseq, `${status} for ${this.#last.cseq}`);
  }

  /** Caller: the next response to INVITE above 199, acknowledged. */
  async final() {
    const message = await this.next((one) => one.status >= 200 && one.header('CSeq') === this.#last.cseq, `answer to ${this.#last.cseq}`);
    if (message.status < 300) {
      this.remote = message.header('To');
      this.target = uriOf(message.header('Contact')) ?? this.target;
      if (this.routes.length === 0) {
        this.routes = message.addresses('Record-Route').reverse();
      }
    }
    if (message.method === 'INVITE') {
      this.acknowledge(message);
    }
    return message;
  }

  /** ACK for a final response: in the dialog for a 2xx, in the transaction for a refusal. */
  acknowledge(final) {
    const inDialog = final.status < 300;
    this.#phone.request('ACK', inDialog ? this.target : this.#last.target, {
      call: this,
      cseq: this.#last.number,
      branch: inDialog ? undefined : this.#last.branch,
      to: final.header('To'),
      routes: inDialog ? this.routes : this.#last.routes,
    });
  }

  /** Takes the INVITE back. */
  cancel() {
    const { target, number, branch, to, routes } = this.#last;
    this.#phone.request('CANCEL', target, { call: this, cseq: number, branch, to, routes });
  }

  /** Sends a request of this dialog. */
  send(method, { headers = '', body = '', type } = {}) {
    this.#cseq += 1;
    this.#last = { target: this.target, number: this.#cseq, cseq: `${this.#cseq} ${method}`, branch: `z9hG4bK${token()}`, to: this.remote, routes: this.routes };
    this.#phone.request(method, this.target, { call: this, cseq: this.#cseq, branch: this.#last.branch, to: this.remote, routes: this.routes, headers, body, type });
  }

  /** Sends a request of this dialog; gives the final response (acknowledged when it was an INVITE). */
  request(method, options) {
    this.send(method, options);
    return this.final();
  }

  hangUp() {
    return this.request('BYE');
  }

  /** Answers a request, by default the INVITE. */
  respond(status, { to = this.invite, headers = '', body = '' } = {}) {
    this.#phone.respond(to, status, { call: this, headers, body });
  }

  /** Answerer: rings, accepts and waits for the ACK. */
  async answer() {
    this.respond('180 Ringing');
    return this.accept();
  }

  /** Answers INVITE (or a re-INVITE) with 200 and SDP and waits for the ACK. */
  async accept(invite = this.invite, body = SDP) {
    this.respond('200 OK', { to: invite, body });
    return this.expect('ACK');
  }

  /** The next request of this method in the dialog, unanswered. */
  expect(method) {
    return this.next((message) => message.request && message.method === method, method);
  }

  /** Answers the next request of this method with 200. */
  async ok(method) {
    const request = await this.expect(method);
    this.respond('200 OK', { to: request });
    return request;
  }

  /** The next message of this call for which `wanted` is true. */
  next(wanted, what) {
    return this.#phone.next((message) => message.header('Call-ID') === this.callId && wanted(message), what);
  }
}

/** What a test leaves open when it fails does not keep it from ending: whoever waits for a message does so for a time. */
export class Phone {
  #send;
  #close;
  #transport;
  #received = [];
  #waiting = [];
  #seen = new Set();
  #user;
  #password;
  #cseq = 0;
  #host = `${token()}.invalid`;
  /** Is shown each message first; what it returns true for, nobody else gets. */
  handler = () => false;
  /** Each so-manieth message is lost on its way here; 0: none is. */
  loseEach = 0;
  #arrived = 0;
  /** What it registers at, "pbx.example". */
  domain;
  /** Its Allow. */
  allow = 'INVITE, ACK, CANCEL, BYE, UPDATE, INFO, PRACK';

  /** Connects to `address` ("127.0.0.1:5061") over "udp", "tcp", "tls", "ws" or "wss"; certificates are checked with `ca`. */
  static async connect(transport, address, { user, password, domain, ca, servername }) {
    const phone = new Phone();
    phone.#transport = transport;
    phone.#user = user;
    phone.#password = password;
    phone.domain = domain;
    const connect = { udp: () => phone.#bindUdp(address), tcp: () => phone.#connectStream(address), tls: () => phone.#connectStream(address, { ca, servername }) };
    await within(LIMIT_MS, (connect[transport] ?? (() => phone.#connectWebSocket(transport, address, ca)))(), `no connection over ${transport}`);
    return phone;
  }

  /** Cuts the connection. */
  close() {
    this.#close();
  }

  /** Un-registers, then closes. */
  async leave() {
    const gone = await this.register(0);
    this.#close();
    return gone;
  }

  get address() {
    return `sip:${this.#user}@${this.domain}`;
  }

  get contact() {
    const transport = { udp: 'udp', tcp: 'tcp', tls: 'tls' }[this.#transport] ?? 'ws';
    return `<sip:${this.#user}@${this.#host};transport=${transport}>`;
  }

  /** REGISTER, with the answer to its challenge, if there is one; gives the final response. */
  async register(expires = 600, headers = '') {
    const uri = `sip:${this.domain}`;
    const tag = token();
    const call = { callId: token(), local: `<${this.address}>;tag=${tag}` };
    const final = () => this.next((message) => message.status >= 200 && message.method === 'REGISTER' && message.header('CSeq') === `${this.#cseq} REGISTER`);
    const send = (extra) => {
      this.#cseq += 1;
      this.request('REGISTER', uri, { call, cseq: this.#cseq, to: `<${this.address}>`, contact: `${this.contact};expires=${expires}`, headers: headers + extra });
    };
    send('');
    const first = await final();
    if (first.status !== 401) {
      return first;
    }
    send(this.authorization(first, 'REGISTER', uri));
    return final();
  }

  /** Calls `user`; the INVITE is out and the challenge answered. */
  async call(user, options) {
    const call = new Call(this);
    await call.start(user, options);
    return call;
  }

  /** The next call to this phone, unanswered. */
  async incoming() {
    return new Call(this, await this.next((message) => message.request && message.method === 'INVITE' && !message.header('To').includes('tag=')));
  }

  /** The next message for which `wanted` is true; each is given once, repetitions never. */
  async next(wanted, what = 'such message') {
    const find = async () => {
      for (;;) {
        const index = this.#received.findIndex(wanted);
        if (index >= 0) {
          return this.#received.splice(index, 1)[0];
        }
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    return within(LIMIT_MS, find(), `${this.#user} gets no ${what}`).catch((error) => {
      error.message += `\n${this.#received.map((message) => message.start).join('\n')}`;
      throw error;
    });
  }

  /** Sends a request as it is described. */
  request(method, uri, { call, cseq, to, routes = [], headers = '', body = '', type = 'application/sdp', contact = this.contact, branch = `z9hG4bK${token()}` }) {
    const route = routes.map((one) => `Route: ${one}\r\n`).join('');
    this.#send(
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/${this.#transport.toUpperCase()} ${this.#host};branch=${branch};rport\r\nMax-Forwards: 70\r\n${route}` +
        `From: ${call.local}\r\nTo: ${to}\r\nCall-ID: ${call.callId}\r\nCSeq: ${cseq} ${method}\r\nContact: ${contact}\r\nAllow: ${this.allow}\r\nSupported: path\r\n${headers}` +
        `${body ? `Content-Type: ${type}\r\n` : ''}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  /** Answers `request` in `call`. */
  respond(request, status, { call, headers = '', body = '' }) {
    const copied = ['Via', 'Record-Route'].flatMap((name) => request.all(name).map((value) => `${name}: ${value}\r\n`)).join('');
    const to = request.header('To');
    this.#send(
      `SIP/2.0 ${status}\r\n${copied}From: ${request.header('From')}\r\nTo: ${to.includes('tag=') ? to : call.local}\r\n` +
        `Call-ID: ${request.header('Call-ID')}\r\nCSeq: ${request.header('CSeq')}\r\nContact: ${this.contact}\r\nAllow: ${this.allow}\r\n${headers}` +
        `${body ? 'Content-Type: application/sdp\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  authorization(challenge, method, uri) {
    const value = challenge.header('WWW-Authenticate');
    const [realm, nonce] = ['realm', 'nonce'].map((name) => new RegExp(`${name}="([^"]*)"`).exec(value)[1]);
    const cnonce = token();
    const response = md5(`${md5(`${this.#user}:${realm}:${this.#password}`)}:${nonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
    return `Authorization: Digest username="${this.#user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="${cnonce}"\r\n`;
  }

  #take(text) {
    this.#arrived += 1;
    // Whatever strays here from another program is no message either.
    if (!/^(SIP\/2\.0 |[A-Z]+ [a-z]+:)/.test(text) || (this.loseEach > 0 && this.#arrived % this.loseEach === 0)) {
      return;
    }
    const message = parse(text);
    const key = [message.start, branchOf(message), message.header('CSeq'), message.header('To'), message.header('RSeq')].join(' ');
    if (this.#seen.has(key)) {
      return;
    }
    this.#seen.add(key);
    if (this.handler(message)) {
      return;
    }
    this.#received.push(message);
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  async #bindUdp(address) {
    const [host, port] = address.split(':');
    const socket = createSocket('udp4').unref();
    socket.on('message', (data) => this.#take(data.toString()));
    this.#send = (text) => socket.send(text, Number(port), host);
    this.#close = () => socket.close();
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    this.#host = `127.0.0.1:${socket.address().port}`;
  }

  async #connectWebSocket(scheme, address, ca) {
    const socket = new WebSocket(`${scheme}://${address}/`, 'sip', { ca });
    socket.on('message', (data) => this.#take(data.toString()));
    this.#send = (text) => socket.send(text);
    this.#close = () => socket.terminate();
    socket.once('upgrade', (response) => response.socket.unref());
    await once(socket, 'open');
  }

  async #connectStream(address, secure) {
    const [host, port] = address.split(':');
    const socket = secure ? tls.connect({ host, port: Number(port), ...secure }) : net.connect({ host, port: Number(port) });
    let waiting = '';
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      waiting = (waiting + data).replace(/^[\r\n]+/, '');
      for (let end = waiting.indexOf('\r\n\r\n'); end >= 0; end = waiting.indexOf('\r\n\r\n')) {
        const size = end + 4 + Number(/^Content-Length\s*:\s*(\d+)/im.exec(waiting.slice(0, end + 2))[1]);
        if (waiting.length < size) {
          return;
        }
        this.#take(waiting.slice(0, size));
        waiting = waiting.slice(size).replace(/^[\r\n]+/, '');
      }
    });
    this.#send = (text) => socket.write(text);
    this.#close = () => socket.destroy();
    await once(socket, secure ? 'secureConnect' : 'connect');
    socket.unref();
  }
}
