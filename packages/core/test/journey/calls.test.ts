import { describeDrivers, rawRequest, read } from '@sluice/testkit';
import { expect, test } from 'vitest';

const json = { 'content-type': 'application/json' };

describeDrivers('what goes up is what the client sent, but for credentials', (_driver, mount) => {
  test('the body goes up byte for byte, whatever it is', async () => {
    const { ask, simulator } = await mount();
    const bodies = [
      '{"contents": [ ],  "a":1, "a":2, "n":12345678901234567890}',
      "{'single': 'quotes'}",
      '',
      '{"broken',
      '\ufeff{}',
    ];
    for (const body of bodies) await read(await ask('generateContent', { body }));
    expect(simulator.journal.requests.map((request) => Buffer.from(request.body).toString())).toEqual(bodies);
  });

  test('exactly one credential goes up, and no header that names another host or person', async () => {
    const { fetch, simulator } = await mount();
    await read(
      await fetch(
        '/v1beta/models/gemini-2.5-flash:generateContent?key=caller&%6bey=caller&alt=json&$fields=&access_token=t&key=',
        {
          method: 'POST',
          body: '{}',
          headers: {
            ...json,
            'x-goog-api-key': 'caller',
            authorization: 'Bearer caller',
            'x-goog-user-project': 'p',
            cookie: 'a=b',
            forwarded: 'for=1.2.3.4',
            'x-forwarded-for': '1.2.3.4',
            'x-forwarded-host': 'evil',
            'x-real-ip': '1.2.3.4',
            'x-original-url': '/evil',
            'x-rewrite-url': '/evil',
            'x-sluice-request-id': 'mine',
            'proxy-authorization': 'Basic x',
            'x-goog-api-client': 'google-genai-sdk/3.1.0',
            'x-unknown': 'passes',
          },
        },
      ),
    );
    const [request] = simulator.journal.requests;
    expect(request?.target).toBe('/v1beta/models/gemini-2.5-flash:generateContent?alt=json&$fields=');
    expect(request?.headers).toMatchObject({
      'x-goog-api-key': 'simulator-demo-key',
      'x-unknown': 'passes',
      'x-goog-api-client': 'google-genai-sdk/3.1.0',
    });
    const names = request?.rawHeaders.map(([name]) => name.toLowerCase()) ?? [];
    expect(
      names.filter((name) =>
        /^(authorization|cookie|forwarded|via)$|^x-(forwarded|real|original|rewrite|sluice|goog-user)|^proxy-/.test(
          name,
        ),
      ),
    ).toEqual([]);
    expect(names.filter((name) => name === 'x-goog-api-key')).toHaveLength(1);
  });

  test('what comes down is what the provider sent, but for headers that are not its to set', async () => {
    const { fetch, simulator } = await mount();
    simulator.plan('*', [
      {
        status: 200,
        headers: [
          ['Content-Type', 'application/json; charset=UTF-8'],
          ['Server-Timing', 'gfet4t7; dur=1'],
          ['Set-Cookie', 'a=b'],
          ['Location', 'http://127.0.0.1/'],
          ['Alt-Svc', 'h3=":443"'],
          ['Access-Control-Allow-Origin', 'https://evil'],
          ['X-Goog-Internal', 'x'],
          ['X-Sluice-Attempts', '99'],
          ['X-Gemini-Service-Tier', 'flex'],
        ],
        chunks: [Buffer.from('{"models":[]}')],
      },
    ]);
    const { headers, text } = await read(await fetch('/v1beta/models'));
    expect(text).toBe('{"models":[]}');
    expect(headers.get('x-gemini-service-tier')).toBe('flex');
    expect(headers.get('server-timing')).toBe('gfet4t7; dur=1');
    expect(headers.get('x-sluice-attempts')).toBe('1');
    for (const name of ['set-cookie', 'location', 'alt-svc', 'access-control-allow-origin', 'x-goog-internal']) {
      expect(headers.get(name), name).toBeNull();
    }
  });

  test('what nobody knows passes through, on one project per caller', async () => {
    const { fetch, simulator } = await mount({
      simulator: { projects: [1, 2, 3].map((n) => ({ id: `p${n}`, keys: [`key-of-project-${n}`] })) },
      gateway: { callers: ({ credential }) => (credential === null ? null : { id: credential }) },
    });
    for (const caller of ['ann', 'bob', 'cyd', 'ann', 'bob', 'cyd', 'ann']) {
      await read(
        await fetch('/v9nextgen/things/abc:frobnicate?x=1', {
          method: 'POST',
          body: 'raw',
          headers: { 'x-goog-api-key': caller },
        }),
      );
    }
    const keys = simulator.journal.requests.map(({ key }) => key);
    expect(new Set([keys[0], keys[3], keys[6]]).size).toBe(1);
    expect(keys[1]).toBe(keys[4]);
    expect(new Set(keys).size).toBe(3);
    expect(simulator.journal.requests[0]?.target).toBe('/v9nextgen/things/abc:frobnicate?x=1');
  });

  test('a call that creates something is sent again only when nothing was created', async () => {
    const { fetch, simulator } = await mount({ gateway: { retry: { baseDelayMs: 1 } } });
    const create = async (): Promise<number> =>
      (await read(await fetch('/v1beta/cachedContents', { method: 'POST', body: '{}', headers: json }))).status;
    simulator.plan('*', ['rst-before-headers', 'ok']);
    expect(await create()).toBe(502);
    expect(simulator.journal.requests).toHaveLength(1);
    simulator.plan('*', ['500', 'ok']);
    expect(await create()).toBe(500);
    expect(simulator.journal.requests).toHaveLength(2);
    simulator.plan('*', ['503', '404']);
    expect(await create()).toBe(404);
    expect(simulator.journal.requests).toHaveLength(4);
  });

  test('an alias stands for a model in a path', async () => {
    const { fetch, simulator } = await mount({ gateway: { routes: { fast: { model: 'gemini-2.5-flash' } } } });
    const answer = await fetch('/v1beta/models/fast:generateContent', {
      method: 'POST',
      body: '{"contents":[{"parts":[{"text":"hi"}]}]}',
      headers: json,
    });
    expect((await read(answer)).status).toBe(200);
    expect(simulator.journal.requests[0]?.target).toBe('/v1beta/models/gemini-2.5-flash:generateContent');
  });

  test('an OpenAI client that asks for /v1/models gets the list in its own form', async () => {
    const { fetch } = await mount();
    const openai = await read(await fetch('/v1/models', { headers: { authorization: 'Bearer k' } }));
    expect(JSON.parse(openai.text)).toMatchObject({ object: 'list' });
    const gemini = await read(await fetch('/v1/models', { headers: { 'x-goog-api-key': 'k' } }));
    expect(JSON.parse(gemini.text)).toMatchObject({ models: expect.any(Array) });
    const anthropic = await read(
      await fetch('/v1/models', { headers: { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' } }),
    );
    expect(anthropic.status).toBe(404);
  });
});

describeDrivers('the door', (driver, mount) => {
  const callers = [
    { id: 'alice', key: 'alice-8f2b1c9d4e7a' },
    { id: 'bob', key: 'bobby-1c9d4e7a8f2b' },
  ];

  test('lets in by any of three places, and keeps out everybody else with the same words', async () => {
    const { fetch } = await mount({ gateway: { callers } });
    const places: RequestInit[] = [
      { headers: { 'x-goog-api-key': 'alice-8f2b1c9d4e7a' } },
      { headers: { authorization: 'Bearer bobby-1c9d4e7a8f2b', 'x-goog-api-key': '' } },
      { headers: { authorization: 'bearer bobby-1c9d4e7a8f2b', 'x-goog-api-key': 'bobby-1c9d4e7a8f2b' } },
    ];
    for (const init of places) expect((await read(await fetch('/v1beta/models', init))).status).toBe(200);
    expect((await read(await fetch('/v1beta/models?key=alice-8f2b1c9d4e7a'))).status).toBe(200);
    const none = await read(await fetch('/v1beta/models'));
    const wrong = await read(await fetch('/v1beta/models', { headers: { 'x-goog-api-key': 'alice-8f2b1c9d4e7b' } }));
    expect([none.status, wrong.status]).toEqual([401, 401]);
    expect(none.text).toBe(wrong.text);
  });

  test('two credentials that differ are 400, and nothing goes up', async () => {
    const { fetch, simulator } = await mount({ gateway: { callers } });
    const answer = await read(
      await fetch('/v1beta/models?key=bobby-1c9d4e7a8f2b', { headers: { 'x-goog-api-key': 'alice-8f2b1c9d4e7a' } }),
    );
    expect(answer.status).toBe(400);
    expect(answer.text).not.toMatch(/alice|bobby/);
    expect(simulator.journal.requests).toHaveLength(0);
  });

  test.each([
    ['/', 404],
    ['/favicon.ico', 404],
    ['/V1/models', 404],
    ['//v1beta/models', 404],
    ['/v1beta/models%2f..%2f', 404],
    ['/v1beta/%2e%2e/models', 404],
    ['/v1beta/models/..%2fx:generateContent', 404],
    ['/v1beta/models/%zz', 400],
    ['/v1beta/models/a%00b', 400],
  ])('%s is %i, and nothing goes up', async (target, status) => {
    const { fetch, simulator } = await mount();
    const answer = await read(await fetch(target));
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({
      error: { code: status, message: expect.any(String), status: expect.any(String) },
    });
    expect(simulator.journal.requests).toHaveLength(0);
  });

  if (driver.client === 'node')
    test.each([
      ['two hosts', 'GET /v1beta/models HTTP/1.1\r\nhost: a\r\nhost: b\r\n', 400],
      ['a host with a path', 'GET /v1beta/models HTTP/1.1\r\nhost: a/b?c\r\n', 400],
      ['an empty host', 'GET /v1beta/models HTTP/1.1\r\nhost: \r\n', 400],
      ['an absolute target', 'GET http://169.254.169.254/latest HTTP/1.1\r\nhost: a\r\n', 400],
      ['a backslash', 'GET /v1beta\\models HTTP/1.1\r\nhost: a\r\n', 400],
      ['a fragment', 'GET /v1beta/models#x HTTP/1.1\r\nhost: a\r\n', 400],
      ['TRACE', 'TRACE /v1beta/models HTTP/1.1\r\nhost: a\r\n', 405],
      ['OPTIONS *', 'OPTIONS * HTTP/1.1\r\nhost: a\r\n', 405],
      ['two keys', 'GET /v1beta/models HTTP/1.1\r\nhost: a\r\nx-goog-api-key: k1\r\nx-goog-api-key: k2\r\n', 400],
      [
        'two tokens',
        'GET /v1beta/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer k1\r\nauthorization: Bearer k2\r\n',
        400,
      ],
      [
        '150 fields',
        `GET /v1beta/models HTTP/1.1\r\nhost: a\r\n${Array.from({ length: 150 }, (_, n) => `x-${n}: 1\r\n`).join('')}`,
        431,
      ],
    ])('%s', async (_what, head, status) => {
      const { origin, simulator } = await mount({ gateway: { callers } });
      const answer = await rawRequest(Number(new URL(origin ?? '').port), `${head}connection: close\r\n\r\n`);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: status } });
      expect(simulator.journal.requests).toHaveLength(0);
    });

  test('a JSON call wants JSON, and a method that fits', async () => {
    const { ask, fetch } = await mount();
    for (const type of [
      'text/plain',
      'application/json garbage',
      'application/json\ta',
      'application/json; charset=utf-7',
    ]) {
      expect((await read(await ask('generateContent', { headers: { 'content-type': type } }))).status, type).toBe(415);
    }
    expect(
      (await read(await ask('generateContent', { headers: { 'content-type': 'application/json; charset="UTF-8"' } })))
        .status,
    ).toBe(200);
    const wrong = await fetch('/v1beta/models/x:generateContent');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    await read(wrong);
  });

  test('a body over the limit is 413 by counted bytes', async () => {
    const { ask, simulator } = await mount({ gateway: { server: { maxBodyBytes: 1_000 } } });
    const streamed = new Blob(['x'.repeat(600), 'y'.repeat(600)]).stream();
    const chunked = { body: streamed, duplex: 'half' } as RequestInit;
    expect((await read(await ask('generateContent', { body: 'z'.repeat(1_001) }))).status).toBe(413);
    expect((await read(await ask('generateContent', chunked))).status).toBe(413);
    expect((await read(await ask('generateContent', { body: 'z'.repeat(1_000) }))).status).toBe(400);
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('what requests and held answers keep in memory is counted, and past the limit no large body is let in', async () => {
    const { ask, gateway, simulator } = await mount({ gateway: { server: { maxBufferedBytes: 200_000 } } });
    simulator.plan('*', ['no-answer', 'ok']);
    const leave = new AbortController();
    const first = ask('generateContent', { body: `{"x":"${'y'.repeat(160_000)}"}`, signal: leave.signal }).catch(
      () => null,
    );
    while (simulator.journal.running < 1) await new Promise((resolve) => setImmediate(resolve));
    expect(gateway.snapshot().bufferedBytes).toBe(160_008);
    const second = await read(await ask('generateContent', { body: 'z'.repeat(65_537) }));
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    expect(second.text).toContain('OVERLOADED');
    expect((await read(await ask('generateContent'))).status).toBe(200);
    leave.abort();
    await first;
  });

  test('a web page may call only from an origin that is named', async () => {
    const { fetch, simulator } = await mount({ gateway: { callers, server: { cors: ['https://app.example'] } } });
    const preflight = (origin: string): Promise<Response> =>
      fetch('/v1beta/models', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-goog-api-key',
        },
      });
    const granted = await preflight('https://app.example');
    expect([granted.status, granted.headers.get('access-control-allow-origin')]).toEqual([204, 'https://app.example']);
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    const answer = await fetch('/v1beta/models', { headers: { origin: 'https://app.example' } });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([401, 'https://app.example']);
    await read(answer);
    expect(simulator.journal.requests).toHaveLength(0);
  });

  test('a gateway that drains finishes what runs and lets nobody in', async () => {
    const { ask, gateway, simulator } = await mount({ simulator: { chunkMs: 5 } });
    const running = await ask('streamGenerateContent?alt=sse');
    const drained = gateway.drain({ withinMs: 5_000 });
    const late = await read(await ask('generateContent'));
    expect([late.status, late.headers.get('retry-after')]).toEqual([503, '1']);
    expect((await read(running)).text).toContain('STOP');
    await drained;
    expect(simulator.journal.requests).toHaveLength(1);
  });

  test('what runs for too long while it drains is ended by an error', async () => {
    const { ask, gateway, simulator } = await mount();
    simulator.plan('*', ['slow-stream', 'no-answer']);
    const stream = await ask('streamGenerateContent?alt=sse');
    const unary = ask('generateContent').then(read);
    while (simulator.journal.requests.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const answers = Promise.all([read(stream), unary]);
    let isRead = false;
    void answers.then(() => {
      isRead = true;
    });
    await gateway.drain({ withinMs: 20 });
    // Whoever exits now takes nothing from anybody.
    expect(isRead).toBe(true);
    const [answer] = await answers;
    expect(answer.brokenBy).not.toBeNull();
    expect(answer.text).toContain('DRAINING');
    expect((await unary).status).toBe(503);
    expect(driver.name).toContain('→');
  });
});
