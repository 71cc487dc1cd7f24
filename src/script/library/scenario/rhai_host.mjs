// The scenario API as the front end for Rhai takes it.
import { PROMPT_VERBS } from '../rhai/names.mjs';
import { Agent } from './agent.mjs';
import { AssertionError, report, takeLabel } from './assertions.mjs';
import { emit, now } from './host.mjs';
import { api } from './globals.mjs';
import { setPosition } from './position.mjs';
import { delay } from './time.mjs';

/** Rhai has no promises: what a verb brings about shows in the getters, and nobody waits for it. */
class PromptAgent extends Agent {}
for (const verb of PROMPT_VERBS) {
  Object.defineProperty(PromptAgent.prototype, verb, {
    value(...given) {
      Agent.prototype[verb].apply(this, given);
    }
  });
}

export const rhaiHost = {
  ...api,
  Agent: PromptAgent,
  AssertionError,
  takeLabel,
  report,
  now,
  sleep: delay,
  print: (text) => emit({ event: 'log', message: text }),
  set position(place) {
    setPosition(place);
  }
};
