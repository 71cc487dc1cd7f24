// What takes types out of TypeScript and makes functions of modules.
export { transform } from 'sucrase';
