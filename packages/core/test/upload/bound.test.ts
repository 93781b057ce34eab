/** No more bytes of an upload than `limits.maxUploadBytes` go up, said or unsaid, whole or piece by piece. */

import { eventually, rawRequest } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import { MadeFile } from './a-file.ts';
import { describeWay, describeWays, type Stage } from './a-provider.ts';

const mostBytes = 1_000_000;
const bound = { limits: { maxUploadBytes: mostBytes } };

/** Without a length: it comes in chunks. */
function unsaid(file: MadeFile, more: Record<string, string> = {}): RequestInit & { duplex: 'half' } {
  const { headers, ...init } = file.request(more);
  const { 'content-length': _, ...rest } = headers as Record<string, string>;
  return { ...init, headers: rest };
}

async function told(answer: Promise<Response>): Promise<[status: number, code: string | undefined, message: string]> {
  const { status, text } = await answer.then(async (one) => ({ status: one.status, text: await one.text() }));
  const { error } = JSON.parse(text) as { error: { message: string; details: { reason: string }[] } };
  return [status, error.details[0]?.reason, error.message];
}

/** Where all of it was too much before the head was out, the provider has seen nothing at all. */
async function isCut({ provider, gateway }: Stage, mostBytesUp: number): Promise<void> {
  await eventually('it is still on', () => gateway.snapshot().open === 0);
  await eventually('the call is cut', () => provider.arrivals.every(({ cutAtMs }) => cutAtMs !== null));
  for (const { sha256, bytes } of provider.arrivals) {
    expect(sha256).toBeNull();
    expect(bytes).toBeLessThanOrEqual(mostBytesUp);
  }
}

describeWays('an upload that is bounded', (_way, stage) => {
  test('passes up to its last byte, whether its length was said or not', async () => {
    const { provider, call, session } = await stage(bound);
    const files = [new MadeFile({ bytes: mostBytes }), new MadeFile({ bytes: mostBytes })] as const;
    expect((await call(session, files[0].request())).status).toBe(200);
    expect((await call(session, unsaid(files[1]))).status).toBe(200);
    expect(provider.arrivals.map(({ sha256 }) => sha256)).toEqual(files.map(({ sha256 }) => sha256));
  });

  test('is refused by the length that it says, before anything goes up', async () => {
    const { provider, call, session } = await stage(bound);
    const file = new MadeFile({ bytes: mostBytes + 1 });
    const [status, code, message] = await told(call(session, file.request()));
    expect([status, code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    expect(message).toContain('limits.maxUploadBytes (1000000)');
    expect(provider.arrivals).toHaveLength(0);
  });

  test('is ended where it grows beyond, upstream too, and its session goes on', async () => {
    const set = await stage(bound);
    const { call, session, provider } = set;
    const [status, code] = await told(call(session, unsaid(new MadeFile({ bytes: 4 * mostBytes }))));
    expect([status, code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    await isCut(set, mostBytes);
    const again = new MadeFile({ bytes: 10_000 });
    expect((await call(session, again.request())).status).toBe(200);
    expect(provider.arrivals.map(({ sha256 }) => sha256)).toContain(again.sha256);
  });

  test('counts what its session has already: by the offset, by the range', async () => {
    const { provider, call, session } = await stage(bound);
    const piece = (): MadeFile => new MadeFile({ bytes: 400_000 });
    const offsets = ['600000', '600001', '1000000000000'];
    const statuses = await Promise.all(
      offsets.map(async (offset) => {
        const one = await call(session, piece().request({ 'x-goog-upload-offset': offset }));
        await one.text();
        return one.status;
      }),
    );
    expect(statuses).toEqual([200, 413, 413]);
    for (const range of ['bytes 600001-1000000/*', 'bytes 0-399999/1000001']) {
      const [status] = await told(call(session, piece().request({ 'content-range': range })));
      expect(status, range).toBe(413);
    }
    const answer = await call(session, piece().request({ 'content-range': 'bytes 600000-999999/1000000' }));
    expect(answer.status).toBe(200);
    await answer.text();
    expect(provider.arrivals).toHaveLength(2);
  });

  test('and whose piece grows beyond what its session still has room for is ended there', async () => {
    const set = await stage(bound);
    const file = new MadeFile({ bytes: 400_000 });
    const [status] = await told(set.call(set.session, unsaid(file, { 'x-goog-upload-offset': '900000' })));
    expect(status).toBe(413);
    await isCut(set, 100_000);
  });

  test.each(['x-goog-upload-header-content-length', 'x-upload-content-length'])(
    'never begins when %s says that it will be too large',
    async (field) => {
      const { call } = await stage(bound);
      const start = (bytes: number): Promise<Response> =>
        call('/upload/v1beta/files', {
          method: 'POST',
          headers: {
            'x-goog-upload-protocol': 'resumable',
            'x-goog-upload-command': 'start',
            [field]: String(bytes),
          },
        });
      expect((await start(mostBytes)).headers.get('x-goog-upload-url')).not.toBeNull();
      expect((await told(start(mostBytes + 1))).slice(0, 2)).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    },
  );
});

describeWay({ client: 'node', upstream: 'undici' }, 'an upload that is bounded', (_way, stage) => {
  test('is refused before a client that waits for it is asked for its bytes', async () => {
    const { origin, session } = await stage(bound);
    const lines = ['content-length: 1000001', 'expect: 100-continue', 'x-goog-upload-command: upload', '', ''];
    const head = [`POST ${session} HTTP/1.1`, 'host: a', ...lines].join('\r\n');
    const answer = await rawRequest(
      Number(new URL(origin as string).port),
      head,
      /\r\n\r\n[\s\S]*"status"[\s\S]*\}\s*$/,
    );
    expect([answer.status, answer.text.includes('100 Continue')]).toEqual([413, false]);
  });

  test('is bounded in process as well, as bytes and as a form', async () => {
    const { gateway } = await stage(bound);
    for (const protocol of ['raw', 'multipart']) {
      const upload = (bytes: number): Promise<Response> =>
        gateway.fetch('/upload/v1beta/files', {
          method: 'POST',
          headers: { 'x-goog-upload-protocol': protocol, 'content-type': 'text/plain' },
          body: new Uint8Array(bytes),
        });
      const statuses = [(await upload(mostBytes)).status, (await upload(mostBytes + 1)).status];
      expect(statuses, protocol).toEqual([200, 413]);
    }
  });

  test('leaves every other body to server.maxBodyBytes', async () => {
    const { call } = await stage({ limits: { maxUploadBytes: 10 } });
    const body = JSON.stringify({ contents: [{ parts: [{ text: 'longer than ten bytes' }] }] });
    const headers = { 'content-type': 'application/json' };
    expect((await call('/v1beta/models/m:countTokens', { method: 'POST', headers, body })).status).toBe(200);
  });
});

describe('the option', () => {
  test('is a whole number', () => {
    const options = { keys: 'k', callers: 'anyone' as const, limits: { maxUploadBytes: -1 } };
    expect(() => createGateway(options)).toThrow('limits.maxUploadBytes must be a whole number from 0 up, got -1');
  });
});
