/**
 * The mapping by which a target is read back: each field from the column that was loaded with it, each
 * record with the key of its seal. So the rows of a target become records by the same code as those of a
 * source. Pure.
 */

import type { LoadedMapping } from '../mapping/loadMapping.ts';
import type { FieldMapping, ModuleMapping } from '../mapping/model.ts';
import { BLIND_FIELD } from '../mapping/compile/module.ts';
import { formatType } from '../record/type.ts';
import type { ModuleSide } from '../seal/opened/moduleSide.ts';

/** Name of the target among the sources of the mapping. */
export const TARGET = 'target';

/** Where the records of a module are. */
export interface TargetTable {
  readonly sealed: ModuleSide;
  /** Name of the table, as the adapter of its database names it. */
  readonly table: string;
  /** Column of a field. */
  readonly columnOf: (field: string) => string;
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

function moduleOf({ sealed, table, columnOf, blind }: TargetTable): ModuleMapping {
  const fields: [string, FieldMapping][] = [];
  for (const [field, form] of sealed.shape.fields) {
    if (field === BLIND_FIELD) continue;
    fields.push([field, { column: columnOf(field), type: readAs(typeOf(form)) }]);
  }
  return {
    module: sealed.module,
    source: { name: TARGET, table },
    key: sealed.keyFields.map((field, at) => {
      const type = sealed.keyTypes[at];
      if (type === undefined) throw new TypeError('a key has fewer types than fields');
      return { column: columnOf(field), type: formatType(type) };
    }),
    id: { rule: 'keep' },
    fields: Object.fromEntries(fields),
    ...(blind === null ? {} : { blind }),
  };
}

function typeOf(form: string): string {
  return (JSON.parse(form) as { readonly type: string }).type;
}

/** An enum's values are checked by their bytes; a tagged value is stored as the JSON that it is. */
function readAs(type: string): string {
  if (type === 'enum') return 'string';
  return type.replace(/\btagged\b/, 'json').replace(/\benum\b/, 'string');
}
