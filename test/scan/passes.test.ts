/** Which passes a list of checks takes, how often a file is read for them, and which check reports what. */

import { NO_PROOF } from '../../src/scan/pii/piiProof.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import type { Mapping } from '../../src/mapping/model.ts';
import { CHECKS, type Check } from '../../src/outcome/checks.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { factorsOf } from '../../src/scan/keyTable.ts';
import { runPass, type Pass, type Visit } from '../../src/scan/pass.ts';
import { planPasses } from '../../src/scan/passes.ts';
import { openFiles } from '../../src/scan/scannedFiles.ts';
import type { Scope } from '../../src/scan/scope.ts';
import { openViolationStore } from '../../src/scan/violationStore.ts';
import { recordSchema } from '../../src/seal/recordSchema.ts';
import type { Pool } from '../../src/threads/pool.ts';
import { HASHING } from '../fault/fixture.ts';
import { mappingOf, module, scanned, scratchFolder, text, writeCandidate } from './candidate.ts';

const UUID = { rule: 'uuid' } as const;
const OWNER = { reference: 'owners', columns: ['owner'] };
const OWNERS = module('owners', { name: text('name') }, { id: UUID });
const DOGS = module(
  'dogs',
  {
    owner: OWNER,
    mother: { reference: 'dogs', columns: ['mother'] },
    town: text('town', { references: 'towns' }),
    called: text('called', { copyOf: { via: 'owner', field: 'name' } }),
  },
  { id: UUID, unique: [['called']] },
);
const TOWNS = module('towns', {});
/** No field but one that says nothing, and a key that is a number. */
const YEARS = module(
  'years',
  { id: { column: 'id', type: 'integer' }, leap: { column: 'leap', type: 'boolean' } },
  { key: [{ column: 'id', type: 'integer' }] },
);
const MAPPING = mappingOf([OWNERS, DOGS, TOWNS, YEARS]);

const THREADS = { pool: HASHING, factors: factorsOf('') };
const ALL = [...CHECKS];
const MEMORY = 2 ** 26;

/** A scope over nothing: there is no such folder, and 300 records of each module. */
function scopeOf(mapping: Mapping, folder: string, memory: number = MEMORY): Scope {
  const names = mapping.modules.map((one) => one.module);
  return {
    mapping,
    modules: new Map(names.map((name) => [name, compileModule(mapping, name)])),
    files: openFiles(folder, new Map(names.map((name) => [name, 300]))),
    provenance: undefined,
    memory,
    store: openViolationStore(scratchFolder()),
    tally: { records: 0, references: 0 },
    pii: NO_PROOF,
  };
}

interface Asked {
  readonly of?: string;
  readonly threads?: typeof THREADS | null;
  readonly memory?: number;
}

/** The passes as `what: checks`, the same ones in a row once, with their number. */
function planned(checks: readonly Check[], asked: Asked = {}): string[] {
  const { of = 'dogs', threads = THREADS, memory = MEMORY } = asked;
  const invariants = { plan: () => ({}) };
  const scope = scopeOf(MAPPING, '/nowhere', memory);
  const passes = planPasses(scope, compileModule(MAPPING, of), checks, { threads, invariants });
  const shown: string[] = [];
  let times = 0;
  for (const [at, pass] of passes.entries()) {
    times += 1;
    const next = passes[at + 1];
    if (next !== undefined && textOf(next) === textOf(pass)) continue;
    shown.push(`${times > 1 ? `${times} × ` : ''}${textOf(pass)}`);
    times = 0;
  }
  return shown;
}

function textOf(pass: Pass): string {
  if (!('visits' in pass)) return `${pass.reads}: ${pass.check ?? '-'}`;
  const file = pass.lineage ? ' of lineage' : '';
  return `${pass.reads}${file}: ${pass.visits.map(({ check }) => check).join(' ')}`;
}

const FILES = 'unread files: -';

describe('the passes of a module', () => {
  it('read the chunks of its records once, for all checks that can do with a line', () => {
    expect(planned(ALL)).toEqual([
      'chunks: lines references pii',
      'schema: lines',
      'chunks of lineage: lines',
      'sealed findings: mapped',
      'records: duplicates',
      'records of lineage: duplicates',
      'noted records: duplicates',
      'records: references',
      'noted records: references',
      'records: cycles',
      'noted records: cycles',
      'records: copies',
      'noted records: copies',
      FILES,
    ]);
  });

  it.each<[readonly Check[], readonly string[]]>([
    [[], []],
    [['lines'], ['chunks: lines', 'schema: lines', 'chunks of lineage: lines']],
    [['mapped'], ['sealed findings: mapped']],
    [
      ['duplicates'],
      ['records: duplicates', 'records of lineage: duplicates', 'noted records: duplicates'],
    ],
    [['references'], ['chunks: references', 'records: references', 'noted records: references']],
    [['cycles'], ['records: cycles', 'noted records: cycles']],
    [['copies'], ['records: copies', 'noted records: copies']],
    [['pii'], ['chunks: pii']],
    [
      ['lines', 'pii'],
      ['chunks: lines pii', 'schema: lines', 'chunks of lineage: lines'],
    ],
    [
      ['references', 'pii'],
      ['chunks: references pii', 'records: references', 'noted records: references'],
    ],
  ])('are visited by no other check than those of the list %j', (checks, passes) => {
    expect(planned(checks)).toEqual([...passes, FILES]);
    expect(planned(checks.toReversed())).toEqual([...passes, FILES]);
  });

  it('parse all records where there are no threads, and check no lines', () => {
    expect(planned(ALL, { threads: null })).toEqual([
      'records: duplicates',
      'records of lineage: duplicates',
      'noted records: duplicates',
      'records: references',
      'noted records: references',
      'records: cycles',
      'noted records: cycles',
      'records: copies',
      'noted records: copies',
      'records: pii',
      FILES,
    ]);
    expect(planned(['lines', 'mapped'], { threads: null })).toEqual([FILES]);
  });

  it('are as many as look-up tables that do not fit into memory together', () => {
    expect(planned(['lines', 'references', 'pii'], { memory: 8192 })).toEqual([
      'chunks: lines references pii',
      '2 × chunks: references',
      'schema: lines',
      'chunks of lineage: lines',
      '2 × records: references',
      'noted records: references',
      FILES,
    ]);
    const parsed = planned(['references'], { memory: 8192, threads: null });
    expect(parsed).toEqual(['4 × records: references', 'noted records: references', FILES]);
  });

  it('are none of a check that has nothing to do in it', () => {
    expect(planned(ALL, { of: 'years' })).toEqual([
      'chunks: lines pii',
      'schema: lines',
      'sealed findings: mapped',
      FILES,
    ]);
    expect(planned(ALL, { of: 'years', threads: null })).toEqual(['records: pii', FILES]);
  });
});

