/**
 * How the text that PostgreSQL writes for a cell becomes a cell of a page: by the type of its column.
 * Every type has a text form that its input function reads back exactly; with pinned settings it is the
 * same on every server. What has no form of its own here stays that text.
 */

export type CellForm =
  | { readonly kind: 'text' | 'integer' | 'double' | 'boolean' | 'bytes' }
  /** `element`: the form of the elements; `delimiter` is a comma, for type box a semicolon. */
  | { readonly kind: 'array'; readonly element: CellForm; readonly delimiter: string };

export interface TypeFacts {
  /** Name in pg_catalog, or with its schema. */
  readonly name: string;
  readonly isArray: boolean;
  /** Name of the type of its elements; null if there are none. */
  readonly element: string | null;
  readonly delimiter: string;
}

const FORMS: ReadonlyMap<string, CellForm> = new Map<string, CellForm>([
  ['bool', { kind: 'boolean' }],
  ['int2', { kind: 'integer' }],
  ['int4', { kind: 'integer' }],
  ['int8', { kind: 'integer' }],
  ['oid', { kind: 'integer' }],
  ['xid8', { kind: 'integer' }],
  ['float4', { kind: 'double' }],
  ['float8', { kind: 'double' }],
  ['bytea', { kind: 'bytes' }],
]);

const TEXT: CellForm = { kind: 'text' };

/** Integers of 64 bits, which are texts in JSON, as they are in records: a JSON number may not hold them. */
const LONG: ReadonlySet<string> = new Set(['int8', 'xid8']);

/** Returns the form of the cells of a type. */
export function formOf({ name, isArray, element, delimiter }: TypeFacts): CellForm {
  if (!isArray) return FORMS.get(name) ?? TEXT;
  const form = LONG.has(element ?? '') ? TEXT : (FORMS.get(element ?? '') ?? TEXT);
  return { kind: 'array', element: form, delimiter };
}
