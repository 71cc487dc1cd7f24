// Commands that create agents, choose between them and end them.
import { expandSounds, parseAccount } from '../account.mjs';
import { aliasOf } from '../target.mjs';
import { StepFailure, SyntaxProblem } from '../problems.mjs';
import { nothing, oneText } from './parameters.mjs';

function parseNew(params, { soundPath = (file) => file } = {}) {
  const pathOf = (file) => {
    try {
      return soundPath(file);
    } catch (error) {
      throw new SyntaxProblem(`there is no sound ${file}: ${error.message}`);
    }
  };
  const expanded = expandSounds(`uanew ${params}`, pathOf).slice('uanew '.length);
  return { account: parseAccount(expanded) };
}

function find(_agent, { alias }, context) {
  context.scope.active = context.agents.need(aliasOf(alias));
}

async function quit(agent, _args, context) {
  await context.agents.close(agent);
}

/** The account goes, the process that it ran in stayed: no EXIT. */
async function remove(agent, { alias }, context) {
  const target = alias === undefined ? agent : context.agents.need(aliasOf(alias));
  if (target === undefined) throw new StepFailure('there is no agent to delete');
  await context.agents.close(target, { exit: false });
}

/** `global`: it needs no agent. */
export const LIFECYCLE_COMMANDS = {
  uanew: { parse: parseNew, run: (_agent, { account }, context) => context.agents.create(account, context), global: true },
  uafind: { parse: oneText('uafind <agent>', 'alias'), run: find, global: true },
  uadel: { parse: (params) => (params === '' ? {} : { alias: params }), run: remove, global: true },
  uadelall: { parse: nothing('uadelall'), run: (_agent, _args, context) => context.agents.closeAll(), global: true },
  quit: { parse: nothing('quit'), run: quit },
};
