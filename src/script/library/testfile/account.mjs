// The account line of `uanew`: who the agent is and how it behaves.
import { aliasOf } from './target.mjs';
import { SyntaxProblem } from './problems.mjs';
import { similar } from '../similar.mjs';

const TRANSPORTS = ['udp', 'tcp', 'tls', 'ws', 'wss'];
const DEFAULT_REGISTRATION_S = 3600;
const SOUND_SHORTCUT = /(^|[\s;])(?:input_)?wav=([^\s;/]+)(?:\/[^\s;]*)?/gi;

/** `input_wav=F` → `audio_source=aufile,<path of F>`, in commands that create an agent only. */
export function expandSounds(command, soundPath) {
  if (!/^uanew\s/i.test(command)) return command;
  return command.replace(SOUND_SHORTCUT, (_, before, file) => `${before === '' || before.trim() === '' ? ';' : before}audio_source=aufile,${soundPath(file)}`);
}

function whole(name, value, least = 0) {
  if (!/^\d+$/.test(value) || Number(value) < least) throw new SyntaxProblem(`${name}=${value} is not a number`);
  return Number(value);
}

function oneOf(name, value, allowed) {
  const choice = allowed.find((candidate) => candidate === value.toLowerCase());
  if (choice === undefined) throw new SyntaxProblem(`${name}=${value}: it is one of ${allowed.join(', ')}`, { suggestion: similar(value, allowed) });
  return choice;
}

const yesNo = (name, value) => oneOf(name, value, ['yes', 'no']) === 'yes';

/** `aufile,/a.wav`, `ausine,440` */
export function parseSource(value) {
  const comma = value.indexOf(',');
  const driver = (comma < 0 ? value : value.slice(0, comma)).trim().toLowerCase();
  const device = comma < 0 ? '' : value.slice(comma + 1).trim();
  if (driver === 'aufile') {
    if (device === '') throw new SyntaxProblem('aufile needs a file');
    return { kind: 'file', path: device };
  }
  if (driver === 'ausine') return { kind: 'tone', hz: device === '' ? 440 : whole('ausine', device, 1) };
  if (driver === 'silence' || driver === 'nosound') return { kind: 'silence' };
  throw new SyntaxProblem(`agents have no sound devices, so ${driver} does not work; there are aufile,FILE and ausine,HERTZ`);
}

const ANSWER_MODES = { manual: 'manual', early: 'early', auto: 'auto', 'early-audio': 'early', 'early-video': 'early' };
const ENCRYPTIONS = ['srtp', 'srtp-mand', 'srtp-mandf', 'dtls_srtp'];

export function answerMode(value) {
  return ANSWER_MODES[oneOf('answermode', value, Object.keys(ANSWER_MODES))];
}

/** Parameter → what it sets. */
const PARAMETERS = {
  auth_user: (value) => ({ authUser: value }),
  auth_pass: (value) => ({ password: value }),
  regint: (value) => ({ regint: whole('regint', value) }),
  outbound: (value) => ({ outbound: value }),
  mediaenc: (value) => ({ mediaEncryption: oneOf('mediaenc', value, ENCRYPTIONS) }),
  audio_codecs: (value) => ({ codecs: value.split(',').map((codec) => codec.split('/')[0].trim().toLowerCase()).filter(Boolean) }),
  audio_source: (value) => ({ source: parseSource(value) }),
  ptime: (value) => ({ ptime: whole('ptime', value, 1) }),
  rtcp_mux: (value) => ({ rtcpMux: yesNo('rtcp_mux', value) }),
  answermode: (value) => ({ answerMode: answerMode(value) }),
  answerdelay: (value) => ({ answerDelay_ms: whole('answerdelay', value) }),
  dtmfmode: (value) => ({ dtmfMode: oneOf('dtmfmode', value, ['rtpevent', 'info', 'auto']) }),
  '100rel': (value) => ({ reliable: oneOf('100rel', value, ['yes', 'no', 'required']) }),
  mwi: (value) => ({ mwi: yesNo('mwi', value) }),
  stunserver: (value) => ({ stunServer: value.replace(/^stun:/i, '') }),
  medianat: (value) => ({ mediaNat: oneOf('medianat', value, ['stun', 'ice']) }),
  catchall: (value) => ({ catchAll: yesNo('catchall', value) }),
  sip_autoredirect: (value) => ({ autoRedirect: yesNo('sip_autoredirect', value) }),
};

