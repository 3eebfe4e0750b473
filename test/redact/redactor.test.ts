/** Secrets are taken out of outputs: in every form, wherever chunks end, and nothing else is. */

import { execFileSync } from 'node:child_process';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { createRedactor, type StreamRedactor } from '../../src/redact/redactor.ts';

function redactorOf(secrets: Readonly<Record<string, string>>): StreamRedactor {
  const redactor = createRedactor();
  for (const [name, value] of Object.entries(secrets)) redactor.add(name, value);
  return redactor;
}

const SECRET = `p"ä's $w/+\\r&d?~(x)`;
const POSTGRES = 'postgres://ada:s3cr%2Ft%40x@db.example:5432/app';

/** Forms as others make them, each in its surroundings. */
const FORMS: readonly (readonly [string, string])[] = [
  ['as it is', SECRET],
  ['percent-encoded', encodeURIComponent(SECRET)],
  [
    'percent-encoded in small letters',
    encodeURIComponent(SECRET).replaceAll(/%../g, (e) => e.toLowerCase()),
  ],
  ['in a form of a page', new URLSearchParams({ a: SECRET }).toString().slice(2)],
  ['in JSON', JSON.stringify({ a: SECRET })],
  ['in JSON within JSON', JSON.stringify({ a: JSON.stringify({ a: SECRET }) })],
  ['in JSON of ASCII', JSON.stringify(SECRET).replaceAll('ä', '\\u00e4')],
  ['in hex', Buffer.from(`-${SECRET}-`).toString('hex')],
  ['in large hex', Buffer.from(SECRET).toString('hex').toUpperCase()],
  ['quoted for a shell', `'${SECRET.replaceAll("'", "'\\''")}'`],
  ['in double quotes of a shell', `"${SECRET.replaceAll(/["\\$`]/g, '\\$&')}"`],
  ['quoted for SQL', `'${SECRET.replaceAll("'", "''")}'`],
  ['in base64', Buffer.from(SECRET).toString('base64')],
  ['in base64 after one byte', Buffer.from(`:${SECRET}`).toString('base64')],
  ['in base64 after two bytes', Buffer.from(`a:${SECRET}/`).toString('base64')],
  ['in base64 after many bytes', Buffer.from(`user:${SECRET}, and more`).toString('base64')],
  ['in URL-safe base64', Buffer.from(`a${SECRET}`).toString('base64url')],
  ['in HTML', SECRET.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')],
];

describe('a secret', () => {
  it.each(FORMS)('is taken out %s', (_, form) => {
    const redacted = redactorOf({ KEY: SECRET }).text(`before ${form} after`);
    expect(redacted).toMatch(/^before .*\[redacted KEY\].* after$/);
    const half = form.length >> 1;
    expect(redacted).not.toContain(form.slice(half - 4, half + 4));
  });

  it('is taken out as printf %q of bash writes it', () => {
    const [secret] = [`s3cret 'with" $things;`];
    const form = execFileSync('bash', ['-c', 'printf %q "$1"', 'bash', secret], {
      encoding: 'utf8',
    });
    expect(redactorOf({ KEY: secret }).text(form)).toBe('[redacted KEY]');
  });

  it('in an address has a password, which is taken out alone, as written and decoded', () => {
    const redactor = redactorOf({ DB: POSTGRES });
    expect(redactor.text(`${POSTGRES} s3cr%2Ft%40x s3cr/t@x`)).toBe(
      '[redacted DB] [redacted DB] [redacted DB]',
    );
    expect(redactor.text('ada@db.example:5432/app')).toBe('ada@db.example:5432/app');
  });

  it.each([
    'postgres://u:p@ssw0rd/1@host/db',
    'host=a password=p@ssw0rd/1 user=u',
    "host=a password = 'p@ssw0rd/1' user=u",
    'postgres://host/db?user=u&password=p%40ssw0rd/1',
  ])('with a password, as %s, gives it away in no other form', (address) => {
    expect(redactorOf({ DB: address }).text('it is p@ssw0rd/1.')).not.toContain('ssw0rd');
  });

  it('of several lines is taken out line by line, too', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC';
    const key = `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`;
    expect(redactorOf({ KEY: key }).text(`  ${line}\r\n`)).toBe('  [redacted KEY]\r\n');
    expect(redactorOf({ KEY: key }).text(key)).toBe('[redacted KEY]');
  });

  it('of fewer than six characters stays, as it would be found everywhere (negative control)', () => {
    expect(redactorOf({ PIN: '12345' }).text('12345 123456')).toBe('12345 123456');
    expect(redactorOf({ PIN: '123456' }).text('12345 123456')).toBe('12345 [redacted PIN]');
  });
});

describe('an output in chunks', () => {
  it('is returned as it comes, but for what may become a secret', () => {
    const stream = redactorOf({ A: 'secret-of-all', B: 'secret' }).stream();
    const out = ['line 1\nline 2\n s', 'ecret-', 'of-no one', ' at all secret'].map((chunk) =>
      stream.push(Buffer.from(chunk)).toString(),
    );
    expect(out).toEqual(['line 1\nline 2\n', ' ', '[redacted B]-of-no o', 'ne at all ']);
    expect(stream.end().toString()).toBe('[redacted B]');
  });
});

