// A phone of a few lines over WebSocket or TLS, as a web page or a simple device would be: no listening port, a Contact that leads nowhere.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import tls from 'node:tls';
import { createRequire } from 'node:module';
import { within } from '../../e2e/lib/server.mjs';

// The package is installed for the end-to-end tests.
const { WebSocket } = createRequire(new URL('../../e2e/package.json', import.meta.url))('ws');

const LIMIT_MS = 10_000;
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n';

const md5 = (text) => createHash('md5').update(text).digest('hex');
const token = () => randomBytes(8).toString('hex');

function parse(text) {
  const [head, body] = text.split(/\r\n\r\n([^]*)/);
  const [start, ...lines] = head.split('\r\n');
  const headers = lines.map((line) => /^([^:]+?)\s*:\s*(.*)$/.exec(line).slice(1));
  const all = (name) => headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
  const status = Number(/^SIP\/2\.0 (\d+)/.exec(start)?.[1] ?? 0);
  return { text, start, status, method: status ? undefined : start.split(' ')[0], uri: start.split(' ')[1], all, header: (name) => all(name)[0], body };
}

export class StreamPhone {
  #send;
  #close;
  #transport;
  #received = [];
  #waiting = [];
  #user;
  #password;
  #domain;
  #cseq = 0;
  #host = `${token()}.invalid`;
  #tag = token();

