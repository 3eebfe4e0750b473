import { mkdirSync, writeFileSync } from 'node:fs';
import { declaredPii } from '../kit/declaredPii.ts';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { inlinePool } from '../../src/threads/inlinePool.ts';
import { CANDIDATE_ANSWERS } from '../../src/cli/candidateAnswers.ts';
import { compileModule } from '../../src/mapping/compile/module.ts';
import type { Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { recordSchema } from '../../src/seal/recordSchema.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { mappingOf, module, scanned, scratchFolder, text } from './candidate.ts';

const DOGS = module('dogs', {
  name: text('name', { required: true, maxLength: 8 }),
  born: { column: 'born', type: 'date' },
});
const UUID_DOGS = module('dogs', { name: text('name') }, { id: { rule: 'uuid' } });
const IDS = [1, 2, 3].map((last) => `00000000-0000-5000-8000-00000000000${last}`);

interface Lines {
  readonly data: readonly (object | string)[];
  readonly lineage?: readonly (object | string)[];
  readonly schema?: object;
}

function written(lines: readonly (object | string)[]): string {
  return lines.map((line) => `${typeof line === 'string' ? line : canonicalJson(line)}\n`).join('');
}

/** A candidate of one module, as far as this check reads it. */
function candidateOf(mapping: Mapping, { data, lineage, schema }: Lines): string {
  const folder = scratchFolder();
  const file = (name: string): string => join(folder, 'dogs', name);
  mkdirSync(join(folder, 'dogs'));
  writeFileSync(file('data.ndjson'), written(data));
  const own = recordSchema(compileModule(mapping, 'dogs'));
  writeFileSync(file('schema.json'), `${canonicalJson(schema ?? own)}\n`);
  if (lineage !== undefined) writeFileSync(file('lineage.ndjson'), written(lineage));
  return folder;
}

async function found(of: ModuleMapping, lines: Lines): Promise<string[]> {
  const mapping = mappingOf([of]);
  const pool = inlinePool(CANDIDATE_ANSWERS);
  const folder = candidateOf(mapping, lines);
  const findings = await scanned(mapping, folder, { checks: ['lines'], pool });
  return findings.map(shown);
}

function shown({ rule, severity, recordId, field, file, reason }: Finding): string {
  const where = [file, recordId, field].filter((part) => part !== undefined).join(' ');
  return `${severity} ${rule} ${where}: ${reason}`;
}

function outOfOrder(first: number, lines: number): string {
  return `BLOCKER seal-format dogs/data.ndjson: lines whose key does not come after the one before: ${lines}, the first is line ${first}`;
}

const RIGHT = [
  { id: 'a', name: 'Bless', born: '2020-02-29' },
  { id: 'b', name: 'Köbi', born: null },
  { id: 'b!', name: '🐕🐕🐕🐕🐕🐕🐕🐕', born: null },
];

describe('the lines of a module', () => {
  it('that are as their schema has them have no finding', async () => {
    expect(await found(DOGS, { data: RIGHT })).toEqual([]);
  });

  it('are named with the fields that are not', async () => {
    const [, second] = RIGHT;
    const data = [
      { ...second, id: 'a', name: 7, born: '2020' },
      { ...second, id: 'b', name: '123456789' },
      { id: 'c', born: null },
      { ...second, id: 'd', more: 1 },
    ];
    expect(await found(DOGS, { data })).toEqual([
      'BLOCKER record-schema dogs/data.ndjson ["a"] born+name: line 1 does not match its schema',
      'BLOCKER record-schema dogs/data.ndjson ["b"] name: line 2 does not match its schema',
      'BLOCKER record-schema dogs/data.ndjson ["c"] name: line 3 does not match its schema',
      'BLOCKER record-schema dogs/data.ndjson ["d"]: line 4 does not match its schema',
    ]);
  });

  it('are counted where they are not in canonical form', async () => {
    const [first] = RIGHT;
    const data = [
      canonicalJson(first),
      '{"born":null, "id":"b","name":"x"}',
      '{"id":"c","born":null,"name":"x"}',
      '{"born":null,"id":"d","name":"\\u0041"}',
      '{"born":null,"id":"e","name":"x","name":"x"}',
    ];
    expect(await found(DOGS, { data })).toEqual([
      'BLOCKER seal-format dogs/data.ndjson: lines that are not in canonical form: 4, the first is line 2',
    ]);
  });

  it('are counted where they are no records, and not read as any', async () => {
    const data = [...RIGHT, '[1]', 'null', '{"id":"z"'];
    expect(await found(DOGS, { data })).toEqual([
      'BLOCKER seal-format dogs/data.ndjson: lines that are not records: 3, the first is line 4',
    ]);
  });

  it('are counted where a key does not come after the one before', async () => {
    const [a, b, c] = RIGHT;
    expect(await found(DOGS, { data: [a, c, b] as object[] })).toEqual([outOfOrder(3, 1)]);
    expect(await found(DOGS, { data: [a, b, b, b] as object[] })).toEqual([outOfOrder(3, 2)]);
  });

  it('are compared across the parts that threads look at', async () => {
    const long = module('dogs', { name: text('name') });
    const name = 'x'.repeat(3 * 2 ** 20);
    const data = ['a', 'b', 'c', 'b', 'd'].map((id) => ({ id, name }));
    expect(await found(long, { data })).toEqual([outOfOrder(4, 1)]);
  });

  it('keep a key to themselves that is personal', async () => {
    const fields = { id: text('id'), name: text('name') };
    const personal = module('dogs', fields, declaredPii({ id: 'AHV' }));
    expect(await found(personal, { data: [{ id: '756', name: 1 }] })).toEqual([
      'BLOCKER record-schema dogs/data.ndjson name: line 1 does not match its schema',
    ]);
  });

  it('are not looked at before a candidate is sealed', async () => {
    const mapping = mappingOf([DOGS]);
    const folder = candidateOf(mapping, { data: [{ id: 'a', name: 1, born: null }] });
    expect(await scanned(mapping, folder, { checks: ['lines'] })).toEqual([]);
  });
});

describe('the schema of a module', () => {
  it('is the one that the mapping gives it', async () => {
    expect(await found(DOGS, { data: RIGHT, schema: { type: 'object' } })).toEqual([
      'BLOCKER seal-format dogs/schema.json: this is not the schema that follows from the mapping',
    ]);
  });
});

describe('the lineage of a module', () => {
  const data = IDS.map((id) => ({ id, name: 'Bless' }));
  const lineage = IDS.map((id, at) => ({ id, key: [`k${at}`], source: 'main', table: 'dogs' }));

  it('has no finding where it is right', async () => {
    expect(await found(UUID_DOGS, { data, lineage })).toEqual([]);
  });

  it('is named where it is not', async () => {
    const [first, second, third] = lineage;
    const lines = [
      { ...first, key: [1] },
      { ...third, table: 'cats' },
      canonicalJson(second).replace(':', ': '),
    ];
    expect(await found(UUID_DOGS, { data, lineage: lines })).toEqual([
      `BLOCKER record-schema dogs/lineage.ndjson ${IDS[0]} key: line 1 does not match its schema`,
      `BLOCKER record-schema dogs/lineage.ndjson ${IDS[2]} table: line 2 does not match its schema`,
      'BLOCKER seal-format dogs/lineage.ndjson: lines that are not in canonical form: 1, the first is line 3',
      'BLOCKER seal-format dogs/lineage.ndjson: lines whose key does not come after the one before: 1, the first is line 3',
    ]);
  });
});
