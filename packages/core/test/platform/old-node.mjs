/** Takes away what Node 20 lacks: from modules that import it by name, which then do not link, and from `require`. */

import crypto from 'node:crypto';
import { registerHooks } from 'node:module';
import zlib from 'node:zlib';

delete crypto.hash;
for (const name of Object.keys(zlib)) if (/zstd/i.test(name)) delete zlib[name];

registerHooks({
  resolve(specifier, context, next) {
    const [, name] = /^(?:node:)?(crypto|zlib)$/.exec(specifier) ?? [];
    if (name === undefined || !context.conditions.includes('import')) return next(specifier, context);
    const own = `process.getBuiltinModule('${name}')`;
    const names = Object.keys(process.getBuiltinModule(name)).filter((one) => one !== 'default');
    const source = `export default ${own}; export const { ${names.join(', ')} } = ${own};`;
    return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true };
  },
});
