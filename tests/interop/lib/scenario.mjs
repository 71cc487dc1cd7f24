// Writes SIPp scenarios: the steps of a caller or of an answerer, for Sipp.start().
const SDP = (direction) => `v=0
o=sipp 1 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
a=${direction}`;

/** An SDP body with this direction. */
export const sdp = (direction = 'sendrecv') => ({ type: 'application/sdp', text: SDP(direction) });

const content = (body) => (body ? `Content-Type: ${body.type}\nContent-Length: [len]\n\n${body.text}\n` : 'Content-Length: 0\n\n');
const lines = (headers) => headers.map((line) => `${line}\n`).join('');
const message = (text, retrans) => `<send${retrans ? ' retrans="500"' : ''}><![CDATA[\n${text}\n]]></send>`;
const VIA = 'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport';

/** Fails the call unless the header or the body ("hdr:RSeq:", "msg") matches; keeps what the bracket matched as `name`. */
const match = (what, pattern, name) => {
  const where = what.startsWith('hdr:') ? `search_in="hdr" header="${what.slice(4)}"` : 'search_in="msg"';
  return `<ereg regexp="${pattern}" ${where} check_it="true" assign_to="${name ? `whole_${name},${name}` : 'ignored'}"/>`;
};

function receive(attributes, { rrs = false, matches = [], optional = false, auth = false, patience = 15_000 } = {}) {
  const action = matches.length ? `<action>${matches.map((one) => match(...one)).join('')}</action>` : '';
  return `<recv ${attributes} timeout="${patience}"${rrs ? ' rrs="true"' : ''}${optional ? ' optional="true"' : ''}${auth ? ' auth="true"' : ''}>${action}</recv>`;
}

/** The next response, which has to have this status. */
export const response = (status, options) => receive(`response="${status}"`, options);
/** The next request, which has to have this method. */
export const request = (method, options) => receive(`request="${method}"`, options);
/** Answers the request that came last. */
export const answer = (status, { headers = [], body } = {}) =>
  message(`SIP/2.0 ${status}\n[last_Via:]\n[last_From:]\n[last_To:]\n[last_Call-ID:]\n[last_CSeq:]\nContact: <sip:[local_ip]:[local_port];transport=[transport]>\n${lines(headers)}${content(body)}`);

const CALLER = { from: 'From: <sip:[service]@[remote_ip]:[remote_port]>;tag=[pid]caller[call_number]', to: 'To: <sip:[callee]@[remote_ip]:[remote_port]>' };

export const caller = {
  /** A request outside a dialog, or in one when `inDialog`. */
  send(method, cseq, { headers = [], body, inDialog = true, uri, branch, forwards = 70 } = {}) {
    const via = branch ? VIA.replace('[branch]', branch) : VIA;
    const target = uri ?? (inDialog ? '[next_url]' : 'sip:[callee]@[remote_ip]:[remote_port]');
    return message(
      `${method} ${target} SIP/2.0\n${via}\nMax-Forwards: ${forwards}\n${CALLER.from}\n${CALLER.to}${inDialog ? '[peer_tag_param]' : ''}\n` +
        `Call-ID: [call_id]\nCSeq: ${cseq} ${method}\nContact: <sip:[service]@[local_ip]:[local_port];transport=[transport]>\n${lines(headers)}${content(body)}`,
      method !== 'ACK',
    );
  },
  /** INVITE with CSeq `first`, and with the next one after the challenge to it. */
  invite({ first = 1, headers = [], body = sdp(), forwards = 70 } = {}) {
    const send = (cseq, more) => caller.send('INVITE', cseq, { inDialog: false, headers: [...headers, ...more], body, forwards });
    const trying = response(100, { optional: true });
    return [send(first, []), trying, response(401, { auth: true }), caller.acknowledgeRefusal(first), send(first + 1, ['[authentication]']), trying];
  },
  /** ACK for a refusal; `back` steps lie between the INVITE and this one. */
  acknowledgeRefusal(cseq, back = 3) {
    return caller.send('ACK', cseq, { uri: 'sip:[callee]@[remote_ip]:[remote_port]', branch: `[branch-${back}]` });
  },
};

const INVITE_FIELDS = ['Via', 'From', 'To', 'CSeq'];

export const callee = {
  /** The INVITE, which the later steps answer. */
  invited(matches = []) {
    return receive('request="INVITE"', { rrs: true, matches: [...INVITE_FIELDS.map((name) => [`hdr:${name}:`, '(.*)', name]), ...matches] });
  },
  /** Answers the INVITE. */
  reply(status, { headers = [], body } = {}) {
    return message(
      `SIP/2.0 ${status}\nVia:[$Via]\nFrom:[$From]\nTo:[$To];tag=[pid]callee[call_number]\n[last_Call-ID:]\nCSeq:[$CSeq]\n` +
        `Contact: <sip:[local_ip]:[local_port];transport=[transport]>\nAllow: INVITE, ACK, CANCEL, BYE, UPDATE, INFO, PRACK\n${lines(headers)}${content(body)}`,
      status.startsWith('200'),
    );
  },
  /** A request of its own in the dialog. */
  send(method, cseq, { headers = [], body } = {}) {
    return message(
      `${method} [next_url] SIP/2.0\n${VIA}\nMax-Forwards: 70\nFrom:[$To];tag=[pid]callee[call_number]\nTo:[$From]\nCall-ID: [call_id]\nCSeq: ${cseq} ${method}\n` +
        `Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n${lines(headers)}${content(body)}`,
      method !== 'ACK',
    );
  },
};

/** A scenario of these steps. */
export function scenario(name, ...steps) {
  const body = steps.flat().join('\n');
  // SIPp refuses a variable that is used once only.
  const variables = [...new Set([...body.matchAll(/assign_to="([^"]+)"/g)].flatMap(([, list]) => list.split(',')))];
  const reference = variables.length ? `<Reference variables="${variables.join(',')}"/>` : '';
  return { name, xml: `<?xml version="1.0" encoding="ISO-8859-1" ?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="${name}">\n${body}\n${reference}\n</scenario>\n` };
}
