// All commands: name → {parse(params, tools) → arguments, run(agent, arguments, context), kind?, global?}. `run` gives {detail} for the log, or a promise
// that is waited for; so it must not give that of a SIP request.
import { SyntaxProblem } from '../problems.mjs';
import { similar } from '../../similar.mjs';
import { splitCommand } from '../target.mjs';
import { ACCOUNT_COMMANDS } from './accounts.mjs';
import { CALL_COMMANDS } from './calls.mjs';
import { DURING_COMMANDS } from './during.mjs';
import { LIFECYCLE_COMMANDS } from './lifecycle.mjs';
import { STATE_COMMANDS } from './states.mjs';
import { UNSUPPORTED } from './unsupported.mjs';

export const COMMANDS = { ...CALL_COMMANDS, ...DURING_COMMANDS, ...ACCOUNT_COMMANDS, ...LIFECYCLE_COMMANDS, ...STATE_COMMANDS };

/** Whether the text begins with a command, supported or not. */
export function isCommand(text) {
  const { name } = splitCommand(text);
  return Object.hasOwn(COMMANDS, name) || Object.hasOwn(UNSUPPORTED, name);
}

/** {name, command, args}; throws a SyntaxProblem that says what is wrong. `tools` is handed to the parsers: {soundPath(file)}. */
export function readCommand(text, tools) {
  const { name, params } = splitCommand(text);
  if (Object.hasOwn(UNSUPPORTED, name)) throw new SyntaxProblem(`${name} is not supported: ${UNSUPPORTED[name]}`);
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new SyntaxProblem(`there is no command ${name}`, { suggestion: similar(name, [...Object.keys(COMMANDS), 'wait', 'expect', 'let', 'call']) });
  }
  const command = COMMANDS[name];
  try {
    return { name, command, args: command.parse(params, tools) };
  } catch (error) {
    if (error instanceof SyntaxProblem && !error.message.startsWith(name)) error.message = `${name}: ${error.message}`;
    throw error;
  }
}
