// The standard library of scripts, without what needs a host.
import { Library } from './functions.mjs';
import { ARRAYS } from './packages/arrays.mjs';
import { CORE } from './packages/core.mjs';
import { JSON_FUNCTIONS } from './packages/json.mjs';
import { MAPS } from './packages/maps.mjs';
import { MATH } from './packages/math.mjs';
import { RANGES } from './packages/ranges.mjs';
import { STRINGS } from './packages/strings.mjs';

export const BASE = [CORE, STRINGS, ARRAYS, MAPS, MATH, RANGES, JSON_FUNCTIONS].reduce((library, table) => library.add(table), new Library());

/** Names of functions that may change their first argument: calls of them bring it back to the variable that it came from. */
export const MUTATING = BASE.mutating;
