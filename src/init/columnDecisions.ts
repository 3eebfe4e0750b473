/** Decisions on a table and its columns that do not depend on the ids. */

import { DEFAULT_ID_FIELD } from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import type { UnreadableColumn } from '../source/source.ts';
import { formatType } from '../record/type.ts';
import type { ValueKind } from './columnProfile.ts';
import { clockTypes, fits, valueKinds } from './columnType.ts';
import type { Decision } from './decision.ts';
import type { Family } from '../source/declared.ts';
import { isExpectedName } from './fieldNames.ts';
import { personalClass, type PersonalColumn } from './personal.ts';
import type { ColumnPlan, TablePlan } from './tablePlan.ts';

type Note = Omit<Decision, 'table' | 'column'>;

/** Returns decisions on the table itself, then on its columns in their order. */
export function tableDecisions(plan: TablePlan): Decision[] {
  const { name: table } = plan.schema;
  const decisions: Decision[] = [];
  for (const note of tableNotes(plan)) decisions.push({ ...note, table });
  for (const { name: column, ...unreadable } of plan.schema.unreadable ?? []) {
    decisions.push({ ...unreadableNote(unreadable), table, column });
  }
  for (const column of plan.columns.values()) {
    const notes = [...(plan.rows === 0 ? [] : valueNotes(column)), ...schemaNotes(column, plan)];
    for (const note of notes) decisions.push({ ...note, table, column: column.name });
  }
  return decisions;
}

function tableNotes(plan: TablePlan): Note[] {
  const notes: Note[] = [];
  if (!isExpectedName(plan.schema.name, plan.module)) {
    notes.push({
      rule: 'module-name',
      severity: 'INFO',
      what: `the module is called "${plan.module}", as its plain name belongs to another table`,
      advice: 'rename the module and its file if another name is clearer',
    });
  }
  if (plan.rows === 0) {
    notes.push({
      rule: 'empty-table',
      severity: 'INFO',
      what: 'the table is empty: its types come from the declaration, minimumRows is 0',
      advice: 'drop the table if it is not needed, raise minimumRows if it will hold rows',
    });
  }
  for (const index of plan.schema.conditionalUnique ?? []) {
    notes.push({
      rule: 'unique',
      severity: 'INFO',
      what:
        `unique index ${quoteName(index)} is not checked: ` +
        'it covers only some rows, or computed values',
      advice: 'write an invariant for it if the new system relies on it',
    });
  }
  if (plan.schema.counter === true) {
    notes.push({
      rule: 'counter',
      severity: 'INFO',
      what: 'the source numbers its keys with a counter (AUTOINCREMENT), which is not migrated',
      advice: 'start the new counter after the largest key ever used, deleted rows included',
    });
  }
  return notes;
}

function unreadableNote({ why, computed }: Omit<UnreadableColumn, 'name'>): Note {
  const stored = {
    what: `cannot be read, as ${why}: it is not a field, and every run will stop at it`,
    advice: 'add a readable copy of it to the source, or list it under "dropped" with the reason',
  };
  const note = {
    what: `not migrated: the source computes it, which does not work here, as ${why}`,
    advice: 'have the new system compute it, or add a readable copy of it to the source',
  };
  return { rule: 'unreadable', severity: 'WARNING', ...(computed ? note : stored) };
}

function schemaNotes(column: ColumnPlan, plan: TablePlan): Note[] {
  const { name, field, schema } = column;
  const notes: Note[] = [];
  const personal = personalClass(column, plan);
  if (personal !== undefined) notes.push(personalNote(column, personal));
  if (name !== field) {
    notes.push({
      rule: 'field-name',
      severity: 'INFO',
      what:
        name === DEFAULT_ID_FIELD
          ? `the field is called ${quoteName(field)}, as ${quoteName(name)} is the new id`
          : `the field is called ${quoteName(field)}: a record cannot have the column's name`,
      advice: 'rename the field if another name is clearer',
    });
  }
  if (schema.generated) {
    notes.push({
      rule: 'generated',
      severity: 'INFO',
      what: 'the column is computed by the source, and migrated like any other',
      advice: 'list it under "dropped" if the new system computes it itself',
    });
  }
  return notes;
}

/** Says as well how many texts are of the class, if not all, and what the others hold. */
function personalNote({ profile }: ColumnPlan, { of: personal, by }: PersonalColumn): Note {
  const { [personal]: held = 0, ...others } = profile.personal;
  const declared = `declared as personal data of class ${personal}`;
  const advice = 'choose its treatment under "pii", or drop the column if it is not needed';
  const texts = profile.counts.text;
  if (by === 'name') {
    return { rule: 'personal', severity: 'INFO', what: `${declared}, by its name`, advice };
  }
  if (held === texts) {
    return { rule: 'personal', severity: 'INFO', what: `${declared}, by its values`, advice };
  }
  const parts = Object.entries<number>(others).map(([of, number]) => `${number} of class ${of}`);
  const rest = [`${held} of ${count(texts, NOUNS.text)} are of it`, ...parts].join(', ');
  return { rule: 'personal', severity: 'INFO', what: `${declared}: ${rest}`, advice };
}

