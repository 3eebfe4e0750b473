/** Random schemas of records, made as migrate makes them, and records that they allow. */

import { createHash } from 'node:crypto';

import { compileModule } from '../../src/mapping/compile/module.ts';
import type { FieldMapping, Mapping, ModuleMapping } from '../../src/mapping/model.ts';
import { recordSchema } from '../../src/seal/recordSchema.ts';
import { canonicalJson } from '../../src/record/canonical.ts';
import type { FieldType } from '../../src/record/type.ts';
import type { ExpectedLines } from '../../src/seal/lineForm.ts';
import type { Random } from '../dogschool/random.ts';

const TYPES = [
  'string',
  'string',
  'boolean',
  'integer',
  'bigint',
  'decimal(2)',
  'decimal(0)',
  'decimal',
  'float',
  'date',
  'time(3)',
  'timestamp(0)',
  'timestamptz(6)',
  'timestamp',
  'uuid',
  'bytes',
  'blob',
  'enum',
  'array(string)',
  'array(decimal(1))',
  'array(array(boolean))',
];
/** Without a pattern of their own. */
const FREE_TYPES = ['json', 'tagged', 'array(float)'];
const KEYS = ['integer', 'string', 'uuid', 'bigint', 'decimal(2)', 'date', 'boolean', 'bytes'];
const NAMES = ['a', 'B', 'naïve', '名', 'two words', '"', 'x.y', '$', '\u{1f980}', '\ufb33', 'z\\'];
const ENUM = ['open', 'offen für alle', 'a"b', 'c\\d', '\u0001', '1'];

export interface RandomLines extends ExpectedLines {
  /** The members with their types, the key's first. */
  readonly fields: ReadonlyMap<
    string,
    { readonly type: FieldType; readonly mapping: FieldMapping }
  >;
}

/** A schema of a key of one or two members and up to eight others. */
export function randomSchema(random: Random, free = false): RandomLines {
  const fields: Record<string, FieldMapping> = {};
  const names = NAMES.filter(() => random.chance(0.6));
  for (const name of names) fields[name] = randomField(random, free);
  const key = [random.pick(KEYS), random.pick(KEYS)].slice(0, random.integer(1, 2));
  const parts = key.map((type, index) => ({ column: `k${index}`, type }));
  for (const { column, type } of parts) fields[column] = { column, type, required: true };
  const module: ModuleMapping = {
    module: 'm',
    source: { table: 't' },
    key: parts,
    id: random.chance(0.5) ? { rule: 'keep' } : { rule: 'uuid' },
    fields,
  };
  const compiled = compileModule(
    { project: { sources: {} }, modules: [module] } as unknown as Mapping,
    'm',
  );
  const members = new Map(
    compiled.fields.map(({ name, type, mapping }) => [name, { type, mapping }]),
  );
  if (compiled.idField !== null) {
    const mapping = { column: 'id', type: 'uuid', required: true } as FieldMapping;
    members.set(compiled.idField, { type: { kind: 'uuid' }, mapping });
  }
  // As a file has it: plain data.
  const schema = JSON.parse(canonicalJson(recordSchema(compiled))) as ExpectedLines['schema'];
  return {
    schema,
    keyFields: compiled.orderFields,
    keyTypes: compiled.orderTypes,
    wanted: [...members].filter(([, { type }]) => type.kind === 'uuid').map(([name]) => name),
    fields: members,
  };
}

function randomField(random: Random, free: boolean): FieldMapping {
  const type = random.pick(free ? [...TYPES, ...FREE_TYPES] : TYPES);
  return {
    column: 'c',
    type,
    ...(random.chance(0.4) ? { required: true } : {}),
    ...(type === 'enum' ? { values: ENUM.slice(0, random.integer(1, ENUM.length)) } : {}),
    ...(type === 'string' && random.chance(0.4) ? { maxLength: random.integer(1, 12) } : {}),
  };
}

/** A record that the schema allows. */
export function randomRecord(random: Random, { fields }: RandomLines): Record<string, unknown> {
  const record: Record<string, unknown> = {};
  for (const [name, { type, mapping }] of fields) {
    const { required, maxLength, values } = mapping as Partial<{
      required: boolean;
      maxLength: number;
      values: string[];
    }>;
    const isNull = required !== true && random.chance(0.2);
    record[name] = isNull ? null : randomValue(random, type, { maxLength, values });
  }
  return record;
}

const CHARACTERS = Array.from(
  'abc XYZ019/,:{}[]"\\\n\t\u0000\u001f\u007f\u0080äß߿ࠀ€\ud7ff\ue000\uffff\u2028🦀\u{10ffff}',
);

interface Limits {
  readonly maxLength?: number | undefined;
  readonly values?: readonly string[] | undefined;
}

function randomValue(random: Random, type: FieldType, limits: Limits = {}): unknown {
  if (type.kind === 'array') {
    return Array.from({ length: random.integer(0, 3) }, () =>
      random.chance(0.2) ? null : randomValue(random, type.of),
    );
  }
  switch (type.kind) {
    case 'string':
      return randomText(random, limits.maxLength ?? 15);
    case 'enum':
      return random.pick(limits.values ?? ['']);
    case 'boolean':
      return random.chance(0.5);
    case 'integer':
      return random.pick([0, -7, random.integer(-99, 99), 2 ** 53 - 1, 10 ** 15, 1 - 10 ** 15]);
    case 'float':
      return random.pick([0, 0.1, -2.5, 1e21, 5e-324, 1e-7, 123456789.125, random.fraction()]);
    case 'bytes':
      return Buffer.from(random.digits(random.integer(0, 5))).toString('base64');
    case 'blob':
      return { sha256: digestOf(random), size: random.integer(0, 2 ** 31) };
    case 'json':
      return random.pick([null, 1, 'x', { a: [1, { b: null }] }, [[]], 1.5]);
    case 'tagged':
      return random.pick([{ text: 'x' }, { number: '5' }, { json: { a: 1 } }]);
    default:
      return scalarText(random, type.kind, type.digits);
  }
}

function scalarText(random: Random, kind: string, digits: number | undefined): string {
  const fraction = digits ?? random.integer(1, 4);
  const point = fraction === 0 ? '' : `.${random.digits(fraction)}`;
  const sign = random.chance(0.3) ? '-' : '';
  const whole = `${random.integer(1, 9)}${random.digits(random.integer(0, 20))}`;
  const day = `19${random.digits(2)}-0${random.integer(1, 9)}-1${random.digits(1)}`;
  const time = `1${random.digits(1)}:3${random.digits(1)}:5${random.digits(1)}${point}`;
  switch (kind) {
    case 'bigint':
      return sign + whole;
    case 'decimal':
      return sign + whole + point;
    case 'date':
      return day;
    case 'time':
      return time;
    case 'timestamp':
      return `${day}T${time}`;
    case 'timestamptz':
      return `${day}T${time}Z`;
    default:
      return digestOf(random).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  }
}

function randomText(random: Random, longest: number): string {
  let text = '';
  for (let left = random.integer(0, longest); left > 0; left -= 1) text += random.pick(CHARACTERS);
  return text;
}

function digestOf(random: Random): string {
  return createHash('sha256').update(random.digits(20)).digest('hex');
}
