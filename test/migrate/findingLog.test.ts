import { closeSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openFindings, type FindingStore } from '../../src/findings/findingStore.ts';
import type { Diagnostic } from '../../src/mapping/compile/rowMapper.ts';
import { findingLog } from '../../src/migrate/worker/findingLog.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealift-log-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const diagnostic: fc.Arbitrary<Diagnostic> = fc
  .record({
    field: fc.constantFrom('x', 'ä', 'with "quotes"', '😀'),
    rule: fc.constantFrom('type', 'scale', 'text-control'),
    severity: fc.constantFrom('BLOCKER', 'WARNING', 'INFO'),
    reason: fc.constantFrom('one', 'another "reason"\n'),
    place: fc.constantFrom({}, { start: 0, end: 1 }, { start: 12, end: 120 }),
  })
  .map(({ place, ...rest }): Diagnostic => Object.assign(rest, place));
const row = fc.oneof(fc.maxSafeInteger(), fc.constantFrom('9223372036854775807', '-1'));
const diagnostics = fc.array(fc.tuple(diagnostic, row), { maxLength: 40 });

/** All that there is in a store: keys, lines and counts. */
function contentOf(store: FindingStore): unknown {
  const entries = [...store.entries()].length;
  const keys = Array.from(store.entries(), ({ buffer, key, keyEnd }) =>
    buffer.toString('hex', key, keyEnd),
  );
  const lines = Buffer.concat([...(store.list.lines?.() ?? [])]).toString();
  return { entries, keys, lines, counts: store.list.counts, byCause: store.list.byCause };
}

describe('the log of a share', () => {
  it('writes diagnostics as a store writes them as findings, byte for byte', () => {
    const module = { name: 'm', table: 'a "table"' };
    fc.assert(
      fc.property(diagnostics, diagnostics, (some, others) => {
        const [logged, added] = [openFindings(folder), openFindings(folder)];
        for (const share of [some, others]) {
          const log = findingLog(module, logged.share(folder));
          for (const [one, at] of share) {
            log.add(one, at);
            const source = { table: module.table, row: at };
            added.add({ ...one, module: module.name, source });
          }
          logged.adopt(log.finish());
        }
        expect(contentOf(logged)).toEqual(contentOf(added));
        logged.close();
      }),
    );
  });

  it('counts diagnostics of more kinds than it keeps in mind', () => {
    const store = openFindings(folder);
    const log = findingLog({ name: 'm', table: 't' }, store.share(folder));
    for (let at = 0; at < 25_000; at += 1) {
      log.add({ field: 'f', rule: 'type', severity: 'BLOCKER', reason: `of ${at % 12_500}` }, at);
    }
    store.adopt(log.finish());
    expect(store.list.counts).toEqual({ BLOCKER: 25_000, WARNING: 0, INFO: 0 });
    expect([...store.list].map(({ source }) => source?.row)).toEqual([...Array(25_000).keys()]);
    store.close();
  });

  it('throws where its file is gone, so that nothing is lost silently', () => {
    const store = openFindings(folder);
    const shared = store.share(folder);
    closeSync(shared.file);
    const log = findingLog({ name: 'm', table: 't' }, shared);
    log.add({ field: 'f', rule: 'type', severity: 'BLOCKER', reason: 'r' }, 1);
    expect(() => log.finish()).toThrow(/EBADF/);
  });
});
