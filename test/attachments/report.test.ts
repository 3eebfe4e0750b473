/** A report of the provider in place of reading: only what it says of this bucket and these bytes counts. */

import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { workFolder } from '../kit/project.ts';
import { reasonsOf } from './project.ts';
import { smallProject, TABLE, type Small } from './small.ts';
import { strictPlace } from './storePlaces.ts';

const WORK = workFolder('attachments-report');
const store = strictPlace();

/** A line of a report, as the provider writes it. */
interface Line {
  readonly bucket: string;
  readonly key: string;
  readonly status?: string;
  readonly message: Readonly<Record<string, string>>;
}

const sum = (text: string): Buffer => createHash('sha256').update(text).digest();

function told(text: string, more: Readonly<Record<string, string>> = {}): Line['message'] {
  return {
    checksum_base64: sum(text).toString('base64'),
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    checksumAlgorithm: 'SHA256',
    checksumType: 'FULL_OBJECT',
    checksum_hex: sum(text).toString('hex').toUpperCase(),
    ...more,
  };
}

function cell(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function csv(lines: readonly Line[]): string {
  return lines
    .map(({ bucket, key, status = 'succeeded', message }) => {
      const name = encodeURIComponent(key).replaceAll('%2F', '/');
      return [bucket, name, '', status, '', '200', JSON.stringify(message)].map(cell).join(',');
    })
    .join('\n');
}

beforeAll(() => store.begin());
afterAll(() => store.end());

/** Moves the files of the rows `a b` and 2, and verifies them by a report with these lines. */
async function verified(
  name: string,
  linesOf: (keys: readonly [string, string]) => readonly Line[],
): Promise<{ small: Small; code: number | null; facts: Readonly<Record<string, unknown>> }> {
  const { url, env } = await store.make(name);
  const sql = `${TABLE}INSERT INTO file VALUES ('1 b', 'a', NULL), (2, 'b', NULL);`;
  const files = { a: 'aaa', b: 'bbb' };
  const small = smallProject(join(WORK, name), files, sql, { store: url }, { env });
  await small.run('migrate');
  const report = join(small.project, 'report.csv');
  writeFileSync(report, csv(linesOf([small.keyOf('1 b') ?? '', small.keyOf(2) ?? ''])));
  const { code, facts } = await small.said('verify', '--report', report);
  return { small, code, facts };
}

describe('a report of the provider', () => {
  it('verifies the objects that it has, and names those that it lacks', async () => {
    const all = await verified('all', ([a, b]) => [
      { bucket: 'all', key: a, message: told('aaa') },
      { bucket: 'all', key: b, message: told('bbb') },
    ]);
    expect(all).toMatchObject({ code: 0, facts: { right: 2 } });
    const one = await verified('one', ([, b]) => [{ bucket: 'one', key: b, message: told('bbb') }]);
    expect(one).toMatchObject({ code: 2, facts: { right: 1, unverified: 1 } });
  });

  it('finds an object with other bytes', async () => {
    const { code, facts } = await verified('bytes', ([a, b]) => [
      { bucket: 'bytes', key: a, message: told('aab') },
      { bucket: 'bytes', key: b, message: told('bbb') },
    ]);
    expect([code, facts]).toMatchObject([2, { right: 1, wrong: 1 }]);
  });

  it('says nothing of another bucket', async () => {
    const { code, facts } = await verified('bucket', ([a, b]) => [
      { bucket: 'other', key: a, message: told('aaa') },
      { bucket: 'bucket', key: b, message: told('bbb') },
    ]);
    expect([code, facts]).toMatchObject([2, { right: 1, unverified: 1 }]);
  });

  it('that has an object twice, with different bytes, says nothing of it', async () => {
    const { small, code, facts } = await verified('twice', ([a, b]) => [
      { bucket: 'twice', key: a, message: told('aab') },
      { bucket: 'twice', key: a, message: told('aaa') },
      { bucket: 'twice', key: b, message: told('bbb') },
      { bucket: 'twice', key: b, message: told('bbb') },
    ]);
    expect([code, facts]).toMatchObject([2, { right: 1, unverified: 1 }]);
    const reasons = [...reasonsOf(small.project, 'attachments-verify').values()];
    expect(reasons.join()).toContain('the report has it more than once, with different SHA-256');
  });

  it.each([
    ['composite', told('aaa', { checksumType: 'COMPOSITE' })],
    ['of no type', { checksumAlgorithm: 'SHA256', checksum_hex: sum('aaa').toString('hex') }],
    ['of two values', told('aaa', { checksum_hex: sum('aab').toString('hex') })],
    ['of another algorithm', told('aaa', { checksumAlgorithm: 'CRC64NVME' })],
  ])('counts no checksum that is %s', async (what, message) => {
    const name = what.replaceAll(' ', '-');
    const { code, facts } = await verified(name, ([a, b]) => [
      { bucket: name, key: a, message },
      { bucket: name, key: b, message: told('bbb') },
    ]);
    expect([code, facts]).toMatchObject([2, { right: 1, unverified: 1 }]);
  });

  it('with a line without end is refused, and not held in memory', async () => {
    const { small } = await verified('endless', ([, b]) => [
      { bucket: 'endless', key: b, message: told('bbb') },
    ]);
    const report = join(small.project, 'endless.csv');
    writeFileSync(report, `"${'x'.repeat(2 ** 21)}`);
    const { code, stderr } = await small.run('verify', '--report', report);
    expect([code, stderr]).toEqual([64, expect.stringContaining('the report has no SHA-256')]);
  });
});
