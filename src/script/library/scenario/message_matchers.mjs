// Expectations on what went over the wire.
import { addMatcher } from './assertions.mjs';

/** `regex("…")`, in which languages without expressions of their own have them, is one for all of the value. */
const expressionOf = (wanted) => (wanted instanceof RegExp ? wanted : wanted?.expression);
const holds = (value, wanted) => value !== undefined && (expressionOf(wanted)?.test(value) ?? String(value).includes(String(wanted)));

/** "INVITE" is a request, 180 a response, "180 INVITE" one to such a request. */
function isKind(message, kind) {
  const [, status, method] = /^(?:(\d{3})(?!\S))?\s*([A-Z][\w.!%*+`'~-]*)?$/.exec(String(kind).toUpperCase()) ?? [];
  if (status === undefined && method === undefined) {
    throw new TypeError(`"${kind}" is no message; write a method such as "INVITE", a status such as 180, or both: "180 INVITE"`);
  }
  return (status === undefined ? message.isRequest : message.status === Number(status)) && (method === undefined || message.method.toUpperCase() === method);
}

/** `uri` and `body` are those of the message, any other name is a header field; each holds the text, or matches the expression. */
function isSuch(message, wanted) {
  return Object.entries(wanted).every(([name, value]) => {
    if (name === 'uri' || name === 'body') {
      return holds(message[name], value);
    }
    return message.fields.some(([field, text]) => field.toLowerCase() === name.toLowerCase() && holds(text, value));
  });
}

const text = (verb) => (kind, wanted = {}) => {
  const parts = Object.entries(wanted).map(([name, value]) => `${name}: ${value}`);
  return `${verb} ${kind}${parts.length === 0 ? '' : ` with ${parts.join(', ')}`}`;
};

const nameOf = (message) => (message.isRequest ? message.method : `${message.status} ${message.method}`);

const listed = (names, kMost = 12) => (names.length === 0 ? 'nothing' : `${names.length > kMost ? '…, ' : ''}${names.slice(-kMost).join(', ')}`);

function mustHaveMessages(agent, name, example) {
  if (!Array.isArray(agent?.messages)) {
    throw new TypeError(`${name} is about an agent or a call: expect(a).${name}(${example})`);
  }
}

for (const [name, direction, verb] of [['toHaveReceived', 'received', 'has received'], ['toHaveSent', 'sent', 'has sent']]) {
  addMatcher(name, {
    text: text(verb),
    holds(agent, kind, wanted = {}) {
      mustHaveMessages(agent, name, '"INVITE"');
      return agent.messages.some((message) => message.direction === direction && isKind(message, kind) && isSuch(message, wanted));
    },
    // What it got or sent, for whoever wonders why it was not that.
    actual: (agent) => listed(agent.messages.filter((message) => message.direction === direction).map(nameOf))
  });
}

/** One of toHaveExchanged: "INVITE", 180, or what was `sent` or `received`, with what it holds. */
function stepOf(wanted) {
  const { sent, received, ...parts } = typeof wanted === 'object' && wanted !== null ? wanted : { sent: wanted, received: wanted };
  const kind = sent ?? received;
  const direction = sent === received ? undefined : sent === undefined ? 'received' : 'sent';
  if (kind === undefined || (sent !== undefined && received !== undefined && sent !== received)) {
    throw new TypeError('toHaveExchanged takes messages such as "INVITE", 180, { sent: "INVITE" } or { received: 200, Contact: "bob" }');
  }
  isKind({}, kind);
  return { text: text(direction ?? '')(kind, parts).trim(), fits: (message) => (direction ?? message.direction) === message.direction && isKind(message, kind) && isSuch(message, parts) };
}

/** How far the messages go along with the steps, others between them or not. */
function follow(agent, wanted) {
  if (!Array.isArray(wanted) || wanted.length === 0) {
    throw new TypeError('toHaveExchanged takes a list of messages: expect(a).toHaveExchanged(["INVITE", 180, 200, "ACK"])');
  }
  mustHaveMessages(agent, 'toHaveExchanged', '["INVITE", 180]');
  const steps = wanted.map(stepOf);
  let reached = 0;
  let after = 0;
  agent.messages.forEach((message, index) => {
    if (reached < steps.length && steps[reached].fits(message)) {
      ++reached;
      after = index + 1;
    }
  });
  return { steps, reached, later: agent.messages.slice(after) };
}

const inOrder = (steps) => steps.map((step) => step.text).join(', ');

addMatcher('toHaveExchanged', {
  text: (wanted) => `has exchanged ${inOrder(wanted.map(stepOf))}, in this order`,
  holds(agent, wanted) {
    const { steps, reached } = follow(agent, wanted);
    return reached === steps.length;
  },
  actual(agent, wanted) {
    const { steps, reached, later } = follow(agent, wanted);
    if (reached === steps.length) {
      return 'all of it';
    }
    const came = listed(later.map((message) => `${message.direction} ${nameOf(message)}`));
    return `${reached === 0 ? '' : `${inOrder(steps.slice(0, reached))}, then `}${came} in place of ${steps[reached].text}`;
  }
});