  /** Connects to `address` ("127.0.0.1:5061") over "ws", "wss" or "tls"; certificates are checked with `ca`. */
  static async connect(transport, address, { user, password, domain, ca, servername }) {
    const phone = new StreamPhone();
    phone.#transport = transport.toUpperCase();
    phone.#user = user;
    phone.#password = password;
    phone.#domain = domain;
    await within(LIMIT_MS, transport === 'tls' ? phone.#connectTls(address, ca, servername) : phone.#connectWebSocket(transport, address, ca), 'no connection');
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

  get contact() {
    return `<sip:${this.#user}@${this.#host};transport=${this.#transport === 'TLS' ? 'tls' : 'ws'}>`;
  }

  /** REGISTER, with the answer to its challenge; gives the final response. */
  async register(expires = 600) {
    const callId = token();
    const uri = `sip:${this.#domain}`;
    const send = (extra) => this.#request('REGISTER', uri, { callId, to: `<sip:${this.#user}@${this.#domain}>`, extra: `Contact: ${this.contact};expires=${expires}\r\n${extra}` });
    send('');
    const challenge = await this.next((message) => message.status >= 200);
    send(this.#authorization(challenge, 'REGISTER', uri));
    return this.next((message) => message.status >= 200);
  }

  /** Calls `user` and acknowledges; gives what `hangUp` needs. */
  async call(user) {
    const callId = token();
    const uri = `sip:${user}@${this.#domain}`;
    const send = (extra) => this.#request('INVITE', uri, { callId, to: `<${uri}>`, extra: `Contact: ${this.contact}\r\n${extra}`, body: SDP });
    const final = (message) => message.status >= 200 && message.header('CSeq').includes('INVITE');
    send('');
    const challenge = await this.next(final);
    this.#request('ACK', uri, { callId, to: challenge.header('To'), cseq: this.#cseq, branch: /branch=([^;]+)/.exec(challenge.header('Via'))[1] });
    send(this.#authorization(challenge, 'INVITE', uri));
    const accepted = await this.next(final);
    const call = { callId, to: accepted.header('To'), target: /<([^>]+)>/.exec(accepted.header('Contact'))?.[1], status: accepted.status };
    if (call.status === 200) {
      this.#request('ACK', call.target, { ...call, cseq: this.#cseq });
    }
    return call;
  }

  async hangUp({ callId, to, target }) {
    this.#request('BYE', target, { callId, to });
    return this.next((message) => message.status >= 200 && message.header('CSeq').includes('BYE'));
  }

  /** Answers the next call; resolves with its INVITE once it is acknowledged. */
  async answer() {
    const invite = await this.next((message) => message.method === 'INVITE');
    this.#respond(invite, '180 Ringing');
    this.#respond(invite, '200 OK', SDP);
    await this.next((message) => message.method === 'ACK');
    return invite;
  }

  /** Answers the next request of this method with 200. */
  async accept(method) {
    const request = await this.next((message) => message.method === method);
    this.#respond(request, '200 OK');
    return request;
  }

  /** The next message for which `wanted` is true; each is given once. */
  async next(wanted) {
    const find = async () => {
      for (;;) {
        const index = this.#received.findIndex(wanted);
        if (index >= 0) {
          return this.#received.splice(index, 1)[0];
        }
        await new Promise((resolve) => this.#waiting.push(resolve));
      }
    };
    return within(LIMIT_MS, find(), `${this.#user} gets no such message`).catch((error) => {
      error.message += `\n${this.#received.map((message) => message.start).join('\n')}`;
      throw error;
    });
  }

  #request(method, uri, { callId, to, extra = '', body = '', cseq = ++this.#cseq, branch = `z9hG4bK${token()}` }) {
    this.#send(
      `${method} ${uri} SIP/2.0\r\nVia: SIP/2.0/${this.#transport} ${this.#host};branch=${branch}\r\nMax-Forwards: 70\r\n` +
        `From: <sip:${this.#user}@${this.#domain}>;tag=${this.#tag}\r\nTo: ${to}\r\nCall-ID: ${callId}\r\nCSeq: ${cseq} ${method}\r\n${extra}` +
        `${body ? 'Content-Type: application/sdp\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  #respond(request, status, body = '') {
    const to = request.header('To');
    const vias = request.all('Via').map((via) => `Via: ${via}\r\n`).join('');
    this.#send(
      `SIP/2.0 ${status}\r\n${vias}From: ${request.header('From')}\r\nTo: ${to.includes('tag=') ? to : `${to};tag=${this.#tag}`}\r\n` +
        `Call-ID: ${request.header('Call-ID')}\r\nCSeq: ${request.header('CSeq')}\r\nContact: ${this.contact}\r\n` +
        `${body ? 'Content-Type: application/sdp\r\n' : ''}Content-Length: ${body.length}\r\n\r\n${body}`,
    );
  }

  #authorization(challenge, method, uri) {
    const value = challenge.header('WWW-Authenticate');
    const [realm, nonce] = ['realm', 'nonce'].map((name) => new RegExp(`${name}="([^"]*)"`).exec(value)[1]);
    const cnonce = token();
    const response = md5(`${md5(`${this.#user}:${realm}:${this.#password}`)}:${nonce}:00000001:${cnonce}:auth:${md5(`${method}:${uri}`)}`);
    return `Authorization: Digest username="${this.#user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="${cnonce}"\r\n`;
  }

  #take(text) {
    this.#received.push(parse(text));
    this.#waiting.splice(0).forEach((resolve) => resolve());
  }

  async #connectWebSocket(scheme, address, ca) {
    const socket = new WebSocket(`${scheme}://${address}/`, 'sip', { ca });
    socket.on('message', (data) => this.#take(data.toString()));
    this.#send = (text) => socket.send(text);
    this.#close = () => socket.terminate();
    await once(socket, 'open');
  }

  async #connectTls(address, ca, servername) {
    const [host, port] = address.split(':');
    const socket = tls.connect({ host, port: Number(port), ca, servername });
    let waiting = '';
    socket.setEncoding('latin1');
    socket.on('data', (data) => {
      waiting += data;
      for (let end = waiting.indexOf('\r\n\r\n'); end >= 0; end = waiting.indexOf('\r\n\r\n')) {
        const size = end + 4 + Number(/^Content-Length\s*:\s*(\d+)/im.exec(waiting.slice(0, end + 2))[1]);
        if (waiting.length < size) {
          return;
        }
        this.#take(waiting.slice(0, size));
        waiting = waiting.slice(size);
      }
    });
    this.#send = (text) => socket.write(text);
    this.#close = () => socket.destroy();
    await once(socket, 'secureConnect');
  }
}
