/** The committed mapping/ is a good example: complete, explained, and pointing to real schemas. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { loadMapping } from '../../src/mapping/loadMapping.ts';
import { isReference, type ModuleMapping } from '../../src/mapping/model.ts';
import { RUNBOOK_SCHEMA_FILE } from '../../src/cutover/schema/runbookSchema.ts';
import { schemaFiles } from '../../src/mapping/schema/schemaFiles.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MAPPING = join(PROJECT, 'mapping');
const MODULES = [
  'anwesenheit',
  'buchungen',
  'finanzen',
  'hunde',
  'kalender',
  'kommunikation',
  'kunden',
  'kurse',
  'rechnungspositionen',
  'trainer',
  'waren',
];

/** Strings below any member of this name. */
function textsOf(value: unknown, name: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key !== name) return textsOf(inner, name);
    return typeof inner === 'string' ? [inner] : Object.values(inner as object).map(String);
  });
}

/** A sentence of its own, or one that goes on after a colon: no note to oneself. */
function isSentence(text: string): boolean {
  return /^[\p{L}\d].{15,}$/u.test(text) && !/\b(?:TODO|FIXME|tbd|xxx|test)\b|\s$/i.test(text);
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(MAPPING, name), 'utf8'));
}

describe('the committed mapping', () => {
  const published = [...schemaFiles(), RUNBOOK_SCHEMA_FILE];
  const files = ['project.json', ...MODULES.map((name) => `modules/${name}.json`)];

  it('has a module for each table, and nothing that nobody reads', () => {
    const all = readdirSync(MAPPING, { recursive: true, withFileTypes: true });
    const found = all.filter((entry) => entry.isFile());
    const names = found.map((entry) => relative(MAPPING, join(entry.parentPath, entry.name)));
    const schemas = published.map(({ name }) => `schema/${name}`);
    const others = ['DECISIONS.md', 'registries/trainer.ndjson'];
    expect(names.sort()).toEqual([...others, ...files, ...schemas].sort());
  });

  it('comes with the schemas that the code has', () => {
    expect(published.length).toBeGreaterThan(1);
    for (const { name, text } of published) {
      const committed = readFileSync(join(MAPPING, 'schema', name), 'utf8');
      expect(committed === text, `mapping/schema/${name} is what the code publishes`).toBe(true);
    }
  });

  it.each(files)('%s points to its schema, and fits it', (name) => {
    const value = read(name) as { readonly $schema: string };
    const path = join(MAPPING, dirname(name), value.$schema);
    expect(relative(MAPPING, path)).toMatch(/^schema\/(?:module|project)\.schema\.json$/);
    const schema = JSON.parse(readFileSync(path, 'utf8')) as AnySchemaObject;
    const validate = new Ajv2020({ strict: false }).compile(schema);
    expect([validate(value), validate.errors]).toEqual([true, null]);
    expect(validate({ ...value, surplus: 1 })).toBe(false);
  });

  it('gives reasons that are sentences', () => {
    const reasons = files.flatMap((name) => textsOf(read(name), 'dropped'));
    const conditions = files.flatMap((name) => textsOf(read(name), 'holds'));
    expect(reasons.length).toBeGreaterThan(3);
    expect(conditions.length).toBeGreaterThan(10);
    expect([...reasons, ...conditions].filter((text) => !isSentence(text))).toEqual([]);
    expect(['unused', 'TODO: ask the office about it', ''].filter(isSentence)).toEqual([]);
  });

  it('shows what a mapping can say', async () => {
    const { project, modules } = await loadMapping(PROJECT);
    const fields = modules.flatMap((module) => Object.values(module.fields));
    const values = fields.flatMap((field) => (isReference(field) ? [] : [field]));
    const uses: Readonly<Record<string, number>> = {
      severities: project.severities?.length ?? 0,
      dropped: count(modules, (module) => module.dropped !== undefined),
      unique: count(modules, (module) => (module.unique ?? []).length > 0),
      references: count(modules, (module) => (module.references ?? []).length > 0),
      invariants: count(modules, (module) => (module.invariants ?? []).length > 0),
      reference: count(fields, isReference),
      transforms: count(values, (field) => field.transforms !== undefined),
      format: count(values, (field) => field.format !== undefined),
      pattern: count(values, (field) => field.pattern !== undefined),
      values: count(values, (field) => field.values !== undefined),
      zone: count(values, (field) => field.zone !== undefined),
      copyOf: count(values, (field) => field.copyOf !== undefined),
      pii: count(modules, ({ pii }) => pii !== undefined),
    };
    expect(Object.entries(uses).filter(([, times]) => times === 0)).toEqual([]);
  });

  it('names its modules in DECISIONS.md', () => {
    const text = readFileSync(join(MAPPING, 'DECISIONS.md'), 'utf8');
    const tables = MODULES.map((name) => (read(`modules/${name}.json`) as ModuleMapping).source);
    for (const [index, name] of MODULES.entries()) {
      const source = tables[index];
      const table = source !== undefined && 'table' in source ? source.table : '';
      expect(text).toContain(`| \`${name}\` | \`${table}\` |`);
    }
  });
});

function count<T>(all: readonly T[], fits: (one: T) => boolean): number {
  return all.filter((one) => fits(one)).length;
}
