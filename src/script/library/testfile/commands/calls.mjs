// Commands that make, take and end calls.
import { fail, choice, directionAndCall, nothing, optionalCall, wordsOf } from './parameters.mjs';

function dialParameters(usage) {
  return (params) => {
    // A display name may hold blanks: "Bob B" <sip:bob@host>
    const named = /^(?:"[^"]*"|[^<"]*)\s*<[^>]+>/.exec(params);
    const [target, ...rest] = named ? [named[0], ...wordsOf(params.slice(named[0].length).trim())] : wordsOf(params);
    if (target === undefined) fail(usage);
    return { target, rest };
  };
}

function dialArguments(params) {
  const { target, rest } = dialParameters(DIAL)(params);
  const userdata = rest.find((word) => word.startsWith('userdata='))?.slice('userdata='.length);
  const others = rest.filter((word) => !word.startsWith('userdata=') && !/^\d+$/.test(word));
  if (others.length > 0) fail(DIAL);
  return { target, userdata };
}

function dialdirArguments(params) {
  const { target, rest } = dialParameters(DIALDIR)(params);
  const args = directionAndCall(rest, DIALDIR);
  if (args.direction === undefined) fail(DIALDIR);
  return { target, ...args };
}

function dial(agent, { target, direction, userdata }) {
  const options = { headers: agent.answerHeaders };
  if (direction !== undefined) options.direction = direction;
  const { call } = agent.phone.dial(agent.uri(target), options);
  agent.select(call);
  const state = agent.mapper.calls.get(call);
  if (state !== undefined && userdata !== undefined) state.userdata = userdata;
  return { detail: agent.uri(target) };
}

function accept(agent, { id, direction }) {
  const { call } = agent.ringing(id);
  agent.select(call);
  agent.phone.accept(call, direction === undefined ? {} : { direction });
}

const rings = (call) => call.direction === 'incoming' && call.state === 'incoming';

function end(agent, call, { scode, reason } = {}) {
  if (reason !== undefined) call.givenReason = reason;
  if (rings(call)) agent.phone.reject(call.call, scode ?? 486, reason ?? (scode === undefined ? 'Busy Here' : undefined));
  else agent.phone.hangup(call.call, { code: scode, reason });
}

function hangupArguments(params) {
  const args = {};
  for (const word of wordsOf(params)) {
    const [, key, value] = /^(scode|reason)=(.+)$/i.exec(word) ?? [];
    if (key === undefined && args.id === undefined && !word.includes('=') && args.scode === undefined && args.reason === undefined) {
      args.id = word;
    } else if (key?.toLowerCase() === 'scode' && /^[4-6]\d\d$/.test(value)) {
      args.scode = Number(value);
    } else if (key?.toLowerCase() === 'reason') {
      args.reason = value;
    } else if (args.reason === undefined) {
      // The reason ends at the first blank; what is behind it never counted.
      fail(HANGUP);
    }
  }
  return args;
}

/** A call that has ended meanwhile needs no end: files hang up on both sides to be sure. One that never was is a mistake. */
function hangup(agent, args, context) {
  const plain = args.id === undefined && args.scode === undefined;
  if (plain && agent.current() === undefined && agent.mapper.last !== undefined) {
    context.log(`${agent.alias}: hangup: the call is over already`, 'warn');
    return;
  }
  end(agent, agent.need(args.id, 'hang up'), args);
}

/** A call that rang when the line was read, and does not any more. */
function endIfThere(agent, call, context) {
  try {
    end(agent, call);
  } catch (error) {
    context.log(`${agent.alias}: hangup: ${error.message}`, 'warn');
  }
}

/** Never fails: it is how files clean up. */
function hangupAll(agent, { which = 'all' }, context) {
  const wanted = { all: undefined, in: 'incoming', out: 'outgoing' }[which];
  for (const call of agent.calls()) {
    if (wanted === undefined || call.direction === wanted) endIfThere(agent, call, context);
  }
}

function selectLine(agent, { number }) {
  const call = agent.calls()[number - 1];
  agent.select(call === undefined ? agent.need(String(number), 'select').call : call.call);
}

const DIAL = 'dial <uri or number> [userdata=text]';
const DIALDIR = 'dialdir <uri> <direction>';
const HANGUP = 'hangup [call-id] [scode=400…699] [reason=word]';

export const CALL_COMMANDS = {
  dial: { parse: dialArguments, run: dial },
  dialdir: { parse: dialdirArguments, run: dial },
  accept: { parse: optionalCall('accept [call-id]'), run: accept },
  acceptdir: { parse: (params) => directionAndCall(wordsOf(params), 'acceptdir <direction> [call-id]'), run: accept },
  hangup: { parse: hangupArguments, run: hangup },
  hangupall: {
    parse: (params) => choice('hangupall [all|in|out]', 'which', ['all', 'in', 'out'], { optional: true })(params.replace(/^dir=/, '')),
    run: hangupAll,
  },
  line: {
    parse: (params) => (/^[1-9]\d*$/.test(params) ? { number: Number(params) } : fail('line <number>')),
    run: selectLine,
  },
  callfind: {
    parse: (params) => (params === '' ? fail('callfind <call-id>') : { id: params }),
    run: (agent, { id }) => agent.select(agent.need(id, 'select').call),
  },
  listcalls: { parse: nothing('listcalls'), run: (agent, _args, context) => context.log(listOf(agent)) },
};

function listOf(agent) {
  const lines = agent.calls().map(({ call, id, state, direction, peeruri }) => `  ${call}: ${direction} ${peeruri} ${state} ${id}`);
  return [`${agent.alias}: ${lines.length} calls`, ...lines].join('\n');
}
