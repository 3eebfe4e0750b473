/** diff finds exactly what differs, reads little, and believes nothing that it has not hashed. */

import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { valueLines } from '../../src/diff/differenceFinding.ts';
import { diffCandidates } from '../../src/diff/diffCandidates.ts';
import { openSide } from '../../src/seal/opened/side.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { formatSums, parseSums, SUMS_FILE } from '../../src/seal/format.ts';
import { randomOf } from '../dogschool/random.ts';
import { brief, compared, sealed, temporary, type Data, type Row } from './sealed.ts';

const FIELDS = { id: 'integer', name: 'string', born: 'date' };

function dogs(count: number): Row[] {
  return Array.from({ length: count }, (_, at) => ({
    id: at * 2 - 100,
    name: `dog ${(at * 7919) % 1000}`,
    born: `20${String(at % 25).padStart(2, '0')}-01-31`,
  }));
}

/** What has to be found, from the records alone. */
function expected(a: readonly Row[], b: readonly Row[]): string[] {
  const [inA, inB] = [a, b].map((rows) => new Map(rows.map((row) => [row['id'] as number, row])));
  const ids = new Set([...(inA?.keys() ?? []), ...(inB?.keys() ?? [])]);
  return [...ids]
    .sort((one, other) => one - other)
    .flatMap((id) => {
      const [one, other] = [inA?.get(id), inB?.get(id)];
      if (one === undefined) return [`record-inserted dog [${id}] -`];
      if (other === undefined) return [`record-deleted dog [${id}] -`];
      const fields = Object.keys(FIELDS).filter((name) => one[name] !== other[name]);
      return fields.length === 0 ? [] : [`record-changed dog [${id}] ${fields.sort().join('+')}`];
    });
}

function altered(records: readonly Row[], seed: number, changes: number): Row[] {
  const random = randomOf(seed, 'diff');
  const rows = new Map(records.map((row) => [row['id'] as number, row]));
  const ids = [...rows.keys()];
  for (let change = 0; change < changes; change += 1) {
    const id = ids[random.integer(0, ids.length - 1)] ?? 0;
    const row = rows.get(id);
    const kind = random.integer(0, 4);
    if (kind === 0) rows.delete(id);
    else if (kind === 1) rows.set(id + 1, { id: id + 1, name: 'new', born: '2024-02-29' });
    else if (row !== undefined && kind === 2)
      rows.set(id, { ...row, name: `${String(row['name'])}!` });
    else if (row !== undefined && kind === 3) rows.set(id, { ...row, born: null });
    else if (row !== undefined) rows.set(id, { ...row, born: '1999-12-31', name: null });
  }
  return [...rows.values()];
}

describe('two candidates', () => {
  it('differ in exactly what 200 seeded changes have made, in small modules and large ones', async () => {
    const root = temporary();
    let seen = 0;
    for (const [at, [count, changes]] of [
      [40, 12],
      [40, 40],
      [9000, 3],
      [9000, 60],
      [20_000, 85],
    ].entries() as ArrayIterator<[number, [number, number]]>) {
      const [a, b] = [join(root, `a${at}`), join(root, `b${at}`)];
      const before = dogs(count);
      const after = altered(before, at, changes);
      await sealed(a, { dog: { fields: FIELDS, records: before } });
      await sealed(b, { dog: { fields: FIELDS, records: after } });
      const found = await compared(a, b);
      expect(brief(found)).toEqual(expected(before, after));
      expect(brief(await compared(b, a))).toEqual(expected(after, before));
      seen += changes;
    }
    expect(seen).toBe(200);
  });

  it('differ in what an oracle says, whatever they hold', async () => {
    const root = temporary();
    const row = fc.record({
      id: fc.integer({ min: -5, max: 12 }),
      name: fc.constantFrom('x', 'y', null),
      born: fc.constantFrom('2024-01-01', null),
    });
    const rows = fc.uniqueArray(row, { selector: ({ id }) => id, maxLength: 12 });
    let found = 0;
    await fc.assert(
      fc.asyncProperty(rows, rows, async (before, after) => {
        const [a, b] = [join(root, 'a'), join(root, 'b')];
        await sealed(a, { dog: { fields: FIELDS, records: before } });
        await sealed(b, { dog: { fields: FIELDS, records: after } });
        const differences = brief(await compared(a, b));
        rmSync(a, { recursive: true });
        rmSync(b, { recursive: true });
        found += differences.length;
        expect(differences).toEqual(expected(before, after));
      }),
      { numRuns: 40 },
    );
    expect(found).toBeGreaterThan(100);
  });

  it('of 100,000 records that differ in three are read to a small part', async () => {
    const root = temporary();
    const before = dogs(100_000);
    const after = [...before];
    after[50_000] = { ...before[50_000], name: 'renamed' };
    after.splice(20_000, 1);
    after.push({ id: 1, name: 'new', born: null });
    await sealed(join(root, 'a'), { dog: { fields: FIELDS, records: before } });
    await sealed(join(root, 'b'), { dog: { fields: FIELDS, records: after } });
    const found = await compared(join(root, 'a'), join(root, 'b'));
    expect(brief(found)).toEqual(expected(before, after));
    expect(found.findings).toHaveLength(3);
    // Measured: 24 %; of a million, 2.9 %. A range has 4,096 records on average, and may have 20,000.
    expect(found.meter.read / found.meter.total).toBeLessThan(0.3);
    expect(found.meter.total).toBeGreaterThan(8_000_000);
  });

  it('that are equal are not read beyond their seals', async () => {
    const root = temporary();
    const data: Data = { dog: { fields: FIELDS, records: dogs(5000) } };
    await sealed(join(root, 'a'), data);
    await sealed(join(root, 'b'), data, 'another-run');
    const { findings, meter } = await compared(join(root, 'a'), join(root, 'b'));
    expect(findings).toEqual([]);
    expect(meter.read).toBeLessThan(5000);
    expect(meter.total).toBeGreaterThan(400_000);
  });
});

