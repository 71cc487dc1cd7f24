// The scenario API as the front end for Rhai takes it.
import { AssertionError, report, takeLabel } from './assertions.mjs';
import { emit, now } from './host.mjs';
import { api } from './globals.mjs';
import { setPosition } from './position.mjs';
import { delay } from './time.mjs';

export const rhaiHost = {
  ...api,
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
