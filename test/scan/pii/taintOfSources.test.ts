/** Values that are kept out, collected in several parts: what a column is told of is the same. */

import { describe, expect, it } from 'vitest';

import type { Mapping } from '../../../src/mapping/model.ts';
import type { SourceRows } from '../../../src/scan/pii/sourceRows.ts';
import { taintOfSources } from '../../../src/scan/pii/taintOfSources.ts';
import { mappingOf, module, text } from '../candidate.ts';

const NAMES = Array.from({ length: 4000 }, (_, at) => `Adalbert Nr${at} Ammannson`);
const MAPPING: Mapping = mappingOf([
  module(
    'client',
    { id: text('id') },
    {
      dropped: { name: 'not needed' },
      pii: { policy: 1, fields: { name: { class: 'PERSON', treatment: 'dropped' } } },
    },
  ),
  module('copy', { id: text('id'), label: text('label') }),
]);

/** Two tables: one of the names, and one that has most of them as well. */
const ROWS: SourceRows = {
  async *texts({ table }, columns) {
    await Promise.resolve();
    const labels = NAMES.map((name, at) => (at % 3 === 0 ? `another text ${at}` : name));
    const values = table === 'client' ? NAMES : labels;
    yield columns.map((column) => (column === 'id' ? values.map((_, at) => String(at)) : values));
  },
  async *expected() {},
  count: () => Promise.resolve(NAMES.length),
  columns: ({ table }) => new Set(table === 'client' ? ['id', 'name'] : ['id', 'label']),
};

describe('a column that copies another one', () => {
  it.each([
    ['one part', 2 ** 26, 1],
    ['several', 2 ** 17, 2],
  ])('is reported where the values are in %s', async (_, memory, least) => {
    const taint = taintOfSources(MAPPING, { rows: ROWS, memory, seeds: new Uint8Array(16) });
    let parts = 0;
    for await (const part of taint.parts()) parts += part.origins.length;
    expect(parts).toBeGreaterThanOrEqual(least);
    expect(taint.findings()).toMatchObject([
      { rule: 'pii-dropped', severity: 'BLOCKER', module: 'copy', field: 'label' },
    ]);
  });
});
