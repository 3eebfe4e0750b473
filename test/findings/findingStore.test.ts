import { ftruncateSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findingId } from '../../src/findings/findingId.ts';
import { openFindings } from '../../src/findings/findingStore.ts';
import type { Finding, SourceLocator } from '../../src/outcome/finding.ts';
import { canonicalJson } from '../../src/record/canonical.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealift-findings-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What a store gives for these findings when it keeps at most `budget` bytes in memory. */
function stored(findings: readonly Finding[], budget?: number): { list: Finding[]; text: string } {
  const store = openFindings(folder, budget);
  try {
    for (const finding of findings) store.add(finding);
    const text = Buffer.concat([...(store.list.lines?.() ?? [])]).toString();
    return { list: [...store.list], text };
  } finally {
    store.close();
  }
}

function byText(a = '', b = ''): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function byRow(a: SourceLocator | undefined, b: SourceLocator | undefined): number {
  const [left, right] = [BigInt(a?.row ?? -1), BigInt(b?.row ?? -1)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function placeOf({ source, members }: Finding): SourceLocator | undefined {
  return source ?? members?.[0];
}

/** The order of a report as its definition says it, all in memory. */
function inOrder(findings: readonly Finding[]): Finding[] {
  const weight = { BLOCKER: 0, WARNING: 1, INFO: 2 };
  return findings
    .map((finding) => ({ ...finding, id: findingId(finding) }))
    .sort(
      (a, b) =>
        byText(a.module, b.module) ||
        byText(placeOf(a)?.table, placeOf(b)?.table) ||
        byRow(placeOf(a), placeOf(b)) ||
        byText(a.field, b.field) ||
        byText(a.rule, b.rule) ||
        byText(a.id, b.id) ||
        weight[a.severity] - weight[b.severity],
    );
}

const name = fc.constantFrom('a', 'b', 'ab', 'ä', '', 'a\0', 'a\0\u{1}', '\0', '😀', '\u{ffff}');
const place: fc.Arbitrary<SourceLocator> = fc.record({
  table: name,
  row: fc.oneof(
    fc.integer({ min: -3, max: 20 }),
    fc.maxSafeInteger(),
    fc.constantFrom('9223372036854775807', '-9223372036854775808', '4294967296'),
  ),
});
const finding: fc.Arbitrary<Finding> = fc.record(
  {
    rule: fc.constantFrom('type', 'reference', 'unique'),
    severity: fc.constantFrom('BLOCKER', 'WARNING', 'INFO'),
    module: name,
    field: name,
    source: place,
    members: fc.array(place, { maxLength: 4 }),
    reason: fc.constantFrom('because', 'ä'),
    recordId: fc.string({ unit: 'grapheme' }),
  },
  { requiredKeys: ['rule', 'severity', 'reason'] },
);

function at(row: number | string): Finding {
  const source = { table: 't', row };
  return { rule: 'type', severity: 'BLOCKER', module: 'm', source, reason: 'r' };
}

describe('a store of findings', () => {
  it.each([200, 2000, 2 ** 20])('gives them in order with %i bytes of memory', (budget) => {
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 60 }), (findings) => {
        const { list, text } = stored(findings, budget);
        const expected = inOrder(findings);
        expect(list).toEqual(expected);
        expect(text).toBe(expected.map((one) => `${canonicalJson(one)}\n`).join(''));
      }),
    );
  });

  it('is the same whoever found what first', () => {
    fc.assert(
      fc.property(fc.array(finding), fc.infiniteStream(fc.nat()), (findings, keys) => {
        const shuffled = findings
          .map((one) => ({ one, key: keys.next().value ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        expect(stored(shuffled, 500).text).toBe(stored(findings).text);
      }),
    );
  });

  it('orders rows as numbers, beyond 2^53 too', () => {
    const { list } = stored([at('9223372036854775807'), at(10), at(9), at(2 ** 40), at(-1)]);
    const rows = [-1, 9, 10, 2 ** 40, '9223372036854775807'];
    expect(list.map(({ source }) => source?.row)).toEqual(rows);
  });

  it('counts by severity and by cause, whatever numbers the reasons hold', () => {
    const store = openFindings(folder);
    store.add(at(1));
    store.add({ ...at(2), severity: 'INFO' });
    store.add({ rule: 'empty', severity: 'BLOCKER', reason: 'line 7' });
    store.add({ rule: 'empty', severity: 'BLOCKER', reason: 'line 12' });
    store.add(at(3));
    expect(store.list.counts).toEqual({ BLOCKER: 4, WARNING: 0, INFO: 1 });
    const { field = '', reason } = at(1);
    expect(store.list.byCause).toEqual([
      { module: '', rule: 'empty', severity: 'BLOCKER', field: '', reason: 'line #', count: 2 },
      { module: 'm', rule: 'type', severity: 'BLOCKER', field, reason, count: 2 },
      { module: 'm', rule: 'type', severity: 'INFO', field, reason, count: 1 },
    ]);
  });

  it('tells some thousands of causes apart, and loses count of none', () => {
    const store = openFindings(folder);
    const letters = 'abcdefghijklmnopqrst';
    for (const a of letters) {
      for (const b of letters) {
        for (const c of letters) store.add({ ...at(1), reason: `${a}${b}${c}` });
      }
    }
    const causes = store.list.byCause ?? [];
    expect(causes.length).toBeLessThan(5002);
    expect(causes.reduce((sum, { count }) => sum + count, 0)).toBe(8000);
    store.close();
  });

  it('can be read again after more was added', () => {
    const store = openFindings(folder, 300);
    const rows = (): unknown[] => [...store.list].map(({ source }) => source?.row);
    for (const row of [5, 3, 1, 7]) store.add(at(row));
    expect(rows()).toEqual([1, 3, 5, 7]);
    for (const row of [6, 2, 4]) store.add(at(row));
    expect(rows()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rows()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    store.close();
    expect(rows()).toEqual([]);
  });

  it('holds groups of many members, and their keys are short', () => {
    const members = Array.from({ length: 20_000 }, (_, row) => ({ table: 't', row }));
    const group: Finding = { rule: 'unique', severity: 'BLOCKER', members, reason: 'r' };
    const store = openFindings(folder);
    store.add({ ...group, module: 'b' });
    store.add({ ...group, module: 'a' });
    const keys = [...store.entries()].map(({ key, keyEnd }) => keyEnd - key);
    expect(Math.max(...keys)).toBeLessThan(100);
    expect([...store.list].map(({ module, members: of }) => [module, of?.length])).toEqual([
      ['a', 20_000],
      ['b', 20_000],
    ]);
    const text = Buffer.concat([...(store.list.lines?.() ?? [])]).toString();
    expect(text).toBe([...store.list].map((one) => `${canonicalJson(one)}\n`).join(''));
    store.close();
  });

  it('leaves no file with a name, however much is in it', () => {
    const store = openFindings(folder, 200);
    for (let row = 0; row < 100; row += 1) store.add(at(row));
    expect(readdirSync(folder)).toEqual([]);
    expect([...store.list]).toHaveLength(100);
    store.close();
  });

  it('refuses to read what has been cut off behind its back', () => {
    const store = openFindings(folder, 200);
    for (let row = 0; row < 100; row += 1) store.add(at(row));
    const { file } = store.share(folder);
    ftruncateSync(file, 500);
    expect(() => [...store.list]).toThrow(/ended early/);
    store.close();
  });
});

describe('the id of a finding', () => {
  it('gives two findings two ids, and one finding one, however much it weighs', () => {
    const one: Finding = { ...at(1), field: 'f', reason: 'a' };
    expect(findingId({ ...one, severity: 'WARNING' })).toBe(findingId(one));
    expect(findingId({ ...one, reason: 'b' })).not.toBe(findingId(one));
    expect(findingId({ ...one, field: 'g' })).not.toBe(findingId(one));
    expect(findingId({ ...one, source: { table: 't', row: 2 } })).not.toBe(findingId(one));
    expect(findingId({ ...one, rule: 'scale' })).not.toBe(findingId(one));
    expect(findingId(one)).toMatch(/^[0-9a-f]{16}$/);
  });
});
