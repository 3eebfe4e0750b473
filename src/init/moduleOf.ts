/** Turns a planned table into a module's mapping. */

import {
  DEFAULT_ID_FIELD,
  DEFAULT_SOURCE,
  type ColumnField,
  type FieldMapping,
  type IdRule,
  type KeyPart,
  type ModuleMapping,
  type ReferenceField,
  type ValueReference,
} from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { formatType, type FieldType } from '../record/type.ts';
import { uniqueSets } from './chooseKey.ts';
import type { Decision } from './decision.ts';
import { notExpressed, whyNotByValue, type IdMode, type Links } from './foreignKeys.ts';
import type { NestedReferences } from './looksLikeIds.ts';
import { unusedName } from './fieldNames.ts';
import { personalClass, personalNumber } from './personal.ts';
import { columnOf, columnsOf, isRequired, type ColumnPlan, type TablePlan } from './tablePlan.ts';

export interface ModuleContext {
  readonly sourceName: string;
  readonly ids: IdMode;
  /** By table. */
  readonly links: ReadonlyMap<TablePlan, Links>;
  /** Columns to which others refer by value, and which are therefore fields. */
  readonly referred: ReadonlyMap<TablePlan, ReadonlySet<string>>;
  readonly nested: NestedReferences;
}

interface Fields {
  readonly byName: Map<string, FieldMapping>;
  /** The field of exactly this column. */
  readonly ofColumn: Map<string, string>;
}

/** Returns the module, and the decisions made on it. */
export function moduleOf(plan: TablePlan, context: ModuleContext): [ModuleMapping, Decision[]] {
  const decisions: Decision[] = [];
  const fields = fieldsOf(plan, context, decisions);
  const { name: table } = plan.schema;
  const unique = uniqueOf(plan, fields, decisions);
  const references = valueReferences(plan, context, decisions);
  const { sourceName } = context;
  const module: ModuleMapping = {
    $schema: '../schema/module.schema.json',
    module: plan.module,
    source: sourceName === DEFAULT_SOURCE ? { table } : { name: sourceName, table },
    key: columnsOf(plan, plan.key).map(keyPart),
    id: idRule(plan, context.ids, fields),
    fields: Object.fromEntries(fields.byName),
    ...droppedOf(plan),
    ...(unique.length === 0 ? {} : { unique }),
    ...(references.length === 0 ? {} : { references }),
    ...(plan.rows === 0 ? { minimumRows: 0 } : {}),
    ...policyOf(plan, fields),
  };
  return [module, decisions];
}

function keyPart({ name, type, keyTransform }: ColumnPlan): KeyPart {
  const part = { column: name, type: formatType(type) };
  return keyTransform === undefined ? part : { ...part, transforms: [keyTransform] };
}

/**
 * Lists columns that the source computes and that cannot be read here: dropping them loses no data.
 */
function droppedOf({ schema }: TablePlan): Pick<ModuleMapping, 'dropped'> {
  const computed = schema.unreadable?.filter((column) => column.computed) ?? [];
  if (computed.length === 0) return {};
  const reasons = computed.map(({ name, why }) => {
    return [name, `computed by the source, and not readable, as ${why}`];
  });
  return { dropped: Object.fromEntries(reasons) as Readonly<Record<string, string>> };
}

/**
 * Proposes a policy for the fields whose values or names are personal data. Other fields are not
 * declared harmless: that is for people to say.
 */
function policyOf(plan: TablePlan, fields: Fields): Pick<ModuleMapping, 'pii'> {
  const declared = [...fields.ofColumn].flatMap(([name, field]) => {
    const of =
      'column' in (fields.byName.get(field) ?? {})
        ? personalClass(columnOf(plan, name), plan)?.of
        : undefined;
    return of === undefined ? [] : [[field, { class: of, treatment: 'plain' }] as const];
  });
  if (declared.length === 0) return {};
  return { pii: { policy: 1, default: 'allow', fields: Object.fromEntries(declared) } };
}

