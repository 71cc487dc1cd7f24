// Commands about an agent rather than a call: registration, headers, how it answers, contacts, messages.
import { answerMode } from '../account.mjs';
import { StepFailure } from '../problems.mjs';
import { choice, fail, nothing, oneText, wordsOf } from './parameters.mjs';

function register(agent, { interval }) {
  if (interval === 0) agent.phone.unregister();
  else agent.phone.register({ expires: interval });
}

function registerArguments(params) {
  const [interval, index, more] = wordsOf(params);
  if (!/^\d+$/.test(interval ?? '') || more !== undefined || !/^\d*$/.test(index ?? '')) fail('uareg <seconds, 0 to unregister> [index]');
  return { interval: Number(interval) };
}

function unescape(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `X-Name=some%20value 0`: the index counted the accounts of a process, and each agent has one. */
function headerArguments(params) {
  const match = /^([\w.!%*+~-]+)=(.*?)(?:\s+\d+)?$/.exec(params);
  if (!match) fail('uaaddheader <name>=<value> [index]');
  return { name: match[1], value: unescape(match[2]) };
}

function doNotDisturb(agent, { wanted }) {
  if (wanted === 'yes') agent.phone.respondIncoming(480, 'Temporarily Unavailable', null);
  else agent.phone.respondIncoming(null);
}

/** What asks the phone of the callee to answer by itself. */
function setAnswerHeaders(agent, change) {
  Object.assign(agent.auto, change);
  const { delay, value } = agent.auto;
  agent.answerHeaders = [['Call-Info', `<sip:${agent.options.domain}>;answer-after=${delay}`]];
  if (value !== undefined) agent.answerHeaders.push(['Alert-Info', value]);
}

function contactOf(agent) {
  const contact = agent.contacts[agent.contact];
  if (contact === undefined) throw new StepFailure(`${agent.alias} has no contact; addcontact gives it one`);
  return contact;
}

function step(change) {
  return (agent) => {
    contactOf(agent);
    agent.contact = Math.min(Math.max(agent.contact + change, 0), agent.contacts.length - 1);
  };
}

function removeContact(agent, { contact }) {
  const index = agent.contacts.findIndex((known) => agent.uri(known) === agent.uri(contact));
  if (index < 0) throw new StepFailure(`${agent.alias} has no contact ${contact}`);
  agent.contacts.splice(index, 1);
  agent.contact = 0;
}

function dialContact(agent) {
  const { call } = agent.phone.dial(agent.uri(contactOf(agent)), { headers: agent.answerHeaders });
  agent.select(call);
}

function options(agent, { target }, context) {
  const note = ({ status, reason } = {}) => context.record(agent, `${agent.uri(target)}: OPTIONS reply ${status} ${reason}`);
  agent.phone.options(agent.uri(target))?.then?.(note, () => {});
}

export const ACCOUNT_COMMANDS = {
  uareg: { parse: registerArguments, run: register, kind: 'register' },
  uaaddheader: {
    parse: headerArguments,
    run: (agent, { name, value }) => {
      agent.phone.addHeader(name, value);
      return { detail: name };
    },
    kind: 'header',
  },
  uarmheader: {
    parse: (params) => (params === '' ? fail('uarmheader <name> [index]') : { name: wordsOf(params)[0] }),
    run: (agent, { name }) => {
      agent.phone.removeHeader(name);
    },
    kind: 'header',
  },
  answermode: {
    parse: (params) => ({ mode: answerMode(params) }),
    run: (agent, { mode }) => {
      agent.phone.setAnswerMode(mode);
    },
  },
  '100rel': {
    parse: (params) => choice('100rel yes|no|required', 'mode', ['yes', 'no', 'required'])(wordsOf(params)[0] ?? ''),
    run: (agent, { mode }) => {
      agent.phone.setReliable(mode);
    },
  },
  dnd: { parse: choice('dnd yes|no', 'wanted', ['yes', 'no']), run: doNotDisturb },
  setadelay: {
    parse: (params) => (/^\d+$/.test(params) ? { delay: Number(params) } : fail('setadelay <seconds>')),
    run: setAnswerHeaders,
  },
  setansval: { parse: oneText('setansval <value of Alert-Info>', 'value'), run: setAnswerHeaders },
  options: { parse: oneText('options <uri>', 'target'), run: options },
  addcontact: {
    parse: oneText('addcontact <address>', 'contact'),
    run: (agent, { contact }) => {
      agent.contacts.push(contact);
    },
  },
  rmcontact: { parse: oneText('rmcontact <address>', 'contact'), run: removeContact },
  clrcontacts: { parse: nothing('clrcontacts'), run: (agent) => agent.contacts.splice(0) },
  contacts: { parse: nothing('contacts'), run: (agent, _args, context) => context.log([`${agent.alias}: contacts`, ...agent.contacts].join('\n  ')) },
  contact_next: { parse: nothing('contact_next'), run: step(1) },
  contact_prev: { parse: nothing('contact_prev'), run: step(-1) },
  dialcontact: { parse: nothing('dialcontact'), run: dialContact, kind: 'dial' },
  message: {
    parse: oneText('message <text>', 'text'),
    run: (agent, { text }) => {
      agent.phone.message(agent.uri(contactOf(agent)), text);
    },
  },
};
