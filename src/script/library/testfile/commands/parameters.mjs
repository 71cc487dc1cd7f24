// Readers of what stands behind a command.
import { DIRECTIONS } from '../directions.mjs';
import { SyntaxProblem } from '../problems.mjs';
import { similar } from '../../similar.mjs';

export const wordsOf = (params) => (params === '' ? [] : params.split(' '));

export function fail(usage, suggestion) {
  throw new SyntaxProblem(`write \`${usage}\``, { suggestion });
}

export const nothing = (usage) => (params) => {
  if (params !== '') fail(usage);
  return {};
};

export const oneText = (usage, name) => (params) => {
  if (params === '') fail(usage);
  return { [name]: params };
};

/** An optional Call-ID, or the number of a call. */
export const optionalCall = (usage) => (params) => {
  const [id, more] = wordsOf(params);
  if (more !== undefined) fail(usage);
  return { id };
};

export const choice = (usage, name, allowed, { optional = false } = {}) => (params) => {
  const [word, ...rest] = wordsOf(params);
  if (word === undefined && optional) return {};
  const value = word?.toLowerCase();
  if (rest.length > 0 || !allowed.includes(value)) fail(usage, word && similar(word, allowed));
  return { [name]: value };
};

/** `audio=sendonly video=inactive callid=x`, or `sendonly x`. */
export function directionAndCall(words, usage) {
  const args = {};
  const names = { audio: 'direction', callid: 'id', cuser: undefined, userdata: 'userdata', video: undefined };
  for (const [index, word] of words.entries()) {
    const [, key, value] = /^([a-z]+)=(.*)$/i.exec(word) ?? [];
    if (key !== undefined && Object.hasOwn(names, key.toLowerCase())) {
      const name = names[key.toLowerCase()];
      if (name !== undefined) args[name] = value;
    } else if (index === 0) {
      args.direction = word;
    } else if (index === 1 && args.id === undefined) {
      args.id = word;
    } else {
      fail(usage);
    }
  }
  if (args.direction !== undefined && !DIRECTIONS.includes(args.direction)) fail(usage, similar(args.direction, DIRECTIONS));
  return args;
}
