/**
 * The mapping by which a target is read back: each field from the column that was loaded with it, each
 * record with the key of its seal. So the rows of a target become records by the same code as those of a
 * source. Pure.
 */

import type { LoadedMapping } from '../mapping/loadMapping.ts';
import type { FieldMapping, KeyPart, ModuleMapping } from '../mapping/model.ts';
import { formatType } from '../record/type.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';

/** Name of the target among the sources of the mapping. */
export const TARGET = 'target';

/** The column of a field. */
export interface TargetColumn {
  readonly name: string;
  /** Whether it is declared as text, so that it holds the text of the record itself. */
  readonly isText: boolean;
  /** Whether its values are lists of a type of the target's own. */
  readonly isList: boolean;
}

/** Where the records of a module are. */
export interface TargetTable {
  readonly sealed: ModuleSide;
  /** Name of the table, as the adapter of its database names it. */
  readonly table: string;
  /** Field → column. */
  readonly columns: ReadonlyMap<string, TargetColumn>;
  /** Id of the secret key of its blinds; null if its records have none. */
  readonly blind: string | null;
}

/** Makes the mapping of these tables; `project` gives it the members that do not matter here. */
export function targetMapping(
  tables: readonly TargetTable[],
  project: LoadedMapping['project'],
): LoadedMapping {
  const { format, name, namespace } = project;
  return {
    project: { format, name, namespace, sources: { [TARGET]: { url: '' } } },
    modules: tables.map(moduleOf),
    registries: new Map(),
    folder: '',
    files: [],
    digest: '',
  };
}

function moduleOf({ sealed, table, columns, blind }: TargetTable): ModuleMapping {
  const fields: [string, FieldMapping][] = [];
  for (const [field, form] of sealed.shape.fields) {
    const column = columns.get(field);
    if (column === undefined) continue;
    const type = typeOf(form);
    const isKey = sealed.keyFields.includes(field);
    fields.push([field, isKey ? partOfKey(column, type) : fieldOf(column, type)]);
  }
  return {
    module: sealed.module,
    source: { name: TARGET, table },
    key: sealed.keyFields.map((field, at) => {
      const type = sealed.keyTypes[at];
      if (type === undefined) throw new TypeError('a key has fewer types than fields');
      const column = columns.get(field) ?? { name: field, isText: false, isList: false };
      return partOfKey(column, formatType(type));
    }),
    id: { rule: 'keep' },
    fields: Object.fromEntries(fields),
    ...(blind === null ? {} : { blind }),
  };
}

export function typeOf(form: string): string {
  return (JSON.parse(form) as { readonly type: string }).type;
}

/**
 * A part of a key keeps its type, by which keys are ordered. In a column of text, a UUID in capitals is
 * another id: it is made invalid.
 */
function partOfKey({ name, isText }: TargetColumn, type: string): KeyPart {
  if (type !== 'uuid' || !isText) return { column: name, type };
  return { column: name, type, transforms: NO_CAPITALS };
}

const NO_CAPITALS = Array.from('ABCDEF', (letter) => ({ replace: letter, with: '?' }));

/** Types whose values are texts in a record. */
const TEXTS = /^(?:string|enum|bigint|decimal|date|time|timestamp|timestamptz|uuid)\b/;

/**
 * Values are texts as they are loaded: in a column of text, 1.1 is not 1.10. An enum's values are checked
 * by their bytes; a tagged value is stored as the JSON that it is, and so is an array, unless the target has
 * lists. A JSON null is loaded as null, so the text of one is no value of the field.
 */
function fieldOf({ name, isText, isList }: TargetColumn, type: string): FieldMapping {
  if (type === 'enum' || (isText && TEXTS.test(type))) return { column: name, type: 'string' };
  const isArray = type.startsWith('array');
  if (type === 'json' || type === 'tagged' || (isArray && !isList)) {
    return { column: name, type: 'json', transforms: [{ sentinels: ['null'] }] };
  }
  return { column: name, type: type.replace(/\benum\b/, 'string') };
}
