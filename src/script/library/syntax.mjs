// What reads JavaScript for those who look at it without running it.
export { parse } from 'acorn';
export { full } from 'acorn-walk';
