// Scenarios that have to pass, and what they sent and received.
import assert from 'node:assert/strict';
import { finished, of, runText } from './run_file.mjs';

const prelude = new URL('../scenarios/prelude.mjs', import.meta.url).pathname;
const kPrelude = `import { connect, established, idle, phones } from '${prelude}';\n`;

/** Runs the text as a file that is a scenario itself, with the steps of prelude.mjs; gives its events. */
export async function passing(text, job, more) {
  const { events, status, stderr } = await runText(`${kPrelude}${text}`, job, more);
  assert.equal(status, 0, `${JSON.stringify(finished(events), null, 1)}\n${stderr}`);
  return events;
}

/** The SIP messages of an agent ("A"), the oldest first: requests by their method, responses also by their status. */
export const messagesOf = (events, agent, method, direction = 'sent') =>
  of(events, 'sip').filter((event) => event.agent === agent && event.method === method && event.direction === direction);
export const requestsOf = (...chosen) => messagesOf(...chosen).filter(({ status }) => status === undefined);

/** All values of a header field, in order. */
export const fields = ({ text }, name) =>
  text
    .split('\r\n\r\n')[0]
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    .map((line) => line.slice(name.length + 1).trim());
