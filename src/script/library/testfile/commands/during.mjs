// Commands for a call that is up: hold, transfer, digits, sound.
import { StepFailure } from '../problems.mjs';
import { parseSource } from '../account.mjs';
import { choice, directionAndCall, fail, nothing, oneText, optionalCall, wordsOf } from './parameters.mjs';

const DIGITS = /^[0-9*#A-Da-d]+$/;

function onCall(method, purpose) {
  return (agent, { id }) => {
    agent.phone[method](agent.need(id, purpose).call);
  };
}

function mute(agent, { wanted }) {
  const { call } = agent.need(undefined, 'mute');
  agent.phone.mute(call, wanted === undefined ? undefined : wanted === 'yes');
}

function sendDigits(agent, { digits }) {
  const { call } = agent.need(undefined, 'send digits in');
  agent.phone.dtmf(digits, { call });
}

function setDirection(agent, { id, direction }) {
  agent.phone.setDirection(direction, agent.need(id, 'change').call);
}

function transfer(agent, { target }) {
  agent.phone.transfer(agent.uri(target), agent.need(undefined, 'transfer').call);
  return { detail: agent.uri(target) };
}

function startTransfer(agent, { target }) {
  agent.need(undefined, 'transfer');
  agent.consulting = true;
  agent.phone.attendedTransfer(agent.uri(target));
  return { detail: agent.uri(target) };
}

function endTransfer(method) {
  return (agent) => {
    if (!agent.consulting) throw new StepFailure(`${agent.alias} has no transfer that was started with atransferstart`);
    agent.consulting = false;
    agent.phone[method]();
  };
}

function refer(agent, { target, referTo }) {
  agent.phone.refer(agent.uri(target), agent.uri(referTo));
}

function referArguments(params) {
  const [target, referTo, more] = wordsOf(params);
  if (referTo === undefined || more !== undefined) fail('refer <uri> <refer-to>');
  return { target, referTo };
}

function sendAudio(agent, { source }, context) {
  const wanted = source.kind === 'file' ? { kind: 'file', path: context.audioFile(source.path) } : source;
  agent.phone.sendAudio(wanted);
}

export const DURING_COMMANDS = {
  hold: { parse: optionalCall('hold [call-id]'), run: onCall('hold', 'hold') },
  resume: { parse: optionalCall('resume [call-id]'), run: onCall('resume', 'resume') },
  reinvite: { parse: nothing('reinvite'), run: onCall('reinvite', 'send a re-INVITE in') },
  mute: { parse: choice('mute [yes|no]', 'wanted', ['yes', 'no'], { optional: true }), run: mute },
  sndcode: {
    parse: (params) => (DIGITS.test(params) ? { digits: params.toUpperCase() } : fail('sndcode <digits of 0-9 * # A-D>')),
    run: sendDigits,
    kind: 'dtmf-start',
  },
  medialdir: {
    parse: (params) => {
      const args = directionAndCall(wordsOf(params), 'medialdir <direction> [call-id]');
      return args.direction === undefined ? fail('medialdir <direction> [call-id]') : args;
    },
    run: setDirection,
  },
  transfer: { parse: oneText('transfer <uri>', 'target'), run: transfer },
  atransferstart: { parse: oneText('atransferstart <uri>', 'target'), run: startTransfer },
  atransferexec: { parse: nothing('atransferexec'), run: endTransfer('completeTransfer') },
  atransferabort: { parse: nothing('atransferabort'), run: endTransfer('abortTransfer') },
  refer: { parse: referArguments, run: refer },
  ausrc: { parse: (params) => ({ source: parseSource(params) }), run: sendAudio, kind: 'send-audio' },
};
