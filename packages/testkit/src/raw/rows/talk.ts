/** B72 to B79: how client and server talk: expectations, upgrades, pace, and who hangs up. */

import type { RawInput } from '../input.ts';
import { rawMaxBodyBytes } from '../input.ts';
import { bytes, headOf, passedOn, prompt, refused, request, unparsed, wished } from '../request.ts';

const expecting = { more: ['expect: 100-continue'] };

/** More than bytes. */
export const talks: readonly RawInput[] = [
  {
    id: 'B72',
    what: '`Expect: 100-continue`',
    rule: 'what is refused anyway is refused before 100',
    cases: [
      {
        name: 'without a key',
        sends: (to) => bytes(headOf(to, { ...expecting, key: null }, prompt.length)),
        expected: refused(401, 'UNAUTHORIZED'),
      },
      {
        name: 'too large',
        sends: (to) => bytes(headOf(to, expecting, rawMaxBodyBytes + 1)),
        expected: refused(413, 'PAYLOAD_TOO_LARGE'),
      },
      {
        name: 'wanted',
        sends: (to) => ({
          pieces: [headOf(to, expecting, prompt.length), 'until-heard', prompt],
          body: Buffer.from(prompt),
        }),
        expected: { ...passedOn(200), interim: [100] },
      },
    ],
  },
  {
    id: 'B73',
    what: '`Expect: foo`',
    cases: [wished({ ...unparsed(417, 'EXPECTATION_FAILED'), closes: undefined }, { more: ['expect: foo'] })],
  },
  {
    id: 'B74',
    what: '`Upgrade: websocket` on a `POST`',
    cases: [wished(passedOn(200), { more: ['connection: upgrade', 'upgrade: websocket'] })],
  },
  { id: 'B75', what: '`GET` with a body', cases: [wished(refused(405, 'METHOD_NOT_ALLOWED'), { method: 'GET' })] },
  {
    id: 'B76',
    what: 'two requests in one piece, the second without a key',
    cases: [
      {
        name: '',
        sends: (to) => ({
          pieces: [
            Buffer.concat(
              [request(to), request(to, { key: null })].flatMap(({ pieces }) =>
                pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)),
              ),
            ),
          ],
          body: Buffer.from(prompt),
        }),
        expected: { by: 'provider', statuses: [200, 401], calls: 1 },
      },
    ],
  },
  {
    id: 'B77',
    what: 'headers that stop coming',
    needs: 'hasty',
    cases: [
      {
        name: '',
        sends: ({ prefix }) => bytes(`GET ${prefix}/v1beta/models HTTP/1.1\r\nhost: `),
        expected: unparsed(408, 'REQUEST_TIMEOUT'),
      },
    ],
  },
  {
    id: 'B78',
    what: 'a body that stops coming',
    needs: 'hasty',
    cases: [
      {
        name: '',
        sends: (to) => bytes(headOf(to, {}, prompt.length), prompt.slice(0, 9)),
        expected: { ...refused(408, 'REQUEST_TIMEOUT'), closes: true },
      },
    ],
  },
  {
    id: 'B79',
    what: 'a client that half-closes behind its request',
    rule: 'a half-close counts as a disconnect: the call to the provider is abandoned',
    cases: [
      {
        name: '',
        sends: (to) => bytes(...request(to).pieces, 'until-called'),
        plan: ['no-answer'],
        halfCloses: true,
        expected: { by: 'nobody', statuses: [], calls: 1, closes: true },
      },
    ],
  },
];
