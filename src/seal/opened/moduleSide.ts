/** A module of a candidate in a comparison: its ranges, its key, and its schema's declarations. */

import { join } from 'node:path';

import { formDigest } from '../formOfRecords.ts';
import { canonicalJson } from '../../record/canonical.ts';
import { encodeKey, isOrdered, type KeyValue } from '../../record/keyOrder.ts';
import { parseType, type FieldType } from '../../record/type.ts';
import { parseCanonical } from '../candidateFinding.ts';
import { plainSize } from '../files.ts';
import { DATA_FILE, MERKLE_FILE, RANGES_FILE, SCHEMA_FILE, type SealedRange } from '../format.ts';
import { parseRanges } from '../readRanges.ts';
import { asMerkleFile } from '../sealSchemas.ts';
import { broken, readListed, type Side } from './side.ts';

export interface ModuleSide {
  readonly side: Side;
  readonly module: string;
  /** Path of the data file. */
  readonly path: string;
  readonly keyFields: readonly string[];
  readonly keyTypes: readonly FieldType[];
  readonly ranges: readonly SealedRange[];
  /** Encoded key of each range's last record, strictly ascending. */
  readonly boundaries: readonly Buffer[];
  readonly shape: Shape;
}

/** The part of schema.json that is about the records, not about their source. */
interface Shape {
  /** Field → canonical text of its form. */
  readonly fields: ReadonlyMap<string, string>;
  /** Canonical text of everything but the fields. */
  readonly rest: string;
  /** Whether the legacy key is declared personal, so that no id is shown. */
  readonly personalKey: boolean;
  /** Fields that are declared harmless. */
  readonly harmless: ReadonlySet<string>;
  /** Whether the key is an id made by Sealift. */
  readonly madeId: boolean;
}

/** Reads tree, ranges and schema of a module. @throws Failure CANDIDATE */
export function openModule(side: Side, module: string): ModuleSide {
  const file = `${module}/${MERKLE_FILE}`;
  const sealed = side.modules.get(module);
  const merkle = asMerkleFile(parseCanonical(readListed(side, file)));
  const keyTypes = (merkle?.order.types ?? []).map((type) => parseType(type));
  if (merkle === null || !keyTypes.every((type) => type !== null && isOrdered(type))) {
    throw broken(side, file, 'its tree is not valid in format 1');
  }
  const known = keyTypes.filter((type) => type !== null);
  const path = join(side.folder, module, DATA_FILE);
  const { order } = merkle;
  const rangesFile = `${module}/${RANGES_FILE}`;
  const ranges = parseRanges(readListed(side, rangesFile));
  if (ranges === null) throw broken(side, rangesFile, 'its ranges are not valid in format 1');
  const boundaries = ranges.map(({ last }) => keyOrBroken(side, rangesFile, known, last));
  const consistent =
    merkle.root === sealed?.root &&
    merkle.count === sealed.count &&
    order.fields.length === order.types.length &&
    order.fields.length > 0 &&
    ranges.reduce((sum, { count }) => sum + count, 0) === merkle.count &&
    ranges.every(({ end, count }, at) => count > 0 && end > (ranges[at - 1]?.end ?? 0)) &&
    boundaries.every((key, at) => at === 0 || key.compare(boundaries[at - 1] ?? key) > 0) &&
    (ranges.at(-1)?.end ?? 0) === plainSize(path);
  if (!consistent) throw broken(side, rangesFile, 'its ranges are not those of the data file');
  const keyFields = order.fields;
  const shape = readShape(side, module, keyFields);
  return { side, module, path, keyFields, keyTypes: known, ranges, boundaries, shape };
}

/** Encodes a key. @throws Failure CANDIDATE if the key does not match the declared types */
export function keyOrBroken(
  side: Side,
  file: string,
  types: readonly FieldType[],
  key: readonly KeyValue[],
): Buffer {
  try {
    return encodeKey(types, key);
  } catch {
    throw broken(side, file, 'a key is not of its declared type');
  }
}

/** The members of schema.json that are used here; any of them may be missing. */
interface Schema {
  readonly properties?: Readonly<Record<string, Property | null>>;
  readonly 'x-sealift'?: {
    readonly form?: { readonly fields?: Readonly<Record<string, unknown>> };
  };
}

interface Property {
  readonly 'x-sealift'?: {
    readonly column?: unknown;
    readonly columns?: unknown;
    readonly pii?: unknown;
    readonly harmless?: unknown;
    readonly rule?: unknown;
  };
}

function readShape(side: Side, module: string, keyFields: readonly string[]): Shape {
  const file = `${module}/${SCHEMA_FILE}`;
  const schema = parseCanonical(readListed(side, file)) as Schema | null;
  const form = schema?.['x-sealift']?.form ?? null;
  if (formDigest(form) !== side.modules.get(module)?.schema) {
    throw broken(side, file, 'its schema is not the one that run.json states');
  }
  const fields = form?.fields;
  if (typeof fields !== 'object' || typeof schema?.properties !== 'object') {
    throw broken(side, file, 'its schema is not valid in format 1');
  }
  const properties = Object.entries(schema.properties);
  const [only, ...more] = keyFields;
  const key = properties.find(([field]) => field === only)?.[1];
  return {
    fields: new Map(Object.entries(fields).map(([name, of]) => [name, canonicalJson(of)])),
    rest: canonicalJson({ ...form, fields: null }),
    personalKey: hasPersonalKey(properties, keyFields),
    harmless: new Set(
      properties.flatMap(([field, of]) => (of?.['x-sealift']?.harmless === true ? [field] : [])),
    ),
    madeId: more.length === 0 && key?.['x-sealift']?.rule !== undefined,
  };
}

/** Whether a column of the key is personal, by the columns that the key's fields name. */
function hasPersonalKey(
  properties: readonly (readonly [string, Property | null])[],
  keyFields: readonly string[],
): boolean {
  const isKey = ([field]: readonly [string, unknown]): boolean => keyFields.includes(field);
  const columns = new Set(properties.filter(isKey).flatMap(([, of]) => columnsOf(of)));
  return properties.some(
    ([, of]) =>
      of?.['x-sealift']?.pii !== undefined && columnsOf(of).some((name) => columns.has(name)),
  );
}

function columnsOf(property: Property | null): unknown[] {
  const { column, columns } = property?.['x-sealift'] ?? {};
  return [...(column === undefined ? [] : [column]), ...(Array.isArray(columns) ? columns : [])];
}
