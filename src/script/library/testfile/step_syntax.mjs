// wait, expect, let, call and repeat: the steps that telefonist does not have.
import { parseDuration } from './durations.mjs';
import { EVENT_TYPES } from './event_types.mjs';
import { SyntaxProblem } from './problems.mjs';
import { similar } from '../similar.mjs';

const DEFAULT_WAIT_MS = 10_000;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const FIELD = /^([A-Za-z_][\w.-]*)(!=|=|~)(.*)$/s;

/** Words with their offsets; quotes keep blanks together and are taken away. */
export function words(text) {
  const found = [];
  for (const match of text.matchAll(/(?:"[^"]*"|[^\s"])+|"/g)) {
    found.push({ text: match[0].replaceAll('"', ''), offset: match.index, quoted: match[0].includes('"') });
  }
  return found;
}

const hasVariable = (text) => /\$\{[^{}\s]+\}/.test(text);

function takeDuration(list, fallback) {
  const last = list[list.length - 1];
  const ms = last && !last.quoted ? parseDuration(last.text) : undefined;
  if (ms === undefined) {
    const within = list.find(({ text }) => text.toLowerCase() === 'within');
    if (within) throw new SyntaxProblem('needs a duration behind `within`, such as 2s', within);
    return fallback;
  }
  list.pop();
  if (list[list.length - 1]?.text.toLowerCase() === 'within') list.pop();
  return ms;
}

function takeType(list) {
  const word = list.shift();
  if (word === undefined) throw new SyntaxProblem('needs the name of an event, such as CALL_ESTABLISHED');
  const type = word.text.toUpperCase();
  if (!hasVariable(word.text) && !EVENT_TYPES.includes(type)) {
    throw new SyntaxProblem(`there is no event ${word.text}`, { suggestion: similar(type, EVENT_TYPES), offset: word.offset });
  }
  return hasVariable(word.text) ? word.text : type;
}

function takeMatchers(list) {
  return list.map(({ text, offset }) => {
    const match = FIELD.exec(text);
    if (!match) throw new SyntaxProblem(`"${text}" is neither field=pattern nor a duration at the end`, { offset });
    const [, field, operator, pattern] = match;
    if (operator === '~' && !hasVariable(pattern)) checkExpression(pattern, offset);
    return { field, operator, pattern };
  });
}

function checkExpression(pattern, offset) {
  try {
    RegExp(pattern);
  } catch (error) {
    throw new SyntaxProblem(`the regular expression does not work: ${error.message}`, { offset });
  }
}

/** AGENT [new] EVENT [FIELD=PATTERN …] [within DURATION] */
function eventPattern(list, fallback) {
  const within_ms = takeDuration(list, fallback);
  const agent = list.shift();
  if (agent === undefined) throw new SyntaxProblem('needs an agent and an event, such as `wait ua2 CALL_INCOMING 5s`');
  const fresh = list[0]?.text.toLowerCase() === 'new';
  if (fresh) list.shift();
  return { agent: agent.text, fresh, type: takeType(list), matchers: takeMatchers(list), within_ms };
}

function waitStep(list) {
  const ms = list.length === 1 ? parseDuration(list[0].text) : undefined;
  return ms === undefined ? { kind: 'wait', ...eventPattern(list, DEFAULT_WAIT_MS) } : { kind: 'pause', ms };
}

function expectStep(list) {
  const not = list[0]?.text.toLowerCase() === 'not';
  if (not) list.shift();
  return { kind: 'expect', not, ...eventPattern(list, 0) };
}

/** `let name = text`, `let name from AGENT EVENT FIELD` */
function letStep(list, text) {
  const assigned = /^\S+\s+([^\s=]+)\s*=\s*(.*)$/s.exec(text);
  const [name, sign] = list.splice(0, 2);
  const called = assigned?.[1] ?? name?.text;
  if (called === undefined || !NAME.test(called)) throw new SyntaxProblem('needs a name of letters, digits and _ that is no macro', name);
  if (assigned) return { kind: 'let', name: called, value: assigned[2].replace(/^"(.*)"$/s, '$1') };
  if (sign?.text.toLowerCase() !== 'from' || list.length < 3) {
    throw new SyntaxProblem('write `let name = text` or `let name from ua1 CALL_INCOMING peeruri`');
  }
  const agent = list.shift().text;
  const type = takeType(list);
  const field = list.pop().text;
  return { kind: 'let', name: name.text, from: { agent, type, field, matchers: takeMatchers(list) } };
}

/** `call setup.test NAME=value …` */
function callStep(list) {
  const file = list.shift();
  if (file === undefined) throw new SyntaxProblem('needs the name of a testfile');
  const values = list.map(({ text, offset }) => {
    const sign = text.indexOf('=');
    if (sign < 1) throw new SyntaxProblem(`"${text}" is not NAME=value`, { offset });
    return [text.slice(0, sign), text.slice(sign + 1)];
  });
  return { kind: 'call', file: file.text, values };
}

/** `repeat 3`, `repeat 3 as i` */
export function repeatHead(list) {
  const [times, as, name, more] = list.map(({ text }) => text);
  const counted = times !== undefined && (/^\d+$/.test(times) || hasVariable(times));
  const named = as === undefined || (as.toLowerCase() === 'as' && name !== undefined && NAME.test(name));
  if (!counted || !named || more !== undefined) throw new SyntaxProblem('write `repeat 3` or `repeat 3 as i`');
  return { kind: 'repeat', times, name };
}

const STEPS = { wait: waitStep, expect: expectStep, let: letStep, call: callStep };

/** The step that a part of a chain is, or undefined when it is a command. Throws a SyntaxProblem. */
export function parseStep(text) {
  const list = words(text);
  const keyword = list[0]?.text.toLowerCase();
  const parse = Object.hasOwn(STEPS, keyword) ? STEPS[keyword] : undefined;
  if (parse === undefined) return undefined;
  list.shift();
  try {
    return parse(list, text);
  } catch (error) {
    if (error instanceof SyntaxProblem && !error.message.startsWith('there is no')) error.message = `${keyword}: ${error.message}`;
    throw error;
  }
}
