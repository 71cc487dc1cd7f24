// Writes methods.d.ts from the OpenRPC document of a server:
//     node clients/js/types.mjs < openrpc.json > clients/js/methods.d.ts
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

function typeOf(schema) {
  if (schema === true) {
    return 'unknown';
  }
  if (schema.enum) {
    return schema.enum.map((value) => `'${value}'`).join(' | ');
  }
  if (schema.oneOf) {
    return schema.oneOf.map(typeOf).join(' | ');
  }
  if (schema.additionalProperties) {
    return `Record<string, ${typeOf(schema.additionalProperties)}>`;
  }
  if (schema.type === 'object') {
    return `{ ${Object.entries(schema.properties).map(([name, member]) => `${name}?: ${typeOf(member)}`).join('; ')} }`;
  }
  if (schema.type === 'array') {
    return `Array<${typeOf(schema.items)}>`;
  }
  return { integer: 'number', boolean: 'boolean' }[schema.type] ?? 'string';
}

/** The text of methods.d.ts. */
export function types(document) {
  const lines = ['// Made by types.mjs from the OpenRPC document of the server; do not edit.', '', '/** What the methods of the Call API take. */', 'export interface MethodParams {'];
  for (const { name, summary, params } of document.methods) {
    lines.push(`  /** ${summary} */`, `  ${name}: {`);
    for (const param of params.filter((one) => one.name !== 'cmd_id')) {
      lines.push(`    /** ${param.summary} */`, `    ${param.name}${param.required ? '' : '?'}: ${typeOf(param.schema)};`);
    }
    if (name === 'Echo') {
      lines.push('    [name: string]: unknown;');
    }
    lines.push('  };');
  }
  return `${lines.join('\n')}\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(types(JSON.parse(readFileSync(0, 'utf8'))));
}
