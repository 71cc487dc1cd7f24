// What reads JavaScript for those who look at it without running it.
import { parse } from 'acorn';

export { full } from 'acorn-walk';

/** The tree of a script or module, as files of scenarios may be written; a mistake is thrown with its place (`loc`). */
export const treeOf = (source) =>
  parse(source, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true, allowReturnOutsideFunction: true, allowHashBang: true, locations: true });
