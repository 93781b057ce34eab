/** Searches bytes for secrets, in every form in which one may slip out. */

/** A form of a secret, and how it is told. */
interface Form {
  readonly encoding: string;
  readonly bytes: Buffer;
}

/** Something that was found where it must not be. */
export interface Leak {
  readonly canary: string;
  readonly encoding: string;
  readonly place: string;
  readonly at: number;
}

/** Looks for some canaries. Each is searched for by its stem, which all secrets of its kind have in common. */
export class CanarySearch {
  readonly #forms: readonly (Form & { readonly canary: string })[];

  /** @param stems - by name; long enough to stand nowhere by chance */
  constructor(stems: Readonly<Record<string, string>>) {
    this.#forms = Object.entries(stems).flatMap(([canary, stem]) => formsOf(stem).map((form) => ({ canary, ...form })));
  }

  leaksIn(place: string, content: Buffer | string): Leak[] {
    const bytes = Buffer.from(content);
    return this.#forms.flatMap(({ canary, encoding, bytes: form }) => {
      const at = bytes.indexOf(form);
      return at < 0 ? [] : [{ canary, encoding, place, at }];
    });
  }
}

/** Every form of a secret that somebody could undo. */
export function formsOf(secret: string): Form[] {
  const bytes = Buffer.from(secret);
  const hex = bytes.toString('hex');
  const percent = (digits: string): string => digits.replace(/../g, '%$&');
  const forms: [string, string | Buffer][] = [
    ['plain', secret],
    ['lower case', secret.toLowerCase()],
    ['reversed', [...secret].reverse().join('')],
    ['hex', hex],
    ['hex in capitals', hex.toUpperCase()],
    ['escapes of a URL', percent(hex)],
    ['escapes of a URL in capitals', percent(hex.toUpperCase())],
    ['escapes of JSON', hex.replace(/../g, '\\u00$&')],
    ['UTF-16', Buffer.from(secret, 'utf16le')],
  ];
  for (const place of [0, 1, 2]) {
    const base64 = base64At(bytes, place);
    forms.push([`base64 at ${place}`, base64]);
    forms.push([`base64 for URLs at ${place}`, base64.replaceAll('+', '-').replaceAll('/', '_')]);
  }
  return forms.map(([encoding, text]) => ({ encoding, bytes: Buffer.from(text as string) }));
}

/** What of its base64 is the same whatever stands before and behind it, when `place` bytes stand before it in its group. */
function base64At(bytes: Buffer, place: number): string {
  const text = Buffer.concat([Buffer.alloc(place), bytes]).toString('base64');
  const openBits = ((place + bytes.length) * 8) % 6;
  const end = text.replace(/=+$/, '').length - (openBits === 0 ? 0 : 1);
  return text.slice([0, 2, 3][place], end);
}