function valueNotes(column: ColumnPlan): Note[] {
  const { profile, schema, type } = column;
  const notes: Note[] = [];
  if (schema.notNull && profile.counts.null > 0) {
    notes.push({
      rule: 'null-in-not-null',
      severity: 'WARNING',
      what: `declared not null, but ${count(profile.counts.null, VALUE)} null`,
      advice: 'the field allows null: correct the source, then set "required"',
    });
  }
  if (valueKinds(profile).length === 0) {
    notes.push({
      rule: 'no-values',
      severity: 'INFO',
      what: `every value is null: type ${formatType(type)} comes from the declaration`,
      advice: 'list the column under "dropped" if it is not needed',
    });
    return notes;
  }
  notes.push(...digitNotes(column));
  if (type.kind === 'tagged') notes.push(mixed(column));
  else notes.push(...typeNotes(column));
  return notes;
}

/**
 * Reports numbers whose written digits are lost: only a decimal without a number of digits keeps
 * them.
 */
function digitNotes({ otherDigits, type }: ColumnPlan): Note[] {
  if (otherDigits === 0 || (type.kind === 'decimal' && type.digits === undefined)) return [];
  const inside = type.kind === 'json' || type.kind === 'array';
  return [
    {
      rule: 'digits',
      severity: 'INFO',
      what:
        `${count(otherDigits, VALUE)} with numbers that end in zeros after the point, like 1.10: ` +
        `type ${formatType(type)} keeps the number, not these digits`,
      advice: inside
        ? 'turn the numbers into texts in the source if the digits matter'
        : 'use "type": "decimal" if the digits matter',
    },
  ];
}

function mixed({ profile, type }: ColumnPlan): Note {
  const found = valueKinds(profile).map((kind) => count(profile.counts[kind], NOUNS[kind]));
  if (profile.unusual > 0) found.push(`${profile.unusual} of them −0 or not finite`);
  if (!fits(profile, type)) {
    return {
      rule: 'no-exact-type',
      severity: 'WARNING',
      what: `no type holds every value exactly (${found.join(', ')})`,
      advice: 'correct the source: these rows would be rejected',
    };
  }
  return {
    rule: 'mixed-values',
    severity: 'WARNING',
    what: `holds ${found.join(', ')}: kept without loss in type tagged`,
    advice: 'correct the odd values in the source, then choose a plain type',
  };
}

/** Singular and plural of each kind. */
const NOUNS: Readonly<Record<ValueKind, readonly [string, string]>> = {
  number: ['number', 'numbers'],
  text: ['text', 'texts'],
  invalidText: ['text that is not valid Unicode', 'texts that are not valid Unicode'],
  bytes: ['value of bytes', 'values of bytes'],
  boolean: ['boolean', 'booleans'],
  json: ['JSON array or object', 'JSON arrays or objects'],
};
const VALUE = ['value', 'values'] as const;

function count(number: number, [one, many]: readonly [string, string]): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Kinds of types that are usual for each declared family. */
const EXPECTED: Readonly<Record<Family, readonly string[]>> = {
  boolean: ['boolean'],
  integer: ['integer', 'bigint'],
  decimal: ['decimal'],
  float: ['float'],
  temporal: ['date', 'time', 'timestamp', 'timestamptz'],
  uuid: ['uuid'],
  json: ['json'],
  text: ['string'],
  bytes: ['bytes', 'blob'],
  unknown: [],
};

function typeNotes(column: ColumnPlan): Note[] {
  const { declared, profile, type, schema } = column;
  const notes: Note[] = [];
  const expected = EXPECTED[declared.family];
  const clock = declared.clock ?? type.kind;
  const asExpected =
    expected.includes(type.kind) && (clock === type.kind || type.kind === 'string');
  if (expected.length > 0 && !asExpected) {
    const name = quoteName(schema.declaredType);
    notes.push({
      rule: 'other-type',
      severity: 'INFO',
      what: `declared ${name}, but its values are not: type ${formatType(type)}`,
      advice: 'check that this is what the new system expects',
    });
  }
  if (type.kind === 'json' && profile.rewrittenJson > 0) {
    const texts = `${profile.rewrittenJson} of ${count(profile.counts.text, NOUNS.text)}`;
    notes.push({
      rule: 'json-form',
      severity: 'INFO',
      what:
        `${texts} will be written as canonical JSON: ` +
        'whitespace and order may change, values do not',
      advice: 'use "type": "string" if the texts must stay as they are',
    });
  }
  if (profile.beyondDeclared > 0) {
    notes.push({
      rule: 'too-long',
      severity: 'WARNING',
      what: `${count(profile.beyondDeclared, VALUE)} larger than the declared size: kept in full`,
      advice: 'allow for them in the new system, or correct the source',
    });
  }
  const better =
    type.kind === 'string' && declared.family !== 'temporal' ? betterType(column) : null;
  if (better !== null) {
    notes.push({
      rule: 'looks-like',
      severity: 'INFO',
      what: `every text would fit type ${better}`,
      advice: `use "type": "${better}" if that is what the column means`,
    });
  }
  return notes;
}

/**
 * Finds a type that holds all texts of a column and is more specific than string. Digits alone do
 * not suggest one.
 */
function betterType({ profile }: ColumnPlan): string | null {
  const decimal = { kind: 'decimal', digits: profile.fractionDigits } as const;
  const candidates = [
    { kind: 'uuid' } as const,
    ...clockTypes(profile),
    ...(profile.fractionDigits > 0 ? [decimal] : []),
  ];
  const found = candidates.find((type) => fits(profile, type));
  return found === undefined ? null : formatType(found);
}
