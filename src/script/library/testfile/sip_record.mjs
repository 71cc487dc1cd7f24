// SIP messages and log lines as events.

const LONG = {
  a: 'Accept-Contact', b: 'Referred-By', c: 'Content-Type', d: 'Request-Disposition', e: 'Content-Encoding', f: 'From', i: 'Call-ID', j: 'Reject-Contact',
  k: 'Supported', l: 'Content-Length', m: 'Contact', o: 'Event', r: 'Refer-To', s: 'Subject', t: 'To', u: 'Allow-Events', v: 'Via', x: 'Session-Expires',
  y: 'Identity',
};
const SPELLED = { 'call-id': 'Call-ID', cseq: 'CSeq', 'www-authenticate': 'WWW-Authenticate', 'mime-version': 'MIME-Version', rack: 'RAck', rseq: 'RSeq' };

const two = (number) => String(number).padStart(2, '0');

/** `HH:MM:SS.mmm` of the clock on the wall. */
export function clock(time) {
  const date = new Date(time);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/** One spelling for each header, so that scripts need not know how a peer writes it. */
export function headerName(name) {
  const lower = name.toLowerCase();
  if (Object.hasOwn(LONG, lower)) return LONG[lower];
  if (Object.hasOwn(SPELLED, lower)) return SPELLED[lower];
  return lower.replace(/(^|-)([a-z])/g, (_, hyphen, letter) => hyphen + letter.toUpperCase());
}

function parseHeaders(lines) {
  const headers = {};
  let last;
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && last !== undefined) {
      headers[last] += ` ${line.trim()}`;
    } else if (colon > 0) {
      last = headerName(line.slice(0, colon).trim());
      const value = line.slice(colon + 1).trim();
      headers[last] = Object.hasOwn(headers, last) ? `${headers[last]}, ${value}` : value;
    }
  }
  return headers;
}

/** What scripts get beside the text: `method` of the request, or of the one that is answered, `status` of an answer, `callId`, `headers`, `body`. */
export function parseSip(text) {
  const end = /\r?\n\r?\n/.exec(text);
  const head = end ? text.slice(0, end.index) : text;
  const [first, ...lines] = head.split(/\r?\n/);
  const headers = parseHeaders(lines);
  const status = /^SIP\/2\.0 (\d{3})/.exec(first);
  const method = status ? headers.CSeq?.split(/\s+/)[1] : first.split(' ')[0];
  const fields = { method, callId: headers['Call-ID'], headers, body: end ? text.slice(end.index + end[0].length) : '' };
  return status ? { ...fields, status: Number(status[1]) } : fields;
}

export function sipParam({ direction, transport, source, destination, text }, time) {
  return `${clock(time)}|${direction === 'sent' ? 'TX' : 'RX'}\n${String(transport).toUpperCase()} ${source} -> ${destination}\n${text}\n`;
}

export function sipExtras(event) {
  const { transport, source, destination, direction, text } = event;
  return { direction: direction === 'sent' ? 'OUT' : 'IN', transport: String(transport).toUpperCase(), source, destination, ...parseSip(text) };
}

export const logParam = (text, time) => `${clock(time)}|${text}\n`;

const row = (name, tx, rx, unit = '') => `${name.padEnd(15)}${String(tx).padStart(8)}      ${String(rx).padStart(8)}${unit === '' ? '' : `  (${unit})`}`;

/** The tables that baresip logs when a call ends, of what the host counted: `statistics` {tx, rx: {packets, kbps, errors}}, and of the last RTCP. */
export function statisticsTables({ statistics }, rtcp) {
  if (statistics === undefined) return [];
  const { tx, rx } = statistics;
  const counted = [
    'audio            Transmit:     Receive:',
    row('packets:', tx.packets, rx.packets),
    row('avg. bitrate:', tx.kbps.toFixed(1), rx.kbps.toFixed(1), 'kbit/s'),
    row('errors:', tx.errors ?? 0, rx.errors ?? 0),
  ];
  if (rtcp === undefined) return [counted.join('\n')];
  const ms = ({ jit }) => (jit / 1000).toFixed(1);
  const reported = [
    row('pkt.report:', rtcp.tx.sent, rtcp.rx.sent),
    row('lost:', rtcp.tx.lost, rtcp.rx.lost),
    row('jitter:', ms(rtcp.tx), ms(rtcp.rx), 'ms'),
  ];
  return [counted.join('\n'), reported.join('\n')];
}
