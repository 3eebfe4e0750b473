import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSecretKey } from '../../src/mapping/secretKey.ts';
import { Failure } from '../../src/outcome/failure.ts';
import { writeProject } from './project.ts';

const KEY = Buffer.from(Array.from({ length: 32 }, (_, i) => 200 - i));
const HEX = KEY.toString('hex');
const BASE64 = KEY.toString('base64');

function lineOf(env: Record<string, string>): string {
  try {
    readSecretKey('customers-2025', env);
  } catch (error) {
    if (error instanceof Failure && error.code === 'USAGE') return error.line();
    throw error;
  }
  throw new Error('not refused');
}

function keyFile(content: string): string {
  return join(writeProject({ key: content }), 'mapping/key');
}

describe('readSecretKey', () => {
  it.each([HEX, HEX.toUpperCase(), BASE64])('reads hex and base64 from the environment', (text) => {
    const env = { SEALIFT_KEY_CUSTOMERS_2025: text };
    expect(readSecretKey('customers-2025', env)).toEqual(new Uint8Array(KEY));
  });

  it.each(['', '\n', '\r\n'])('reads a file, one newline at its end allowed (%j)', (end) => {
    const env = { SEALIFT_KEY_CUSTOMERS_2025_FILE: keyFile(BASE64 + end) };
    expect(readSecretKey('customers-2025', env)).toEqual(new Uint8Array(KEY));
  });

  it.each([
    ['short', KEY.subarray(1).toString('base64'), 'shorter than 32 bytes'],
    ['empty', '', 'shorter than 32 bytes'],
    ['all zeros in hex', '00'.repeat(32), 'one byte repeated'],
    ['all zeros in base64', Buffer.alloc(32).toString('base64'), 'one byte repeated'],
    ['all zeros in base64 that looks like hex', 'A'.repeat(64), 'one byte repeated'],
    ['with an inner newline', `${HEX.slice(0, 8)}\n${HEX.slice(8)}`, 'neither hex nor base64'],
    ['with two newlines at its end', `${BASE64}\n\n`, 'neither hex nor base64'],
    ['with a blank', ` ${BASE64}`, 'neither hex nor base64'],
    ['without padding', BASE64.replace('=', ''), 'neither hex nor base64'],
    ['of odd hex', `${HEX}a`, 'neither hex nor base64'],
  ])('refuses a key %s, and prints none of it', (_name, text, expected) => {
    for (const line of [
      lineOf({ SEALIFT_KEY_CUSTOMERS_2025: text }),
      lineOf({ SEALIFT_KEY_CUSTOMERS_2025_FILE: keyFile(`${text}\n`) }),
    ]) {
      expect(line).toContain(expected);
      expect(line).toContain('SEALIFT_KEY_CUSTOMERS_2025');
      expect(line).not.toContain(text.trim().slice(0, 6) || '\n');
    }
  });

  it('says what to set when the key is missing', () => {
    expect(lineOf({})).toBe(
      'the secret key "customers-2025" is missing (SEALIFT_KEY_CUSTOMERS_2025): ' +
        'set SEALIFT_KEY_CUSTOMERS_2025, or SEALIFT_KEY_CUSTOMERS_2025_FILE ' +
        'to the path of a file that holds it',
    );
  });

  it('refuses a key given twice, a file that is not there and a folder', () => {
    const file = keyFile(HEX);
    const twice = { SEALIFT_KEY_CUSTOMERS_2025: HEX, SEALIFT_KEY_CUSTOMERS_2025_FILE: file };
    expect(lineOf(twice)).toContain('is given twice');
    expect(lineOf({ SEALIFT_KEY_CUSTOMERS_2025_FILE: `${file}x` })).toContain('cannot be read');
    const folder = { SEALIFT_KEY_CUSTOMERS_2025_FILE: join(file, '..') };
    expect(lineOf(folder)).toContain('small ordinary file');
  });
});