describe('secrets that overlap', () => {
  it('leave no half', () => {
    const redactor = redactorOf({ A: 'abcdef123', B: '123xyz789' });
    expect(redactor.text('<abcdef123xyz789>')).toBe('<[redacted A][redacted B]>');
  });

  it('are taken out as the longest', () => {
    const redactor = redactorOf({ A: 'secret', B: 'secret-of-all', C: 'secret-of-alps' });
    expect(redactor.text('secret-of-all secret-of-alps secret-of-al')).toBe(
      '[redacted B] [redacted C] [redacted A]-of-al',
    );
  });

  it('in a chain are taken out as one, whatever its length', () => {
    const stream = redactorOf({ A: 'aaaaaaaa' }).stream();
    const out = [
      stream.push(Buffer.alloc(100_000, 'a')),
      stream.push(Buffer.from('ab')),
      stream.end(),
    ];
    expect(Buffer.concat(out).toString()).toBe('[redacted A]b');
  });
});

/** Secrets without the letters of a marker. */
const anySecret = fc.string({
  unit: fc.constantFrom(...`01289 +/'"\\äß€&%=\n`.split(''), '😀'),
  minLength: 6,
  maxLength: 24,
});
const anySecrets = fc.array(anySecret, { minLength: 1, maxLength: 8 });

/** What makes a form of a text, and what finds it again in what is left. */
const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => JSON.stringify(text).slice(1, -1),
  (text) => Buffer.from(text).toString('hex'),
  (text) => text.replaceAll("'", "''"),
];

describe('of any secrets', () => {
  it('no form is left in any text', () => {
    fc.assert(
      fc.property(
        anySecrets,
        fc.array(fc.tuple(fc.nat(7), fc.nat(4), fc.string({ maxLength: 5 })), { maxLength: 12 }),
        (secrets, parts) => {
          const redactor = createRedactor();
          for (const [at, secret] of secrets.entries()) redactor.add(`S${at}`, secret);
          const text = parts
            .map(([which, how, between]) => {
              return between + ENCODINGS[how]!(secrets[which % secrets.length]!);
            })
            .join('');
          const left = redactor.text(text);
          for (const secret of secrets) {
            for (const encode of ENCODINGS) expect(left.includes(encode(secret))).toBe(false);
          }
        },
      ),
    );
  });

  it('none is left in base64 of bytes around it', () => {
    fc.assert(
      fc.property(
        anySecret,
        fc.uint8Array({ maxLength: 9 }),
        fc.uint8Array({ maxLength: 9 }),
        fc.constantFrom('base64' as const, 'base64url' as const),
        (secret, before, after, encoding) => {
          const bytes = Buffer.concat([before, Buffer.from(secret), after]);
          const left = redactorOf({ K: secret }).text(bytes.toString(encoding));
          expect(left).toContain('[redacted K]');
          const rest = left.replaceAll('[redacted K]', '');
          // What is left is of the bytes around, and of one character on each side at most.
          expect(rest.length * 6).toBeLessThanOrEqual((before.length + after.length) * 8 + 4 * 6);
        },
      ),
    );
  });

  it('chunks make no difference', () => {
    fc.assert(
      fc.property(
        anySecrets,
        fc.array(fc.oneof(fc.nat(7), fc.string({ maxLength: 5 })), { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
        (secrets, parts, sizes) => {
          const redactor = createRedactor();
          for (const [at, secret] of secrets.entries()) redactor.add(`S${at}`, secret);
          const bytes = Buffer.from(
            parts
              .map((one) => (typeof one === 'string' ? one : secrets[one % secrets.length]))
              .join(''),
          );
          const stream = redactor.stream();
          const out: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
            const size = sizes[turn % sizes.length]!;
            out.push(stream.push(bytes.subarray(at, at + size)));
            at += size;
          }
          expect(Buffer.concat([...out, stream.end()])).toEqual(redactor.bytes(bytes));
        },
      ),
    );
  });

  it('a text without them is as it was', () => {
    fc.assert(
      fc.property(anySecrets, fc.string({ unit: 'binary' }), (secrets, text) => {
        const redactor = createRedactor();
        for (const secret of secrets) redactor.add('S', secret);
        fc.pre(!redactor.text(text).includes('[redacted S]'));
        expect(redactor.text(text)).toBe(text);
        expect(redactor.bytes(Buffer.from(text))).toEqual(Buffer.from(text));
      }),
    );
    const alone = '\ud800 is no character';
    expect(redactorOf({ A: 'secret' }).text(alone)).toBe(alone);
  });
});

describe('a thousand secrets', () => {
  it('are taken out of megabytes, hostile ones too, in seconds', () => {
    const redactor = createRedactor();
    const secrets = Array.from(
      { length: 1000 },
      (_, at) => `sk_live_${String(at * 7919).padStart(24, 'x')}/+`,
    );
    for (const [at, secret] of secrets.entries()) redactor.add(`S${at}`, secret);
    const quiet = Buffer.from('2026-12-06T02:00:00Z GET /health 200 12ms\n'.repeat(100_000));
    const hostile = Buffer.from('sk_live_xxxxxxxxxxxx'.repeat(100_000));
    const full = Buffer.from(secrets.join('\n').repeat(30));
    expect(redactor.bytes(quiet)).toEqual(quiet);
    const times = [quiet, hostile, full].map((bytes) => {
      const before = process.hrtime.bigint();
      redactor.bytes(bytes);
      return Number(process.hrtime.bigint() - before) / 1e9;
    });
    expect(redactor.bytes(full).includes('sk_live_')).toBe(false);
    for (const time of times) expect(time).toBeLessThan(20);
  });
});
