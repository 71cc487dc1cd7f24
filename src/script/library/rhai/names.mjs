// Names of the host in the spelling of Rhai, and back: `statusCode` is `status_code`.

export const toCamel = (name) => name.replace(/([a-z0-9])_+([a-z0-9])/g, (_, before, after) => before + after.toUpperCase());

export const toSnake = (name) => name.replace(/([a-z0-9])([A-Z])/g, (_, before, after) => `${before}_${after.toLowerCase()}`);

/** Methods whose name in the host is not simply the other spelling. */
const METHODS = { on: 'respond' };

export const hostMethod = (name) => METHODS[name] ?? toCamel(name);
