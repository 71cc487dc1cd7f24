// What `new Agent(name, {…})` takes, and what the native side gets of it.
import { similar } from '../similar.mjs';
import { milliseconds } from './time.mjs';

const text = (value) => typeof value === 'string';
const flag = (value) => typeof value === 'boolean';
const map = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const seconds = (value) => Number.isSafeInteger(Number(value)) && Number(value) >= 0 && Number(value) <= 86_400 && typeof value !== 'boolean';
const kTlsKeys = { ca: text, certificate: text, key: text, verify: flag };
/** What of `tls` is wrong; undefined: nothing. */
function tlsProblem(value) {
  if (!map(value)) {
    return 'has to be an object: { ca: "authority.pem", certificate: "chain.pem", key: "key.pem", verify: true }';
  }
  for (const [key, given] of Object.entries(value)) {
    if (!(key in kTlsKeys)) {
      const near = similar(key, Object.keys(kTlsKeys));
      return `has no ${key}; there are ca, certificate, key and verify${near === undefined ? '' : `. Did you mean ${near}?`}`;
    }
    if (!kTlsKeys[key](given)) {
      return `: ${key} has to be ${key === 'verify' ? 'true or false' : 'the path of a PEM file'}`;
    }
  }
  return (value.certificate === undefined) === (value.key === undefined) ? undefined : 'needs certificate and key together: a client certificate is of no use without its key';
}
const oneOf = (...values) => ({ check: (value) => values.includes(value), wants: `one of ${values.map((value) => `"${value}"`).join(', ')}` });

/** Each key: what it may be, and how that reads in an error. */
export const kAgentKeys = {
  username: { check: text, wants: 'a string', required: true },
  domain: {
    check: text,
    wants: 'a string',
    required: true,
    problem: (value) => (/^[\da-f.]*:[\da-f.]*:[\da-f:.]*$/i.test(value) ? `"${value}" is an IPv6 address: it stands in brackets, "[::1]" or "[::1]:5060"` : undefined)
  },
  password: { check: text, wants: 'a string' },
  displayName: { check: text, wants: 'a string' },
  transport: oneOf('udp', 'tcp', 'tls', 'ws', 'wss'),
  tls: { problem: tlsProblem },
  authUser: { check: text, wants: 'a string' },
  outbound: { check: text, wants: 'a SIP URI such as "sip:proxy.example.com;transport=tcp"' },
  stunServer: { check: text, wants: 'a name or an address, such as "stun.example.com" or "192.0.2.1:3478"' },
  mediaEnc: oneOf('', 'none', 'srtp', 'srtp-mand', 'srtp-mandf', 'dtls_srtp'),
  ice: { ...oneOf('lite', 'none'), problem: (value) => (value === true || value === 'full' ? 'cannot be done in full yet: agents answer the checks of others, ice: "lite", and make none of their own' : undefined) },
  regint: { check: seconds, wants: 'a whole number of seconds, 0 to 86400' },
  mwi: { check: flag, wants: 'true or false' },
  dtmfMode: oneOf('', 'auto', 'info', 'rtpevent', 'inband'),
  headers: { check: map, wants: 'an object of names and values' },
  deflectTo: { check: (value) => text(value) || typeof value === 'object', wants: 'a URI, a number or an agent' },
  metadata: { check: map, wants: 'an object' },
  codecs: { check: (value) => Array.isArray(value) && value.length > 0 && value.every(text), wants: 'an array of names, such as ["opus", "PCMA"]' },
  answer: oneOf('manual', 'auto'),
  maxCalls: { check: (value) => seconds(value) && value > 0, wants: 'a whole number from 1' },
  followRedirects: { check: flag, wants: 'true or false' },
  listen: { check: text, wants: 'an address of this machine, such as "127.0.0.1:5070"' },
  rtpTimeout: { check: (value) => seconds(value) || text(value), wants: 'seconds, or a duration such as "10s"' }
};

const camel = (key) => key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** The options with their names as above. Errors name the agent and the key. */
export function readAgentOptions(name, config, defaults) {
  if (typeof name !== 'string' || name === '') {
    throw new Error('An agent needs a name: new Agent("A", {…})');
  }
  if (!map(config ?? {})) {
    throw new Error(`agent ${name}: its options are an object: new Agent("${name}", { username: "alice", domain: "example.com" })`);
  }
  const options = { ...defaults };
  for (const [written, value] of Object.entries(config ?? {})) {
    const key = camel(written);
    const known = kAgentKeys[key];
    if (known === undefined) {
      const near = similar(key, Object.keys(kAgentKeys));
      throw new Error(`agent ${name}: unknown config key ${written}${near === undefined ? '' : `; did you mean ${near}?`}`);
    }
    if (value === undefined || value === null) {
      continue;
    }
    const problem = known.problem?.(value);
    if (problem !== undefined) {
      throw new Error(`agent ${name}: ${written} ${problem}`.replace(' : ', ': '));
    }
    if (known.check?.(value) === false) {
      throw new Error(`agent ${name}: ${written} has to be ${known.wants}`);
    }
    options[key] = value;
  }
  for (const [key, known] of Object.entries(kAgentKeys)) {
    if (known.required && !options[key]) {
      throw new Error(`agent ${name}: ${key} is required`);
    }
  }
  return options;
}

const kToken = /^[A-Za-z0-9\-.!%*_+`'~]+$/;

/** Pairs of name and value; a value that is an array stands for as many fields. */
export function headerPairs(headers) {
  const pairs = [];
  for (const [name, value] of Object.entries(headers ?? {})) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (!kToken.test(name)) {
        throw new Error(`"${name}" is no name of a header field (RFC 3261 §25.1)`);
      }
      if (/[\r\n\0]/.test(String(one))) {
        throw new Error(`The value of header field ${name} holds a line end; it has to be one line`);
      }
      pairs.push([name, String(one)]);
    }
  }
  return pairs;
}

const kSecurity = { srtp: 'srtp', 'srtp-mand': 'srtp-mand', 'srtp-mandf': 'srtp-mand', dtls_srtp: 'dtls_srtp' };

/** For the native side. */
export function nativeOptions(name, options, record) {
  const limit = options.rtpTimeout ?? 0;
  return {
    name,
    username: options.username,
    domain: options.domain,
    password: options.password ?? '',
    auth_user: options.authUser ?? '',
    display_name: options.displayName ?? '',
    transport: options.transport ?? 'udp',
    outbound: options.outbound ?? '',
    stun_server: options.stunServer ?? '',
    tls: options.tls ?? {},
    ice: options.ice === 'lite',
    encryption: kSecurity[options.mediaEnc] ?? '',
    expires: Number(options.regint ?? 3600),
    keys: options.dtmfMode ?? '',
    headers: headerPairs(options.headers),
    codecs: options.codecs ?? [],
    answer: options.answer ?? 'manual',
    max_calls: Number(options.maxCalls ?? 4),
    follow_redirects: options.followRedirects ?? true,
    listen: options.listen ?? '',
    mwi: options.mwi ?? false,
    rtp_timeout_s: typeof limit === 'string' ? Math.round(milliseconds(limit) / 1000) : Number(limit),
    record: record.folder,
    record_layout: record.layout
  };
}