describe('what is declared', () => {
  const records = dogs(30);
  const tagged = records.map(({ id, name, born }) => ({ id, name, born, tag: 'x' }));

  it('is compared by module and field, and new fields do not make records differ', async () => {
    const root = temporary();
    const [first, ...rest] = tagged;
    await sealed(join(root, 'a'), {
      cat: { fields: FIELDS, records },
      dog: { fields: FIELDS, records },
    });
    await sealed(join(root, 'b'), {
      bird: { fields: FIELDS, records },
      dog: {
        fields: { ...FIELDS, tag: 'string', name: { type: 'string', required: true } },
        records: [{ ...first, name: 'Rex' }, ...rest],
      },
    } as Data);
    expect(brief(await compared(join(root, 'a'), join(root, 'b')))).toEqual([
      'schema-changed bird - -',
      'schema-changed cat - -',
      'schema-changed dog - name',
      'schema-changed dog - tag',
      'record-changed dog [-100] name',
    ]);
  });

  it('may be another key, and then records are not compared', async () => {
    const root = temporary();
    const named = records.map(({ id, born }, at) => ({ id, born, name: `n${at}` }));
    await sealed(join(root, 'a'), { dog: { fields: FIELDS, records: named } });
    await sealed(join(root, 'b'), {
      dog: { fields: FIELDS, key: ['name'], records: named.slice(1) },
    });
    const { findings } = await compared(join(root, 'a'), join(root, 'b'));
    expect(findings.map(({ rule }) => rule)).not.toContain('record-deleted');
    expect(findings.at(-1)?.reason).toContain('were not compared');
  });

  it('leaves records that are longer than what is read at once as they are', async () => {
    const root = temporary();
    const fields = { id: 'integer', note: 'string' };
    const records = [1, 2, 3, 4].map((id) => ({ id, note: `${id}`.repeat(id * 900_000) }));
    const last = { id: 3, note: `${'3'.repeat(2_700_000)}!` };
    await sealed(join(root, 'a'), { dog: { fields, records } });
    await sealed(join(root, 'b'), { dog: { fields, records: records.with(2, last) } });
    expect(brief(await compared(join(root, 'a'), join(root, 'b')))).toEqual([
      'record-changed dog [3] note',
    ]);
  });

  it('is what lets a text be named that is a key: both have to call it harmless', async () => {
    const root = temporary();
    const people = ['Anna', 'Berta'].map((name) => ({ name, age: 7 }));
    for (const [side, harmless] of [
      ['yes', true],
      ['no', false],
    ] as const) {
      const fields = { name: { type: 'string', harmless }, age: 'integer' };
      const person = { fields, key: ['name'] };
      await sealed(join(root, `${side}-a`), { person: { ...person, records: people } });
      await sealed(join(root, `${side}-b`), { person: { ...person, records: people.slice(1) } });
    }
    const shown = async (a: string, b: string): Promise<unknown> => {
      const { findings } = await compared(join(root, a), join(root, b));
      return findings.find(({ rule }) => rule === 'record-deleted')?.recordId;
    };
    expect(await shown('yes-a', 'yes-b')).toBe('["Anna"]');
    expect(await shown('no-a', 'no-b')).toBeUndefined();
    expect(await shown('yes-a', 'no-b')).toBeUndefined();
    expect(await shown('no-a', 'yes-b')).toBeUndefined();
  });

  it('as personal keeps a key out of findings', async () => {
    const root = temporary();
    const fields = { id: 'integer', mail: 'string', name: 'string' };
    const people = [1, 2, 3].map((id) => ({ id, mail: `p${id}@example.org`, name: 'x' }));
    const data = (records: readonly Row[], key: string): Data => ({
      person: { fields, key: [key], records, pii: { mail: 'EMAIL' } },
    });
    for (const key of ['id', 'mail']) {
      await sealed(join(root, `${key}-a`), data(people, key));
      await sealed(join(root, `${key}-b`), data(people.slice(1), key));
    }
    const byId = await compared(join(root, 'id-a'), join(root, 'id-b'));
    expect(byId.findings[0]?.recordId).toBe('[1]');
    const byMail = await compared(join(root, 'mail-a'), join(root, 'mail-b'));
    expect(brief(byMail)).toEqual(['record-deleted person - -']);
    expect(canonicalJson(byMail.findings)).not.toContain('example.org');
  });
});

