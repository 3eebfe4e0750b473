/** What makes a scan worthless: other checks or severities, and nothing else. */

import { declaredPii } from '../kit/declaredPii.ts';
import { describe, expect, it } from 'vitest';

import type { ModuleMapping, ProjectMapping } from '../../src/mapping/model.ts';
import { checksDigest } from '../../src/promote/checksDigest.ts';

const PROJECT: ProjectMapping = {
  format: 1,
  name: 'kennel',
  namespace: '6f6a3b0e-4f0d-4f43-8a3b-0a6f0c1d2e3f',
  sources: { main: { url: 'sqlite:legacy.db' } },
};
const MODULE: ModuleMapping = {
  module: 'dogs',
  source: { table: 'dogs' },
  key: [{ column: 'chip', type: 'string' }],
  id: { rule: 'keep' },
  fields: { chip: { column: 'chip', type: 'string' }, name: { column: 'n', type: 'string' } },
  unique: [['name']],
};
const CHECKS = ['duplicates', 'references'];
const digest = (
  project: Partial<ProjectMapping> = {},
  module: Partial<ModuleMapping> = {},
  checks = CHECKS,
  now = new Date('2026-06-01T00:00:00Z'),
): string => {
  const modules = [{ ...MODULE, ...module }];
  return checksDigest({ project: { ...PROJECT, ...project }, modules }, checks, now);
};
const [chip, name] = [
  { column: 'chip', type: 'string' },
  { column: 'n', type: 'string' },
];
const withName = (more: object): Partial<ModuleMapping> => {
  return { fields: { chip, name: { ...name, ...more } } };
};

describe('the digest of checks and severities', () => {
  it('changes on the day after an acceptance has ended, so that a scan is needed again', () => {
    const accept = { fp: 'f:0123456789abcdef', rule: 'pii-undeclared', reason: 'x', by: 'Ada' };
    const pii = { policy: 1, accept: [{ ...accept, until: '2026-06-01' }] } as const;
    const on = (day: string): string => digest({}, { pii }, CHECKS, new Date(`${day}T12:00:00Z`));
    expect(on('2026-05-01')).toBe(on('2026-06-01'));
    expect(on('2026-06-02')).not.toBe(on('2026-06-01'));
  });

  it.each([
    ['another source', digest({ sources: { main: { url: 'sqlite:sunday.db' } } })],
    ['another name', digest({ name: 'cattery' })],
    ['another table', digest({}, { source: { table: 'hounds' } })],
    ['another reason to drop', digest({}, { dropped: { age: 'computed' } })],
    ['another transform', digest({}, withName({ transforms: ['trim'] }))],
    ['fields in another order', digest({}, { fields: { name, chip } })],
    ['no severities, said in words', digest({ severities: [] })],
  ])('stays the same with %s', (_, other) => {
    expect(other).toBe(digest());
  });

  it.each([
    ['a severity', digest({ severities: [{ rule: 'unique', severity: 'INFO' }] })],
    ['another date', digest({ asOf: '2025-01-31' })],
    ['a check less', digest({}, {}, ['duplicates'])],
    ['a unique set less', digest({}, { unique: [] })],
    ['a type', digest({}, withName({ type: 'integer' }))],
    ['a pattern', digest({}, withName({ pattern: 'x' }))],
    ['a kind of personal data', digest({}, declaredPii({ name: 'EMAIL' }))],
    ['a minimum', digest({}, { minimumRows: 7 })],
    ['a member that nobody knows yet', digest({}, withName({ novel: true }))],
    ['an invariant', digest({}, { invariants: [] })],
  ])('changes with %s', (_, other) => {
    expect(other).not.toBe(digest());
  });
});
