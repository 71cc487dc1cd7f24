// The names that a scenario finds: the API of docs/testing/api.md.
import { Agent } from './agent.mjs';
import { expect } from './assertions.mjs';
import { audioDelay, file, silence, speech, tone, verifyAudioConnection } from './audio.mjs';
import { env, loadEnv } from './environment.mjs';
import { fetch, http } from './http.mjs';
import { ask, emit } from './host.mjs';
import { jsonResponse, MockServer, regex, textResponse } from './mock_server.mjs';
import { skip } from './skip.mjs';
import { afterAll, beforeAll, scenario, setup, teardown } from './suite.mjs';
import { clearTimer, setTimer } from './time.mjs';
import './message_matchers.mjs';
import { defaultTimeout, never, until, wait } from './until.mjs';
import { display, State } from './values.mjs';

export const uuid = () => ask('uuid');

export function log(message) {
  emit({ event: 'log', message: typeof message === 'string' ? message : display(message) });
}

const text = (values) => values.map((value) => (typeof value === 'string' ? value : value instanceof Error ? String(value) : (JSON.stringify(value) ?? String(value)))).join(' ');
const say = (level) => (...values) => emit({ event: 'log', ...(level === undefined ? {} : { level }), message: text(values) });

export const console = { log: say(), info: say(), debug: say('debug'), warn: say('warn'), error: say('error') };

expect.never = never;

export const api = {
  Agent, MockServer, State, expect, until, wait, scenario, setup, teardown, beforeAll, afterAll, skip, env, loadEnv, http, fetch, regex, uuid, log, tone, file, silence, speech,
  verifyAudioConnection, audioDelay, defaultTimeout, jsonResponse, textResponse, console,
  setTimeout: (callback, delay, ...given) => setTimer(() => callback(...given), delay, false),
  setInterval: (callback, delay, ...given) => setTimer(() => callback(...given), delay, true),
  clearTimeout: clearTimer,
  clearInterval: clearTimer
};
