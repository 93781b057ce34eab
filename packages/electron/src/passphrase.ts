/** Encryption under a passphrase, for systems that encrypt nothing themselves: scrypt, then AES-256-GCM. */

import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import * as z from 'zod';

/**
 * What OWASP recommends for scrypt: 128 MiB and some tenths of a second for each guess. Sealed texts carry them, and others
 * are not read, so that nobody who can write the file decides how much memory is spent.
 */
const cost = { N: 131_072, r: 8, p: 1 } as const;
const scryptBytes = 128 * cost.N * cost.r;

const base64 = z.base64().max(8_192);

/** A text under a passphrase, as it stands in a file. */
export const sealedSchema: z.ZodObject<{
  kdf: z.ZodLiteral<'scrypt'>;
  N: z.ZodLiteral<131_072>;
  r: z.ZodLiteral<8>;
  p: z.ZodLiteral<1>;
  salt: z.ZodBase64;
  iv: z.ZodBase64;
  tag: z.ZodBase64;
  text: z.ZodBase64;
}> = z.strictObject({
  kdf: z.literal('scrypt'),
  N: z.literal(cost.N),
  r: z.literal(cost.r),
  p: z.literal(cost.p),
  salt: base64,
  iv: base64,
  tag: base64,
  text: base64,
});
export type Sealed = z.infer<typeof sealedSchema>;

/** @param purpose - what the text is; it is authenticated, so that nothing else that was sealed can stand in its place */
export async function seal(text: string, passphrase: string, purpose: string): Promise<Sealed> {
  const salt = randomBytes(16);
  const iv = randomBytes(12); // 96 bits, random: each text has a key of its own by its salt
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt), iv);
  cipher.setAAD(boundTo(purpose));
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  const [saltText, ivText, tag, sealed] = [salt, iv, cipher.getAuthTag(), bytes].map((b) => b.toString('base64'));
  return { kdf: 'scrypt', ...cost, salt: saltText ?? '', iv: ivText ?? '', tag: tag ?? '', text: sealed ?? '' };
}

/** @returns null when the passphrase is wrong or something was changed; nobody can tell these apart */
export async function unseal(sealed: Sealed, passphrase: string, purpose: string): Promise<string | null> {
  const [salt, iv, tag, text] = [sealed.salt, sealed.iv, sealed.tag, sealed.text].map((b) => Buffer.from(b, 'base64'));
  if (!salt || !text || iv?.length !== 12 || tag?.length !== 16) return null;
  const decipher = createDecipheriv('aes-256-gcm', await derive(passphrase, salt), iv, { authTagLength: 16 });
  decipher.setAAD(boundTo(purpose)).setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

function boundTo(purpose: string): Buffer {
  return Buffer.from(`sluice|${purpose}|scrypt|${cost.N}|${cost.r}|${cost.p}`);
}

/** The same characters may be typed in more ways than one. */
function derive(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { ...cost, maxmem: 2 * scryptBytes };
    scrypt(passphrase.normalize('NFKC'), salt, 32, options, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
