import { createGateway, type Upstream } from '@sluice/core';
import { fakeClock } from '@sluice/testkit';
import { expect, test } from 'vitest';

/** Design rule 8. The provider may take longer to refuse than it asks to wait, so the project looks free again by then. */
test('after a 429 a project is not asked again for the same request, even when its rest is over by then', async () => {
  const clock = fakeClock();
  const asked: string[] = [];
  const body = Buffer.from(
    JSON.stringify({
      error: { code: 429, message: 'later', status: 'RESOURCE_EXHAUSTED', details: [{ retryDelay: '1s' }] },
    }),
  );
  const upstream: Upstream = {
    send({ headers }, sink) {
      asked.push(headers[headers.indexOf('x-goog-api-key') + 1] ?? '');
      sink.open({ pause() {}, resume() {}, abort() {} });
      clock.after(1_500, () => {
        sink.head(429, { 'content-type': 'application/json' });
        sink.write(body);
        sink.end();
      });
    },
    close: async () => {},
  };
  const projects = ['a', 'b'].map((id) => ({ id, keys: [`key-of-${id}`] }));
  const gateway = createGateway({ pools: { gemini: { projects } }, callers: 'anyone', upstream, clock });
  const answer = gateway.fetch('/v1beta/models/gemini-2.5-flash:generateContent', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  await clock.advance(60_000);
  expect((await answer).status).toBe(429);
  expect(asked.sort()).toEqual(['key-of-a', 'key-of-b']);
});
