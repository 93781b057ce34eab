import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { isLoopback, localOrigin, remoteAddressReader } from '../src/address.ts';

const requestFrom = (remoteAddress: string, forwarded?: string) =>
  ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

test('loopback is this machine alone, in all its spellings', () => {
  for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', 'LOCALHOST', '::1', '[::1]', '::ffff:127.0.0.1']) {
    expect(isLoopback(host), host).toBe(true);
  }
  for (const host of ['0.0.0.0', '::', '', '10.0.0.1', '128.0.0.1', 'localhost.example', 'example', '::2']) {
    expect(isLoopback(host), host).toBe(false);
  }
});

test('the origin that is shown is one that can be connected to', () => {
  expect(localOrigin('127.0.0.1', 80)).toBe('http://127.0.0.1:80');
  expect(localOrigin('0.0.0.0', 80)).toBe('http://localhost:80');
  expect(localOrigin('::', 80)).toBe('http://localhost:80');
  expect(localOrigin('::1', 80)).toBe('http://[::1]:80');
});

test('without trusted proxies nobody is believed', () => {
  expect(remoteAddressReader([])(requestFrom('10.0.0.1', '1.2.3.4'))).toBe('10.0.0.1');
});

test('trusted proxies are believed from the right, up to the first address that is not trusted', () => {
  const read = remoteAddressReader(['10.0.0.0/8', '2001:db8::1']);
  expect(read(requestFrom('10.0.0.1', '6.6.6.6, 1.2.3.4, 10.9.9.9'))).toBe('1.2.3.4');
  expect(read(requestFrom('2001:db8::1', '1.2.3.4'))).toBe('1.2.3.4');
  expect(read(requestFrom('::ffff:10.0.0.1', '1.2.3.4'))).toBe('1.2.3.4');
  expect(read(requestFrom('8.8.8.8', '1.2.3.4'))).toBe('8.8.8.8');
  expect(read(requestFrom('10.0.0.1'))).toBe('10.0.0.1');
  expect(read(requestFrom('10.0.0.1', '10.0.0.2'))).toBe('10.0.0.2');
  expect(read(requestFrom('10.0.0.1', 'evil\r\n, 10.0.0.2'))).toBe('10.0.0.2');
  expect(read(requestFrom('10.0.0.1', '1.2.3.4:555'))).toBe('1.2.3.4');
  expect(read(requestFrom('10.0.0.1', '[2001:db8::9]:555'))).toBe('2001:db8::9');
});
