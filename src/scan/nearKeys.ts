/**
 * Finds missing references for which the other module has a key that differs only in case and
 * whitespace. Runs only if a reference is missing its record: it takes another table and reading.
 */

import type { CompiledModule } from '../mapping/compile/module.ts';
import { targetId } from '../mapping/compile/identity.ts';
import { memberOf, type ReadRecord } from '../seal/candidateReader.ts';
import {
  isIn,
  keyHash,
  keysIn,
  keyTable,
  partitionsFor,
  tableBytes,
  type KeyHash,
} from './keyTable.ts';
import type { Reference } from './referencesOf.ts';
import { moduleOf, type Scope } from './scope.ts';
import { hashOf, loadTargets, targetPartitions, typeOfField } from './targets.ts';
import type { ViolationLog } from './violationStore.ts';

/** Hashes the key that a record refers to, ignoring case and whitespace. */
type NearKey = (record: ReadRecord) => KeyHash | null;

/**
 * Moves violations of such references in `log` from kind `k`, the index of the reference, to
 * `k` + `by`. References in arrays and JSON are left out: it is not known which of several ids is
 * missing.
 */
export async function moveNear(
  scope: Scope,
  module: CompiledModule,
  references: readonly Reference[],
  { log, by }: { readonly log: ViolationLog; readonly by: number },
): Promise<void> {
  for (const kind of log.kinds()) {
    const reference = references[kind];
    if (reference === undefined || reference.nested !== null) continue;
    const search = { scope, module, reference, log, kind, by };
    if (isByText(scope, reference)) await byValue(search);
    else if (isMadeFromText(scope, reference)) await byId(search);
  }
}

interface Search {
  readonly scope: Scope;
  readonly module: CompiledModule;
  readonly reference: Reference;
  readonly log: ViolationLog;
  readonly kind: number;
  readonly by: number;
}

const TEXTS: ReadonlySet<string> = new Set(['string', 'tagged', 'enum']);

function isByText(scope: Scope, { types, target }: Reference): boolean {
  const parent = moduleOf(scope, target.module);
  const others = target.fields.map((field) => typeOfField(parent, field));
  return types.some(({ kind }) => TEXTS.has(kind)) && others.some(({ kind }) => TEXTS.has(kind));
}

/** Whether the target's ids are made from keys that contain text. */
function isMadeFromText(scope: Scope, { target }: Reference): boolean {
  const { mapping, key, idField } = moduleOf(scope, target.module);
  const [field] = target.fields;
  return (
    mapping.id.rule === 'uuid' &&
    field === idField &&
    key.some(({ type }) => type.kind === 'string')
  );
}

async function byValue(search: Search): Promise<void> {
  const { scope, reference } = search;
  const { fields, types, target } = reference;
  const folded = { ...target, comparison: 'folded' } as const;
  const nearKeyOf: NearKey = (record) =>
    hashOf(
      folded,
      fields.map((field) => memberOf(record, field)),
      types,
    );
  for (const partition of targetPartitions(scope, [folded])) {
    const loaded = await loadTargets(scope, [folded], partition);
    const table = loaded.table(folded);
    await move(search, (record) => {
      const key = nearKeyOf(record);
      return key !== null && loaded.holds(key) && table.has(key);
    });
  }
}

/** Compares with ids of the usual other spellings of keys, since an id does not show its key. */
async function byId(search: Search): Promise<void> {
  const { scope, reference } = search;
  const { name, mapping } = moduleOf(scope, reference.target.module);
  const context = { mapping: scope.mapping, secrets: new Map(), registries: new Map() };
  const idOf = targetId(name, mapping.id, context);
  const [field = ''] = reference.fields;
  const keys = scope.files.countOf(name) * SPELLINGS.length;
  for (const partition of partitionsFor(tableBytes(keys, 0), scope.memory)) {
    const table = keyTable(keysIn(partition, keys), 0);
    for await (const { records } of scope.files.records(name, 'spellings', true)) {
      for (const record of records) {
        for (const key of record === null ? [] : otherSpellings(memberOf(record, 'key'))) {
          const hash = keyHash(name, [idOf(key) ?? '']);
          if (isIn(partition, hash)) table.add(hash);
        }
      }
    }
    await move(search, (record) => {
      const id = memberOf(record, field);
      return typeof id === 'string' && table.has(keyHash(name, [id]));
    });
  }
}

const SPELLINGS: readonly ((text: string) => string)[] = [
  (text) => text.toLowerCase(),
  (text) => text.toUpperCase(),
  (text) => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase(),
  (text) => text.trim(),
  (text) => text.trim().toLowerCase(),
  (text) => text.trim().toUpperCase(),
  (text) => `${text} `,
  (text) => ` ${text}`,
];

/** Returns canonical texts of a key, one for each other spelling, applied to all of its texts. */
function otherSpellings(key: unknown): string[] {
  if (!Array.isArray(key)) return [];
  const parts = key as readonly unknown[];
  return SPELLINGS.map((spell) =>
    parts.map((part) => JSON.stringify(typeof part === 'string' ? spell(part) : part)).join(','),
  );
}

async function move(
  { scope, module, log, kind, by }: Search,
  isNear: (record: ReadRecord) => boolean,
): Promise<void> {
  for await (const { first, records } of scope.files.records(module.name, 'spellings')) {
    for (const ordinal of log.ordinals(kind, first, first + records.length)) {
      const record = records[ordinal - first];
      if (record !== null && record !== undefined && isNear(record)) {
        log.move(ordinal, kind, kind + by);
      }
    }
  }
}