/** Known, and without effect here: the engine has its own way, or there is nothing to set. */
const WITHOUT_EFFECT = new Set([
  'audio_player', 'autelev_pt', 'call_transfer', 'cert', 'check_origin', 'extra', 'fbregint', 'inreq_allowed', 'natpinhole', 'outbound2', 'prio',
  'pubint', 'regq', 'rwait', 'sip_autoanswer', 'sip_autoanswer_beep', 'sipnat', 'stunpass', 'stunuser', 'tcpsrcport', 'uas_pass', 'uas_user',
  'video_codecs', 'video_display', 'video_source', 'vidsrc',
]);

const known = (name) => WITHOUT_EFFECT.has(name) || Object.hasOwn(PARAMETERS, name);

const PAIR = /\s*([^=;]*?)\s*(?:=\s*(?:"([^"]*)"\s*(?=;|$)|([^;]*)))?(?:;|$)/y;

/** `a=1;b;c="x;y"` → [['a', '1'], ['b', undefined], ['c', 'x;y']] */
function pairs(text) {
  const found = [];
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < text.length) {
    const [, name, quoted, plain] = PAIR.exec(text);
    if (name !== '') found.push([name.toLowerCase(), quoted ?? plain?.trim()]);
  }
  return found;
}

/** `"Name" <sip:user@host;transport=tcp>;parameters`, or the same without the brackets. */
function dismantle(text) {
  const bracketed = /^\s*(?:"([^"]*)"|([^<"]*?))\s*<([^>]*)>(.*)$/s.exec(text);
  if (bracketed) return { displayName: bracketed[1] ?? (bracketed[2] || undefined), uri: bracketed[3], tail: bracketed[4] };
  const plain = /^\s*([^;\s]+)(.*)$/s.exec(text);
  return { uri: plain?.[1] ?? '', tail: plain?.[2] ?? '' };
}

function parseUri(uri) {
  const [address, ...parameters] = uri.split(';');
  const match = /^sips?:(?:([^@:]+)(?::([^@]*))?@)?(\[[^\]]+\](?::\d+)?|[^@\s]+)$/i.exec(address.trim());
  if (!match || match[1] === undefined) throw new SyntaxProblem('uanew needs an account such as <sip:alice@127.0.0.1>;auth_pass=…');
  const secure = /^sips:/i.test(address);
  const set = { username: match[1], password: match[2], domain: match[3], transport: secure ? 'tls' : 'udp', uriParameters: {} };
  for (const [name, value = ''] of pairs(parameters.join(';'))) {
    if (name === 'transport') set.transport = oneOf('transport', value, TRANSPORTS);
    else set.uriParameters[name] = value;
  }
  return set;
}

function checkAlias(alias) {
  if (/[/\\\s]|\.\.|^\./.test(alias)) throw new SyntaxProblem(`an agent cannot be named ${alias}: no /, \\, blank, "..", or dot in front`);
  return alias;
}

function setParameter(account, [name, value], previous) {
  if (previous === 'auth_pass' && !known(name)) {
    // What follows may be the rest of the password, so it is not quoted.
    throw new SyntaxProblem('behind auth_pass=… there is no parameter; a password cannot hold a `;`');
  }
  if (WITHOUT_EFFECT.has(name)) {
    account.withoutEffect.push(name);
  } else if (!Object.hasOwn(PARAMETERS, name)) {
    const suggestion = similar(name, [...Object.keys(PARAMETERS), 'input_wav']);
    throw new SyntaxProblem(`there is no account parameter ${name}`, { suggestion });
  } else if (value === undefined) {
    throw new SyntaxProblem(`${name} needs a value`);
  } else {
    Object.assign(account.options, PARAMETERS[name](value));
  }
}

/** {alias, options, withoutEffect}: `options` are those of the host's createPhone. Throws a SyntaxProblem, without the password in it. */
export function parseAccount(text) {
  const { displayName, uri, tail } = dismantle(text);
  const stray = tail.split(';')[0];
  if (stray.trim() !== '') throw new SyntaxProblem('behind the account there may be parameters only, each behind a `;`');
  const fields = parseUri(uri);
  const alias = aliasOf(uri).replace(/^(sips?:[^:@]+):[^@]*@/i, '$1@');
  const account = { alias: checkAlias(alias), options: { displayName, regint: DEFAULT_REGISTRATION_S, ...fields }, withoutEffect: [] };
  let previous;
  for (const pair of pairs(tail)) {
    setParameter(account, pair, previous);
    [previous] = pair;
  }
  return account;
}