/** Makes SHA256SUMS anew after a change, as somebody who hides it would. */
function resum(folder: string): void {
  const path = join(folder, SUMS_FILE);
  const lines = parseSums(readFileSync(path, 'utf8')) ?? [];
  const fresh = lines.map((line) => ({
    path: line.path,
    sha256: createHash('sha256')
      .update(readFileSync(join(folder, line.path)))
      .digest('hex'),
  }));
  writeFileSync(path, formatSums(fresh));
}

function replace(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to));
}

describe('a candidate that does not verify', () => {
  const DATA = 'dog/data.ndjson';
  const MERKLE = 'dog/checksums/merkle.json';
  const RANGES = 'dog/checksums/ranges.ndjson';

  it.each<[string, (folder: string) => void, string]>([
    ['a changed record', (b) => replace(join(b, DATA), 'dog 919', 'dog 918'), 'not the sealed one'],
    [
      'a changed record under new checksums',
      (b) => {
        replace(join(b, DATA), 'dog 919', 'dog 918');
        resum(b);
      },
      'not the sealed one',
    ],
    ['a record more', (b) => appendFileSync(join(b, DATA), '{}\n'), 'not those of the data file'],
    ['a changed list of ranges', (b) => replace(join(b, RANGES), '"end":', '"End":'), 'digest'],
    [
      'another root in its ranges',
      (b) => {
        replace(join(b, MERKLE), '"root":"', '"root":"0');
        resum(b);
      },
      'not valid in format 1',
    ],
    [
      'ranges that end elsewhere',
      (b) => {
        replace(join(b, RANGES), '"end":', '"end":1');
        resum(b);
      },
      'not those of the data file',
    ],
    ['no data', (b) => renameSync(join(b, DATA), join(b, 'x')), 'cannot be read'],
    ['no seal', (b) => rmSync(join(b, SUMS_FILE)), 'cannot be read'],
    [
      'another run',
      (b) => replace(join(b, 'checksums/run.json'), 'run-test', 'run-tesu'),
      'digest',
    ],
    [
      'another data root',
      (b) => {
        replace(join(b, 'checksums/run.json'), '"dataRoot":"', `"dataRoot":"${'0'.repeat(64)}`);
        resum(b);
      },
      'not valid in format 1',
    ],
  ])('such as one with %s is refused', async (_, harm, says) => {
    const root = temporary();
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    const records = dogs(60);
    await sealed(a, { dog: { fields: FIELDS, records } });
    await sealed(join(root, 'intact'), {
      dog: { fields: FIELDS, records: [{ id: 999, name: 'n', born: null }, ...records] },
    });
    cpSync(join(root, 'intact'), b, { recursive: true });
    expect(brief(await compared(a, b))).toEqual(['record-inserted dog [999] -']);
    harm(b);
    await expect(compared(a, b)).rejects.toThrow(/candidate B does not verify/);
    await expect(compared(a, b)).rejects.toThrow(says);
  });

  it('in what is not read goes unseen, as the note says (negative control)', async () => {
    const root = temporary();
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    for (const folder of [a, b])
      await sealed(folder, { dog: { fields: FIELDS, records: dogs(60) } });
    replace(join(b, DATA), 'dog 919', 'dog 918');
    expect(brief(await compared(a, b))).toEqual([]);
  });
});

describe('values', () => {
  it('are shown by field, with nothing that draws', async () => {
    const root = temporary();
    const [a, b] = [join(root, 'a'), join(root, 'b')];
    const row = { id: 1, name: 'Rex\u001B[2J', born: null };
    await sealed(a, { dog: { fields: FIELDS, records: [row] } });
    await sealed(b, {
      dog: {
        fields: FIELDS,
        records: [
          { ...row, name: 'é'.repeat(999) },
          { ...row, id: 2 },
        ],
      },
    });
    const meter = { read: 0, total: 0 };
    const lines: string[] = [];
    for await (const one of diffCandidates(openSide('A', a, meter), openSide('B', b, meter))) {
      lines.push(...valueLines(one));
    }
    expect(lines).toEqual([
      'dog [1]',
      String.raw`  - name: "Rex\u001b[2J"`,
      `  + name: "${'é'.repeat(299)}…`,
      'dog [2]',
      '  + born: null',
      '  + id: 2',
      String.raw`  + name: "Rex\u001b[2J"`,
    ]);
  });
});
