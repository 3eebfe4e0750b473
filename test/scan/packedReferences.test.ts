import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { inlinePool } from '../../src/threads/inlinePool.ts';
import { CANDIDATE_ANSWERS } from '../../src/cli/candidateAnswers.ts';
import { compileModule } from '../../src/mapping/compile/module.ts';
import { recordSchema } from '../../src/seal/recordSchema.ts';
import type { Finding } from '../../src/outcome/finding.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import { uuidBytes } from '../../src/record/uuid.ts';
import { factorsOf, uuidKey } from '../../src/scan/keyTable.ts';
import { mappingOf, module, scanned, text, writeCandidate, type Data } from './candidate.ts';

const UUID = { rule: 'uuid' } as const;
const MAPPING = mappingOf([
  module('owners', { name: text('name') }, { id: UUID }),
  module(
    'dogs',
    {
      owner: { reference: 'owners', columns: ['owner'] },
      mother: { reference: 'dogs', columns: ['mother'] },
      town: text('town', { references: 'towns' }),
    },
    { id: UUID },
  ),
  module('towns', {}),
]);

const ids = (count: number): string[] =>
  Array.from({ length: count }, () => randomUUID()).toSorted();

function orphaned(): Data {
  const owners = ids(300);
  const dogs = ids(500);
  return {
    owners: owners.map((id) => ({ id, name: 'x' })),
    towns: [{ id: 'Aarau' }],
    dogs: dogs.map((id, at) => ({
      id,
      owner: at % 7 === 0 ? randomUUID() : at % 5 === 0 ? null : owners[at % 300],
      mother: at % 11 === 0 ? randomUUID() : at % 3 === 0 ? null : dogs[(at * 7) % 500],
      town: at % 13 === 0 ? 'Bern' : 'Aarau',
    })),
  };
}

function sealedLike(data: Data): string {
  const folder = writeCandidate(data);
  for (const name of Object.keys(data)) {
    const schema = recordSchema(compileModule(MAPPING, name));
    writeFileSync(join(folder, name, 'schema.json'), `${canonicalJson(schema)}\n`);
    writeFileSync(join(folder, name, 'lineage.ndjson'), '');
  }
  return folder;
}

function references(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ rule }) => rule === 'reference');
}

describe('references by id', () => {
  it.each([2 ** 26, 8192, 1024])(
    'are the same whether records are parsed or their ids are packed, in %d bytes',
    async (memory) => {
      const folder = sealedLike(orphaned());
      const pool = inlinePool(CANDIDATE_ANSWERS);
      const checks = ['lines', 'references'] as const;
      const packed = await scanned(MAPPING, folder, { checks, pool, memory });
      const parsed = await scanned(MAPPING, folder, { checks: ['references'] });
      expect(references(packed)).toEqual(references(parsed));
      expect(packed.filter(({ rule }) => rule !== 'reference')).toEqual([]);
      const alone = await scanned(MAPPING, folder, { checks: ['references'], pool, memory });
      expect(alone).toEqual(packed);
      const fields = references(packed).map(({ field }) => field);
      const counts = ['owner', 'mother', 'town'].map(
        (name) => fields.filter((field) => field === name).length,
      );
      expect(counts).toEqual([72, 46, 39]);
    },
  );

  it('are found where a record does not have an id but something else', async () => {
    const data = orphaned();
    const [first, ...rest] = data['dogs'] as object[];
    const folder = sealedLike({ ...data, dogs: [{ ...first, owner: 'OWNER-1' }, ...rest] });
    const pool = inlinePool(CANDIDATE_ANSWERS);
    const found = await scanned(MAPPING, folder, { checks: ['lines', 'references'], pool });
    const { id } = first as { readonly id: string };
    const about = found.filter(({ recordId, field }) => recordId === id && field === 'owner');
    expect(about.map(({ rule }) => rule)).toEqual(['record-schema', 'reference']);
  });
});

function keyOf(uuid: string): readonly number[] {
  return uuidKey(new Uint32Array(uuidBytes(uuid).buffer), 0, factorsOf('salt'));
}

describe('the key of a UUID', () => {
  it('differs where one bit of it does', () => {
    const base = '00000000-0000-4000-8000-000000000000';
    const keys = new Set([keyOf(base).join()]);
    for (let bit = 0; bit < 128; bit += 1) {
      const bytes = Buffer.from(uuidBytes(base));
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const hex = bytes.toString('hex');
      keys.add(keyOf(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')).join());
    }
    expect(keys.size).toBe(129);
  });

  it('spreads ids that only count up', () => {
    const slots = new Set<number>();
    for (let number = 0; number < 4096; number += 1) {
      const uuid = `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
      slots.add((keyOf(uuid)[0] ?? 0) % 8192);
    }
    // Of 4096 at random, about 3223 slots of 8192 are taken.
    expect(slots.size).toBeGreaterThan(2800);
  });
});
