/**
 * Can the npm registry be reached? Asked before an install, because npm and pnpm take up to a minute to find out that
 * there is no network, and then say so in thirty lines.
 */
import { connect } from 'node:net';

/** A registry that has not taken a connection by then is not there for us. */
const patienceMs = 8000;

/**
 * @param {Record<string, string | undefined>} env
 * @param {(argv: string[]) => Promise<{code: number | null, output: string}>} run
 * @returns {Promise<string | undefined>} what is wrong, as the beginning of a sentence; undefined when nothing is
 */
export async function registryTrouble(env, run) {
  // Behind a proxy only npm itself knows the way.
  if (Object.keys(env).some((name) => /^(npm_config_)?(https?[-_])?proxy$/i.test(name) && env[name])) return undefined;
  const asked = await run(['npm', 'config', 'get', 'registry', 'proxy', 'https-proxy']);
  if (asked.code !== 0) return undefined; // npm is broken or missing: the install says it better
  const settings = new Map([...asked.output.matchAll(/^([\w-]+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  if ([settings.get('proxy'), settings.get('https-proxy')].some((value) => value && value !== 'null')) return undefined;
  const problem = await connectOnce(settings.get('registry'));
  return problem && `the npm registry cannot be reached (${problem}; see 'npm config get registry')`;
}

function connectOnce(registry) {
  if (!registry || !URL.canParse?.(registry)) return undefined;
  const { hostname, port, protocol } = new URL(registry);
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port) || (protocol === 'http:' ? 80 : 443) });
    const done = (problem) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(patienceMs, () => done('no answer'));
    socket.on('connect', () => done(undefined));
    // Where a name has several addresses the error is an AggregateError with the code of the first.
    socket.on('error', (error) => done(error.code ?? 'no connection'));
  });
}
