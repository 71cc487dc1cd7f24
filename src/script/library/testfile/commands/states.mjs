// Commands that only print something, or have nothing to do here.

const print = (describe) => ({ parse: () => ({}), run: (agent, _args, context) => context.log(describe(agent)) });

/** Accepted, so that files that have them run; `why` is logged. */
const idle = (why) => ({ parse: () => ({}), run: (_agent, _args, context) => context.log(why, 'debug') });

const describe = (agent) => JSON.stringify(agent.snapshot());
const describeCalls = (agent) => JSON.stringify(agent.phone.calls());

export const STATE_COMMANDS = {
  callstat: print(describeCalls),
  audio_debug: print(describeCalls),
  reginfo: print(describe),
  uastat: print(describe),
  apistate: print(describe),
  stopringing: idle('agents ring without sound'),
  statmode: idle('there is no console whose status line could change'),
  siptrace: idle('SIP messages are always recorded'),
  loglevel: idle('everything is logged; the viewer filters'),
};
