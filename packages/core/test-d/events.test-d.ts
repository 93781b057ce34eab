import {
  type AttemptEvent,
  type BreakerEvent,
  createGateway,
  type ErrorCode,
  type GatewayEvents,
  isSluiceError,
  type KeyEvent,
  type RequestEndEvent,
  type RetryEvent,
  SluiceError,
} from '@sluice/core';
import { expectTypeOf, test } from 'vitest';

const gateway = createGateway({ keys: 'k', callers: 'anyone' });

test('the name of an event decides what a listener is given', () => {
  gateway.on('attempt', (event) => expectTypeOf(event).toEqualTypeOf<AttemptEvent>());
  gateway.on('retry', (event) => expectTypeOf(event).toEqualTypeOf<RetryEvent>());
  gateway.on('request', (event) => expectTypeOf(event).toEqualTypeOf<RequestEndEvent>());
  gateway.on('key', (event) => expectTypeOf(event).toEqualTypeOf<KeyEvent>());
  gateway.on('breaker', (event) => expectTypeOf(event).toEqualTypeOf<BreakerEvent>());
  expectTypeOf<keyof GatewayEvents>().toEqualTypeOf<
    'attempt' | 'retry' | 'request' | 'key' | 'breaker' | 'project' | 'store' | 'overload'
  >();
});

test('listening can be ended', () => {
  expectTypeOf(gateway.on('key', () => {})).toEqualTypeOf<() => void>();
});

test('events are plain data that nobody changes', () => {
  gateway.on('request', (event) => {
    // @ts-expect-error: read only
    event.status = 200;
    expectTypeOf(event.usage?.prompt).toEqualTypeOf<number | undefined>();
    expectTypeOf(event.model).toEqualTypeOf<string | null>();
  });
});

test('an error is told from any other value', () => {
  const value: unknown = null;
  if (isSluiceError(value, 'circuit_open')) {
    expectTypeOf(value).toEqualTypeOf<SluiceError>();
    expectTypeOf(value.code).toEqualTypeOf<ErrorCode>();
  }
  // @ts-expect-error: the list of codes is closed
  new SluiceError('made_up', 'x');
});

test('a gateway stands in for fetch', () => {
  expectTypeOf(gateway.fetch).toExtend<typeof fetch>();
});
