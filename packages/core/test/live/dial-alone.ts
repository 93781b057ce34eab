/** A program of its own: dials a provider that is there, then asks it by Node's own client, and says what came of it. */

import { once } from 'node:events';
import { get } from 'node:http';
import { demoKey, startSimulator } from '@sluice/simulator';
import { Cancellation } from '../../src/cancellation.ts';
import { wsDial } from '../../src/live.ts';

const simulator = await startSimulator();
const dialed = await wsDial()({
  url: `${simulator.url.replace('http', 'ws')}/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent`,
  headers: { 'x-goog-api-key': demoKey },
  protocols: [],
  maxFrameBytes: 0,
  maxErrorBytes: 1_000,
  gone: new Cancellation(),
});
if (dialed.is === 'open') dialed.channel.abort(new Error('seen'));
const [{ statusCode }] = await once(get(`${simulator.url}/v1beta/models`), 'response');
console.log(`${dialed.is}, ${statusCode}`);
process.exit();
