/**
 * What a scan has to find, computed in the plainest way: every record is compared with every other.
 * It shares nothing with src/scan. Modules keep the key `id`; all fields have the same type.
 */

import type { ModuleMapping } from '../../src/mapping/model.ts';

export type Rec = Readonly<Record<string, string | null | readonly (string | null)[]>>;
export type Tables = Readonly<Record<string, readonly Rec[]>>;

/** Lines of `rule module key-or-rows field`, sorted. */
export function expected(modules: readonly ModuleMapping[], tables: Tables): string[] {
  return modules.flatMap((module) => expectedOf(module, tables)).sort();
}

function expectedOf(module: ModuleMapping, tables: Tables): string[] {
  const records = tables[module.module] ?? [];
  const name = module.module;
  const found: string[] = [];
  const accuse = (rule: string, record: Rec, field: string): void => {
    found.push(`${rule} ${name} ["${String(record['id'])}"] ${field}`);
  };
  for (const { fields, module: parent, to } of module.references ?? []) {
    for (const record of records) {
      const values = fields.map((field) => record[field]);
      if (values.includes(null)) continue;
      if (parentsOf(tables[parent] ?? [], to, values).length === 0) {
        accuse('reference', record, fields.join('+'));
      }
    }
  }
  for (const [field, mapping] of Object.entries(module.fields)) {
    if ('reference' in mapping) continue;
    for (const record of records) {
      if (typeof mapping.references === 'string') {
        const ids = (record[field] ?? []) as readonly (string | null)[];
        const parents = tables[mapping.references] ?? [];
        const lost = ids.some((id) => id !== null && parents.every((other) => other['id'] !== id));
        if (lost) accuse('reference', record, field);
      }
      if (mapping.copyOf !== undefined) {
        const { via, field: original } = mapping.copyOf;
        const reference = module.references?.find(({ fields }) => fields.join() === via);
        const parents = parentsOf(tables[reference?.module ?? ''] ?? [], reference?.to ?? [], [
          record[via],
        ]);
        const agrees = parents.some((parent) => parent[original] === record[field]);
        if (record[via] !== null && parents.length > 0 && !agrees) accuse('copy', record, field);
      }
    }
  }
  found.push(...cycles(module, records), ...groups(module, records));
  return found;
}

function parentsOf(
  records: readonly Rec[],
  to: readonly string[],
  values: readonly unknown[],
): Rec[] {
  return records.filter((record) => to.every((field, at) => record[field] === values[at]));
}

/** A record is on a cycle when as many steps as there are records lead back to it at some point. */
function cycles(module: ModuleMapping, records: readonly Rec[]): string[] {
  const found: string[] = [];
  for (const { fields, module: parent, to } of module.references ?? []) {
    if (parent !== module.module) continue;
    for (const start of records) {
      let at: Rec | undefined = start;
      for (let step = 0; step < records.length && at !== undefined; step += 1) {
        const values: unknown[] = fields.map((field) => at?.[field]);
        at = values.includes(null) ? undefined : parentsOf(records, to, values)[0];
        if (at === start) {
          const rule = step === 0 ? 'self-reference' : 'cycle';
          found.push(`${rule} ${module.module} ["${String(start['id'])}"] ${fields.join('+')}`);
          break;
        }
      }
    }
  }
  return found;
}

function groups(module: ModuleMapping, records: readonly Rec[]): string[] {
  const found: string[] = [];
  const grouped = (rule: string, field: string, same: (a: Rec, b: Rec) => boolean): void => {
    for (const [at, record] of records.entries()) {
      const rows = records.flatMap((other, row) => (same(record, other) ? [row + 1] : []));
      if (rows.length > 1 && rows[0] === at + 1) {
        found.push(`${rule} ${module.module} ${rows.join(',')} ${field}`);
      }
    }
  };
  for (const set of module.unique ?? []) {
    grouped('unique', set.join('+'), (a, b) =>
      set.every((field) => a[field] !== null && a[field] === b[field]),
    );
  }
  const fold = (record: Rec): string => String(record['id']).trim().toLowerCase();
  grouped('key-similar', 'id', (a, b) => fold(a) === fold(b));
  return found;
}