function idRule(plan: TablePlan, ids: IdMode, fields: Fields): IdRule {
  if (plan.key.length > 0 && ids === 'keep') return { rule: 'keep' };
  const rule = plan.key.length === 0 ? 'keyless' : 'uuid';
  if (!fields.byName.has(DEFAULT_ID_FIELD)) return { rule };
  let field = 'recordId';
  for (let number = 2; fields.byName.has(field); number += 1) field = `recordId${number}`;
  return { rule, field };
}

/**
 * Returns one field per column or reference, in the order of the columns; see {@link
 * hasColumnField}.
 */
function fieldsOf(plan: TablePlan, context: ModuleContext, decisions: Decision[]): Fields {
  const fields: Fields = { byName: new Map(), ofColumn: new Map() };
  const references = context.links.get(plan)?.references ?? [];
  const unnamed = new Set(references);
  for (const column of plan.columns.values()) {
    const reference = references.find(({ columns }) => {
      return columns.length === 1 && columns[0] === column.name;
    });
    if (reference !== undefined) {
      unnamed.delete(reference);
      fields.byName.set(column.field, referenceField(plan, reference, [column]));
    } else if (hasColumnField(plan, column.name, context)) {
      const references = context.nested.get(column);
      const field = columnField(plan, column);
      const nested = references === undefined ? field : { ...field, references };
      fields.byName.set(column.field, nested);
    } else {
      continue;
    }
    fields.ofColumn.set(column.name, column.field);
  }
  // Names of columns come first, so that a reference of several columns never takes one.
  const taken = new Set([...plan.columns.values()].map((column) => column.field));
  for (const reference of unnamed) {
    const field = referenceField(plan, reference, columnsOf(plan, reference.columns));
    fields.byName.set(unusedName(reference.parent.module, taken), field);
  }
  decisions.push(...legacyKey(plan, context.ids, fields));
  return fields;
}

/** Whether the column is a field of its own type, apart from any reference that it is part of. */
function hasColumnField(plan: TablePlan, name: string, context: ModuleContext): boolean {
  const all = context.links.get(plan)?.references ?? [];
  const references = all.filter(({ columns }) => columns.includes(name));
  if (references.some(({ columns }) => columns.length === 1)) return false;
  // A reference that is null in part does not hold its other columns.
  if (references.some(({ partial }) => partial > 0)) return true;
  if (references.length > 0) return false;
  if (context.referred.get(plan)?.has(name) === true) return true;
  const [only, ...others] = plan.key;
  if (context.ids === 'keep' || only !== name || others.length > 0) return true;
  // Row numbers are printed on invoices and stay; a person's number is for the lineage alone. A
  // record needs at least one field.
  return plan.columns.size === 1 || personalNumber(columnOf(plan, only)) === undefined;
}

function isSurrogate(type: FieldType): boolean {
  if (type.kind === 'decimal') return type.digits === 0;
  return type.kind === 'integer' || type.kind === 'bigint' || type.kind === 'uuid';
}

function referenceField(
  plan: TablePlan,
  { parent, match }: Links['references'][number],
  columns: readonly ColumnPlan[],
): ReferenceField {
  const required = isRequired(plan, columns);
  return {
    reference: parent.module,
    columns: columns.map(({ name }) => name),
    ...(required ? { required } : {}),
    ...(match === undefined ? {} : { match }),
  };
}

function columnField(plan: TablePlan, column: ColumnPlan): ColumnField {
  const required = isRequired(plan, [column]);
  const maxLength = maxLengthOf(column);
  return {
    column: column.name,
    type: formatType(column.type),
    ...(required ? { required } : {}),
    ...(maxLength === undefined ? {} : { maxLength }),
  };
}

function maxLengthOf({ type, declared, profile }: ColumnPlan): number | undefined {
  return type.kind === 'string' && profile.beyondDeclared === 0 ? declared.length : undefined;
}

/**
 * Decides about the legacy key, by which people know rows. A non-numeric key may identify a person,
 * and so would an id derived from it, permanently.
 */
