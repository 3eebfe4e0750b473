/** Defects in a sealed candidate: files harmed, and seals made again over what was changed. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Severity } from '../../src/outcome/finding.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { dataRoot, RUN_FILE, type RunFile } from '../../src/seal/format.ts';
import { EMPTY_ROOT } from '../../src/merkle/hash.ts';
import { resum } from '../fault/corruptions.ts';
import { forgeLines } from '../fault/forgeLines.ts';
import { callBySealId } from '../scan/project.ts';
import { change, type Source } from './flows.ts';
import { PII_SEAL_PLANTS } from './piiPlants.ts';
import { ROW_PLANTS } from './rowPlants.ts';

export interface SealPlant {
  readonly stage: 'verify' | 'scan';
  readonly source?: Source;
  /** Rows that the candidate is built without. */
  readonly allowRejected?: number;
  /** It is built without a look for damage in the source. */
  readonly skipIntegrityCheck?: boolean;
  readonly harm: (project: string) => void | Promise<void>;
  /** What promote says of a source that is harmed: it refuses what the scan only warns of. */
  readonly inSource?: 'has changed' | 'cannot be reached';
  /** What scan-all makes of it; BLOCKER where left out. */
  readonly severity?: Severity;
}

/** One record in module m. */
export const SOUND: Source = {
  sql: "CREATE TABLE m (k INTEGER PRIMARY KEY, v TEXT); INSERT INTO m VALUES (1, 'abc');",
  modules: {
    m: {
      source: { table: 'm' },
      key: [{ column: 'k', type: 'integer' }],
      id: { rule: 'keep' },
      fields: { k: { column: 'k', type: 'integer' }, v: { column: 'v', type: 'string' } },
    },
  },
};

const candidate = (project: string): string => join(project, 'storage_candidate/v1');
const journalOf = (project: string): string => join(project, 'storage_journal/journal.ndjson');
const file = (project: string, name: string): string => join(candidate(project), name);
const read = (project: string, name: string): string => readFileSync(file(project, name), 'utf8');

function rewrite(project: string, name: string, edit: (text: string) => string): void {
  const text = read(project, name);
  const edited = edit(text);
  if (edited === text) throw new Error(`${name} was not changed`);
  writeFileSync(file(project, name), edited);
}

/** Seals anew what was changed, as it is, in a folder of the name that the new seal asks for. */
function sealAgain(project: string): void {
  resum(candidate(project));
  callBySealId(project);
}

function editRun(project: string, edit: (run: RunFile) => object): void {
  rewrite(project, RUN_FILE, (text) => `${canonicalJson(edit(JSON.parse(text) as RunFile))}\n`);
  sealAgain(project);
}

/** Another line in the place of the only one of module m. */
const forge = (project: string, line: string): Promise<void> =>
  forgeLines(project, 'm', () => [line]);

/** A candidate of no record that is sound in itself. */
function empty(project: string): void {
  rewrite(project, 'm/data.ndjson', () => '');
  const root = EMPTY_ROOT.toString('hex');
  rewrite(project, 'm/checksums/merkle.json', (text) => {
    const tree = JSON.parse(text) as Record<string, unknown>;
    const ranges = 'ranges' in tree ? { ranges: [] } : {};
    return `${canonicalJson({ ...tree, count: 0, root, segments: [], ...ranges })}\n`;
  });
  if (existsSync(file(project, 'm/checksums/ranges.ndjson'))) {
    rewrite(project, 'm/checksums/ranges.ndjson', () => '');
  }
  editRun(project, (run) => {
    const modules = run.modules.map((module) => ({ ...module, count: 0, root }));
    const accounting = run.accounting.map((one) => {
      return { ...one, rows: 0, emitting: 0, emitted: 0, records: 0 };
    });
    const sources = run.sources.map((one) => {
      return { ...one, tables: one.tables.map((table) => ({ ...table, rows: 0 })) };
    });
    return { ...run, modules, accounting, sources, dataRoot: dataRoot(modules) };
  });
}

function addToRows(project: string, names: readonly ('rows' | 'filtered')[]): void {
  editRun(project, (run) => {
    const accounting = run.accounting.map((one) => {
      return { ...one, ...Object.fromEntries(names.map((name) => [name, one[name] + 1])) };
    });
    return { ...run, accounting };
  });
}

const verify = (harm: SealPlant['harm']): SealPlant => ({ stage: 'verify', harm });
const scan = (harm: SealPlant['harm']): SealPlant => ({ stage: 'scan', harm });

/** By rule. */
export const SEAL_PLANTS: Readonly<Record<string, readonly SealPlant[]>> = {
  checksum: [
    verify((project) => rewrite(project, 'm/data.ndjson', (text) => text.replace('a', 'b'))),
  ],
  merkle: [
    verify((project) => {
      rewrite(project, 'm/data.ndjson', (text) => text.replace('a', 'b'));
      sealAgain(project);
    }),
  ],
  'file-missing': [verify((project) => rmSync(file(project, 'm/schema.json')))],
  'file-extra': [verify((project) => writeFileSync(file(project, 'm/more.ndjson'), '{}\n'))],
  'seal-format': [
    verify((project) => {
      rewrite(project, RUN_FILE, () => '{}\n');
      sealAgain(project);
    }),
    scan((project) => forge(project, '{"v":"abc","k":1}')),
  ],
  'seal-unexpected': [
    verify(async (project) => {
      const lines = readFileSync(journalOf(project));
      await forge(project, '{"k":1,"v":"xyz"}');
      // Sound in itself, by the right name and scanned: no migrate has sealed it.
      writeFileSync(journalOf(project), lines);
    }),
  ],
  'record-schema': [scan((project) => forge(project, '{"k":1,"v":12345}'))],
  accounting: [
    verify((project) => addToRows(project, ['rows'])),
    scan((project) => addToRows(project, ['rows', 'filtered'])),
  ],
  ...PII_SEAL_PLANTS,
  integrity: [{ stage: 'scan', severity: 'WARNING', skipIntegrityCheck: true, harm: () => {} }],
  rejected: [
    { stage: 'scan', source: ROW_PLANTS['type'] ?? SOUND, allowRejected: 1, harm: () => {} },
  ],
  empty: [verify(empty), scan(empty)],
  drift: [
    {
      stage: 'scan',
      severity: 'WARNING',
      inSource: 'has changed',
      harm: (project) => change(project, "INSERT INTO m VALUES (2, 'later')"),
    },
  ],
};
