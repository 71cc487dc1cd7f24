// `param=486*`, `direction!=incoming`, `headers.From~alice`: what a step wants of an event.

/** `*` is any text and `?` one character. */
function globToExpression(glob) {
  const source = glob.replace(/[\\^$.|+()[\]{}]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}

function property(object, name) {
  if (object === null || typeof object !== 'object') return undefined;
  if (Object.hasOwn(object, name)) return object[name];
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

/** The value behind `headers.X-Name` and such, as text; undefined when there is none. */
export function fieldOf(event, path) {
  const value = path.split('.').reduce((object, name) => property(object, name), event);
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

const OPERATORS = {
  '=': (value, pattern) => value !== undefined && globToExpression(pattern).test(value),
  '!=': (value, pattern) => value === undefined || !globToExpression(pattern).test(value),
  '~': (value, pattern) => value !== undefined && new RegExp(pattern).test(value),
};

export function matchesAll(event, matchers) {
  return matchers.every(({ field, operator, pattern }) => OPERATORS[operator](fieldOf(event, field), pattern));
}

/** What the event has instead, in the fields that were asked for. */
export function describeFields(event, matchers) {
  const fields = matchers.length > 0 ? matchers.map(({ field }) => field) : ['param'];
  return fields.map((field) => `${field}=${fieldOf(event, field) ?? '(none)'}`).join(' ');
}