function legacyKey(plan: TablePlan, ids: IdMode, fields: Fields): Decision[] {
  const [column, ...others] = columnsOf(plan, plan.key);
  if (column === undefined || others.length > 0) return [];
  const name = fields.ofColumn.get(column.name);
  const field = fields.byName.get(name ?? '');
  if (field !== undefined && !('column' in field)) return [];
  const about = { table: plan.schema.name, column: column.name };
  const [type, personal] = [formatType(column.type), personalNumber(column)];
  const isNumber = isSurrogate(column.type);
  if (name === undefined || field === undefined) {
    // Without a field, and not personal, it is part of a reference.
    return personal === undefined ? [] : [{ ...about, ...onlyInLineage(personal) }];
  }
  if (ids === 'uuid') {
    const kept = `the legacy key (${type}) is kept as field ${quoteName(name)} besides the new id`;
    return [
      {
        ...about,
        rule: isNumber ? 'legacy-key' : 'natural-key',
        severity: 'INFO',
        what: kept,
        advice:
          column.keyTransform === undefined
            ? 'remove the field if it is not needed; the lineage holds the key in any case'
            : 'keep the field; the lineage holds the key as compared, not as spelled',
      },
    ];
  }
  if (isNumber && personal === undefined) return [];
  return [
    {
      ...about,
      rule: 'natural-key',
      severity: personal === undefined ? 'INFO' : 'WARNING',
      what: `the legacy key (${type}) stays the id of the records`,
      advice: 'use new ids (--ids uuid) if it reveals something about a person',
    },
  ];
}

function onlyInLineage(personal: string): Omit<Decision, 'table'> {
  return {
    rule: 'natural-key',
    severity: 'WARNING',
    what:
      `the legacy key holds personal data of class ${personal}: ` +
      'it is in the lineage, not in the records',
    advice: 'add it as a field, and declare it under "pii", if the new system needs it',
  };
}

/** Returns the declared unique sets in terms of fields. */
function uniqueOf(plan: TablePlan, fields: Fields, decisions: Decision[]): string[][] {
  const sets: string[][] = [];
  for (const columns of uniqueSets(plan)) {
    const names = columns.map((column) => {
      return fields.ofColumn.get(column) ?? referenceWithin(fields, column, columns);
    });
    const found = names.filter((name) => name !== null);
    if (found.length === names.length) sets.push([...new Set(found)]);
    else decisions.push(notUnique(plan, columns));
  }
  return sets;
}

/**
 * Returns a reference of several columns if all of them are in the set: it stands for them
 * together.
 */
function referenceWithin(
  fields: Fields,
  column: string,
  columns: readonly string[],
): string | null {
  for (const [name, field] of fields.byName) {
    if (!('columns' in field) || !field.columns.includes(column)) continue;
    if (field.columns.every((other) => columns.includes(other))) return name;
  }
  return null;
}

function notUnique(plan: TablePlan, columns: readonly string[]): Decision {
  return {
    rule: 'unique',
    severity: 'INFO',
    table: plan.schema.name,
    what:
      `unique set (${columns.map(quoteName).join(', ')}) is not checked: ` +
      'not all of its columns are fields',
    advice: 'add the missing columns as fields if the new system relies on it',
  };
}

function valueReferences(
  plan: TablePlan,
  context: ModuleContext,
  decisions: Decision[],
): ValueReference[] {
  const references = new Map<string, ValueReference>();
  for (const link of context.links.get(plan)?.values ?? []) {
    const why = whyNotByValue(plan, link, (of, column) => hasColumnField(of, column, context));
    if (why !== null) {
      const key = { columns: link.columns, table: link.parent.schema.name, to: link.to };
      decisions.push(notExpressed(plan, key, why));
      continue;
    }
    const reference = {
      fields: columnsOf(plan, link.columns).map(({ field }) => field),
      module: link.parent.module,
      to: columnsOf(link.parent, link.to).map(({ field }) => field),
      ...(link.match === undefined ? {} : { match: link.match }),
    };
    references.set(JSON.stringify(reference), reference);
  }
  return [...references.values()];
}
