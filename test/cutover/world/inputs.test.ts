/** Inputs have the values that a runbook, a variable or a file gives; a secret is known before it is used. */

import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';

import { afterAll, describe, expect, it } from 'vitest';

import { inputValues } from '../../../src/cutover/world/inputs.ts';
import { createRedactor } from '../../../src/redact/redactor.ts';
import { Failure } from '../../../src/outcome/failure.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealift-inputs-'));
afterAll(() => rmSync(folder, { recursive: true }));

const INPUTS = new Map<string, string | number | boolean | { secret: string }>([
  ['tag', 'v1'],
  ['percent', 10],
  ['db', { secret: 'DB_URL' }],
]);

function values(variables: Readonly<Record<string, string | undefined>>) {
  const redactor = createRedactor();
  return { input: inputValues(INPUTS, { variables, redactor }), redactor };
}

function fileWith(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return `${error.code} ${error.line()}`;
    throw error;
  }
  return 'none';
}

describe('an input', () => {
  it('has the value that is written, as a text', () => {
    const { input } = values({});
    expect([input('tag'), input('percent')]).toEqual(['v1', '10']);
  });

  it('that is a secret has that of its variable, and is redacted before anything has read it', () => {
    const { input, redactor } = values({ DB_URL: 'a-secret-value' });
    expect(redactor.text('a-secret-value')).toBe('[redacted DB_URL]');
    expect(input('db')).toBe('a-secret-value');
  });

  it.each([
    ['without a line break', 'a-secret-value', 'a-secret-value'],
    ['with one', 'a-secret-value\n', 'a-secret-value'],
    ['with one of Windows', 'a-secret-value\r\n', 'a-secret-value'],
    ['with two, of which one stays', 'a-secret-value\n\n', 'a-secret-value\n'],
  ])('that is a secret has that of a file %s', (_, content, value) => {
    const { input } = values({ DB_URL_FILE: fileWith('value', content) });
    expect(input('db')).toBe(value);
  });

  it('is read over a link, as mounted secrets are', () => {
    symlinkSync(fileWith('linked', 'a-secret-value'), join(folder, 'link'));
    expect(values({ DB_URL_FILE: join(folder, 'link') }).input('db')).toBe('a-secret-value');
  });

  it('that is a secret and missing is one line, which names the variable', () => {
    const line =
      'USAGE the secret of input "db" is missing: set DB_URL, or DB_URL_FILE to the name of a file with it';
    expect(failure(() => values({}).input('db'))).toBe(line);
    expect(failure(() => values({ DB_URL: '' }).input('db'))).toBe(line);
    expect(failure(() => values({ DB_URL_FILE: fileWith('empty', '\n') }).input('db'))).toBe(line);
  });

  it('whose file is missing, too long, no text or a pipe is one line without its content', () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const files = [
      join(folder, 'missing'),
      fileWith('long', Buffer.alloc(64 * 1024 + 1, 'x')),
      fileWith('bytes', Buffer.from([0xff, 0xfe, 0x80])),
      join(folder, 'pipe'),
      folder,
    ];
    for (const file of files) {
      expect(failure(() => values({ DB_URL_FILE: file }).input('db'))).toBe(
        'USAGE the file that DB_URL_FILE names is no text of at most 64 KiB that can be read: check the path and its permissions',
      );
    }
    const most = fileWith('most', Buffer.alloc(64 * 1024, 'x'));
    expect(values({ DB_URL_FILE: most }).input('db')).toHaveLength(64 * 1024);
  });

  it('that is not declared is told', () => {
    expect(failure(() => values({}).input('app'))).toBe(
      'USAGE there is no input "app": declare it in the runbook',
    );
  });
});
