/** Shapes of single options; each says in people's words what it wants. */

import * as z from 'zod/mini';

export const name: z.ZodMiniString<string> = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'a name of letters, digits, ".", "_" and "-"'));

/** A whole number within bounds; what is asked for is said whole, whatever was wrong. */
export const whole = (from = 0, to: number = Number.MAX_SAFE_INTEGER): z.ZodMiniType<number> =>
  z.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
    `a whole number from ${from} ${to === Number.MAX_SAFE_INTEGER ? 'up' : `to ${to}`}`,
  );

export const share: z.ZodMiniType<number> = z.custom<number>(
  (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  'a number above 0',
);

export const heapShare: z.ZodMiniType<number> = z.custom<number>(
  (value) => typeof value === 'number' && value >= 0 && value <= 1,
  'a share from 0 to 1',
);

/** It stands in a path, after `models/`. */
export const model: z.ZodMiniString<string> = z
  .string()
  .check(z.regex(/^(?:models\/)?[A-Za-z0-9][\w.-]{0,127}$/, 'the name of a model, without a path'));

export const modelName: z.ZodMiniString<string> = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][\w.-]{0,127}$/, 'the name of a model, without models/'));

export const origin: z.ZodMiniString<string> = z
  .string()
  .check(z.refine(isOrigin, { message: 'an origin like https://host:port, without a path' }));

export const corsOrigin: z.ZodMiniString<string> = z
  .string()
  .check(z.refine(isCorsOrigin, { message: '"*" or an origin like https://host' }));

export const addressRange: z.ZodMiniString<string> = z
  .string()
  .check(z.refine(isAddressRange, { message: 'an IP address or a range of them, like 10.0.0.0/8' }));

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, pathname, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && pathname === '/' && `${search}${hash}${username}${password}` === '';
}

function isAddressRange(text: string): boolean {
  return [z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()].some((shape) => shape.safeParse(text).success);
}

function isCorsOrigin(text: string): boolean {
  return text === '*' || (URL.canParse(text) && (new URL(text).origin === text || !/^https?:/.test(text)));
}
