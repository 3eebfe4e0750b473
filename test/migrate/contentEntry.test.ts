import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileModule } from '../../src/mapping/compile/module.ts';
import type { Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { contentEntry, contentFinisher } from '../../src/migrate/worker/contentEntry.ts';
import { ENTRY_HEADER } from '../../src/extsort/spill.ts';
import { emptyView, readEntry, locatorOf } from '../../src/extsort/entry.ts';
import { canonical, type Json } from '../independent/handMade.ts';

const NAMESPACE = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';
const SECRET = Buffer.alloc(32, 'secret');

function mappingFor(fields: readonly string[], idField: string, blind: boolean): Mapping {
  const entries = fields.map((field) => [field, { column: field, type: 'json' }] as const);
  const module: ModuleMapping = {
    module: 'm',
    source: { table: 't' },
    key: [],
    id: { rule: 'keyless', field: idField },
    fields: Object.fromEntries(entries),
    ...(blind ? { blind: 'k' } : {}),
  };
  const project = { format: 1, name: 'p', namespace: NAMESPACE, sources: {} } as const;
  return { project, modules: [module], registries: new Map() };
}

const DIAGNOSES = '[["a","sentinel"]]';

/** Both passes over one record. */
function finished(mapping: Mapping, record: string, ordinal: number, locator: number): EntryResult {
  const module = compileModule(mapping, 'm');
  const context = { mapping, secrets: new Map([['k', SECRET]]), registries: new Map() };
  let first = Buffer.alloc(0);
  const { size } = contentEntry(module, context).entry(record, locator, DIAGNOSES, (size) => {
    first = Buffer.alloc(size);
    return { buffer: first, start: 0 };
  });
  const view = emptyView();
  readEntry(first, 0, view);
  expect(view.end).toBe(size);
  const finisher = contentFinisher(module, context);
  const target = Buffer.alloc(finisher.capacity(view));
  const end = finisher.finish(first, view, ordinal, target);
  readEntry(target, 0, view);
  expect(view.end).toBe(end);
  expect(target.toString('utf8', view.lineageEnd, end)).toBe(DIAGNOSES);
  return {
    key: target.toString('hex', ENTRY_HEADER, view.keyEnd),
    line: target.toString('utf8', view.keyEnd, view.recordEnd),
    locator: locatorOf(target, 0),
  };
}

interface EntryResult {
  readonly key: string;
  readonly line: string;
  readonly locator: number | string;
}

const awkward = fc.constantFrom(
  '~!',
  '~',
  'id',
  '"',
  '\\',
  '{',
  '}',
  ',',
  ':',
  '10',
  'é',
  '\u{1F600}',
);
const name = fc
  .oneof(awkward, fc.string({ minLength: 1, maxLength: 4 }))
  .filter((text) => text !== '~' && text !== '__proto__');
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('}"{,', '\\"', '\\', '[,]', '{"id":"x"}'),
  fc.integer(),
  fc.constant(null),
  fc.constantFrom<Json>({ a: ['}', { b: '"' }], c: {} }, [[], {}, '\\"']),
);

describe('the record of a row without key', () => {
  it('gets its id and ~ where canonical JSON has them, whatever is around', () => {
    const fields = fc.dictionary(name, value, { minKeys: 1, maxKeys: 6, noNullPrototype: true });
    const property = fc.property(fields, name, fc.boolean(), fc.nat(), (record, id, blind, n) => {
      fc.pre(!Object.hasOwn(record, id));
      const content = canonical(record);
      const { key, line, locator } = finished(
        mappingFor(Object.keys(record), id, blind),
        content,
        n,
        n,
      );
      const parsed = JSON.parse(line) as { [k: string]: Json };
      expect(line).toBe(`${canonical(parsed)}\n`);
      const { [id]: made, '~': hidden, ...rest } = parsed;
      expect(canonical(rest)).toBe(content);
      expect(typeof made === 'string' ? made.replaceAll('-', '') : made).toBe(key);
      expect(locator).toBe(n);
      expect(hidden === undefined).toBe(!blind);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('has the id of the published construction', () => {
    const mapping = mappingFor(['a'], 'id', false);
    const space = Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex');
    const made = [0, 1, 12].map((ordinal) => {
      const sha1 = createHash('sha1').update(space).update(`"m"{"a":"x"}${ordinal}`).digest('hex');
      const id = finished(mapping, '{"a":"x"}', ordinal, 1).key;
      expect(`${id.slice(0, 12)}${id.slice(13, 16)}${id.slice(17)}`).toBe(
        `${sha1.slice(0, 12)}${sha1.slice(13, 16)}${sha1.slice(17, 32)}`,
      );
      expect(id).toMatch(/^.{12}5.{3}[89ab].{15}$/);
      return id;
    });
    expect(new Set(made).size).toBe(3);
  });
});
