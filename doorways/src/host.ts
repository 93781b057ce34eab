/** A process with one framework in it: two gateways, one of which is in a hurry, each under a server of its own. */

import { createGateway } from '@sluice/core';
import { demoKey } from '@sluice/simulator';
import { hastyMs, neverShed, rawGateway } from '@sluice/testkit';
import type { AdapterSubject } from '@sluice/testkit/adapters';
import type { Place } from './running.ts';

const [module = '', name = 'subject', baseUrl = '', isHard = ''] = process.argv.slice(2);
const subject = ((await import(module)) as Readonly<Record<string, AdapterSubject>>)[name];
if (subject === undefined) throw new Error(`${module} has no ${name}`);

async function open(needs: 'hasty' | undefined): Promise<Place> {
  const gateway = createGateway({
    pools: { gemini: { baseUrl, projects: [{ id: 'demo', keys: [demoKey] }] } },
    overload: neverShed,
    ...rawGateway({ needs }),
  });
  const door = { headersInMs: needs === 'hasty' ? hastyMs : 10_000 };
  const app = await subject?.mount([{ path: '/', gateway }], isHard === '' ? undefined : door);
  const { port, pathname } = new URL(app?.origin ?? '');
  return { port: Number(port), prefix: pathname.replace(/\/$/, '') };
}

process.send?.({ usual: await open(undefined), hasty: await open('hasty') });
