// Expectations on what went over the wire.
import { addMatcher } from './assertions.mjs';

const holds = (value, wanted) => value !== undefined && (wanted instanceof RegExp ? wanted.test(value) : String(value).includes(String(wanted)));

/** "INVITE" is a request, 180 a response, "180 INVITE" one to such a request. */
function isKind(message, kind) {
  const [, status, method] = /^(\d{3})?\s*([A-Z]+)?$/.exec(String(kind).toUpperCase()) ?? [];
  if (status === undefined && method === undefined) {
    throw new TypeError(`"${kind}" is no message; write a method such as "INVITE", a status such as 180, or both: "180 INVITE"`);
  }
  return (status === undefined ? message.isRequest : message.status === Number(status)) && (method === undefined || message.method === method);
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

/** What an agent got or sent, for whoever wonders why it was not that. */
function summary(agent, direction) {
  const kMost = 12;
  const lines = agent.messages.filter((message) => message.direction === direction).map((message) => (message.isRequest ? message.method : `${message.status} ${message.method}`));
  return lines.length === 0 ? 'nothing' : `${lines.length > kMost ? '…, ' : ''}${lines.slice(-kMost).join(', ')}`;
}

for (const [name, direction, verb] of [['toHaveReceived', 'received', 'has received'], ['toHaveSent', 'sent', 'has sent']]) {
  addMatcher(name, {
    text: text(verb),
    holds(agent, kind, wanted = {}) {
      if (!Array.isArray(agent?.messages)) {
        throw new TypeError(`${name} is about an agent or a call: expect(a).${name}("INVITE")`);
      }
      return agent.messages.some((message) => message.direction === direction && isKind(message, kind) && isSuch(message, wanted));
    },
    actual: (agent) => summary(agent, direction)
  });
}