/** A candidate of two owners and two dogs, of which one has no owner, and one is called by an e-mail address. */
function kennel(): string {
  const [a, b] = [1, 2].map((last) => `00000000-0000-5000-8000-00000000000${last}`);
  const dog = { mother: null, town: null };
  const data = {
    owners: [a, b].map((id) => ({ id, name: 'x' })),
    dogs: [
      { ...dog, id: a, owner: a, called: 'vreni@example.ch' },
      { ...dog, id: b, owner: '00000000-0000-5000-8000-000000000009', called: 'x' },
    ],
    towns: [],
    years: [],
  };
  const folder = writeCandidate(data);
  for (const name of Object.keys(data)) {
    const schema = recordSchema(compileModule(MAPPING, name));
    writeFileSync(join(folder, name, 'schema.json'), `${canonicalJson(schema)}\n`);
    writeFileSync(join(folder, name, 'lineage.ndjson'), '');
  }
  return folder;
}

/** A pool that notes which files its threads are given. */
function countingPool(files: string[]): Pool {
  return {
    ...HASHING,
    call(call, input) {
      files.push((input as { readonly path: string }).path.split('/').slice(-2).join('/'));
      return HASHING.call(call, input);
    },
  };
}

describe('a scan by passes', () => {
  const LINES = ['lines', 'references', 'pii'] as const;

  it('reads each file once for lines, references and personal data', async () => {
    const files: string[] = [];
    const options = { checks: LINES, modules: ['dogs'], pool: countingPool(files) };
    const found = await scanned(MAPPING, kennel(), options);
    expect(found.map(({ rule }) => rule)).toEqual(['pii-undeclared', 'reference']);
    // Before, the ids are read of the records that they refer to, those of the own module among them.
    expect(files.toSorted()).toEqual([
      'dogs/data.ndjson',
      'dogs/data.ndjson',
      'owners/data.ndjson',
    ]);
  });

  it('reads it again for each where it is asked for one at a time (negative control)', async () => {
    const files: string[] = [];
    const folder = kennel();
    for (const check of LINES) {
      const options = { checks: [check], modules: ['dogs'], pool: countingPool(files) };
      await scanned(MAPPING, folder, options);
    }
    expect(files.filter((file) => file === 'dogs/data.ndjson')).toHaveLength(4);
  });

  it('finds by each check alone what it finds by all of them', async () => {
    const folder = kennel();
    const all = await scanned(MAPPING, folder, { pool: HASHING });
    const each = [];
    for (const check of CHECKS) {
      each.push(...(await scanned(MAPPING, folder, { pool: HASHING, checks: [check] })));
    }
    expect(all.map(({ rule }) => rule).toSorted()).toEqual(['copy', 'pii-undeclared', 'reference']);
    expect(new Set(each.map(canonicalJson))).toEqual(new Set(all.map(canonicalJson)));
    expect(each).toHaveLength(all.length);
  });
});

/** Finds something in each batch and at the end, and notes when it is opened. */
function visit(check: Check, opened: Check[]): Visit<{ readonly first: number }> {
  const finding = (reason: string) => ({ rule: check, severity: 'INFO' as const, reason });
  return {
    check,
    label: check,
    open() {
      opened.push(check);
      return { scan: ({ first }) => [finding(`at ${first}`)], end: () => [finding('end')] };
    },
  };
}

describe('a pass', () => {
  it('asks its visitors in their order, part by part and then at the end', async () => {
    const folder = writeCandidate({ towns: [{ id: 'a' }] });
    const opened: Check[] = [];
    const visits = [visit('copies', opened), visit('pii', opened)];
    const scope = scopeOf(mappingOf([TOWNS]), folder);
    const told: string[] = [];
    const pass = { reads: 'records', lineage: false, visits } as const;
    expect(opened).toEqual([]);
    for await (const { rule, reason } of runPass(scope, compileModule(MAPPING, 'towns'), pass)) {
      told.push(`${rule} ${reason}`);
    }
    expect(opened).toEqual(['copies', 'pii']);
    expect(told).toEqual(['copies at 0', 'pii at 0', 'copies end', 'pii end']);
  });
});
