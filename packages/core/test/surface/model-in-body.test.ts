import { expect, test } from 'vitest';
import { modelInBody } from '../../src/surface/model-in-body.ts';

test.each([
  ['{"model":"gemini-2.5-flash","messages":[]}', 'gemini-2.5-flash'],
  ['\ufeff  {\n  "messages": [{"model": "no"}],\n  "model": "last"\n}', 'last'],
  ['{"metadata":{"model":"no"},"model":"m"}', 'm'],
  ['{"model":"first","model":"second"}', 'first'],
  ['{"a":"\\"model\\":\\"no\\"","model":"m"}', 'm'],
  ['{"messages":[]}', null],
  ['{"model":null}', null],
  ['{"model":"cut', null],
  ['[{"model":"no"}]', 'no'],
  ['', null],
  ['broken', null],
])('%j names %j', (body, model) => {
  expect(modelInBody(Buffer.from(body))).toBe(model);
});

test('a name behind the first MiB is not looked for', () => {
  const far = Buffer.from(`{"messages":"${'x'.repeat(1_100_000)}","model":"far"}`);
  const near = Buffer.from(`{"messages":"${'x'.repeat(900_000)}","model":"near"}`);
  expect([modelInBody(far), modelInBody(near)]).toEqual([null, 'near']);
});
