/**
 * Builds one regular expression for valid lines: canonical JSON (RFC 8785) of a record that the
 * schema allows. Lines that it matches need no parser and no validator. A line that it does not
 * match may still be valid: {@link recordForm} decides. It never matches a line that recordForm
 * rejects.
 *
 * It is matched against bytes, each as one character (Latin-1), so that it checks UTF-8 as well.
 */

/** Schema as made by recordSchema.ts, or a part of one. */
export type LineSchema = Readonly<Record<string, unknown>>;

/**
 * Content of a JSON string: characters in UTF-8 without surrogates (RFC 3629), and the escapes of
 * RFC 8785 §3.2.2.2. Each turn of the loop begins with a character that the turn before cannot end
 * with, so that matching is linear.
 */
const ASCII = '[ !#-\\[\\]-\\x7f]*';
const TAIL = '[\\x80-\\xbf]';
const MULTIBYTE = [
  `[\\xc2-\\xdf]${TAIL}`,
  `\\xe0[\\xa0-\\xbf]${TAIL}`,
  `[\\xe1-\\xec\\xee\\xef]${TAIL}${TAIL}`,
  `\\xed[\\x80-\\x9f]${TAIL}`,
  `\\xf0[\\x90-\\xbf]${TAIL}${TAIL}`,
  `[\\xf1-\\xf3]${TAIL}${TAIL}${TAIL}`,
  `\\xf4[\\x80-\\x8f]${TAIL}${TAIL}`,
];
const ESCAPE = '\\\\(?:["\\\\bfnrt]|u00(?:0[0-7bef]|1[0-9a-f]))';
const CHARACTERS = `${ASCII}(?:(?:${[...MULTIBYTE, ESCAPE].join('|')})${ASCII})*`;

/** Further check of a captured JSON text. */
export type CaptureCheck =
  /** Maximum characters of a string; compared with its bytes, which are as many or more. */
  | { readonly maxLength: number }
  /** Any JSON value; the rest of the line determines its end. */
  | { readonly json: true }
  /** A number, canonical if ECMAScript writes it like this (RFC 8785 §3.2.2.3). */
  | { readonly number: true };

export interface LinePattern {
  /** Sticky; matches a line with its LF at `lastIndex`. */
  readonly regExp: RegExp;
  /** Check of each capture, or null. A capture is missing if its value is null. */
  readonly checks: readonly (CaptureCheck | null)[];
  /** Captures that are the members of the key, in the key's order. */
  readonly key: readonly number[];
  /** Captures that are the wanted members, in their order. */
  readonly wanted: readonly number[];
}

/** Builds the pattern of a schema's lines, with captures for some members; null if it has none. */
export function linePattern(
  schema: LineSchema,
  keyFields: readonly string[],
  wantedFields: readonly string[] = [],
): LinePattern | null {
  const { type, ...rest } = schema;
  const fields = knows(rest, RECORD_KEYWORDS) && type === 'object' ? membersOf(rest) : null;
  if (fields === null) return null;
  const checks: (CaptureCheck | null)[] = [];
  const captures = new Map<string, number>();
  const members: string[] = [];
  for (const [name, value] of fields) {
    const isKey = keyFields.includes(name);
    if (isKey && value.nullable) return null;
    const isCaptured = isKey || value.check !== null || wantedFields.includes(name);
    if (isCaptured) captures.set(name, checks.push(value.check) - 1);
    members.push(memberText(name, value, isCaptured));
  }
  const [key, wanted] = [keyFields, wantedFields].map((names) => {
    return names.map((name) => captures.get(name)).filter((at) => at !== undefined);
  }) as [number[], number[]];
  if (key.length < keyFields.length || wanted.length < wantedFields.length) return null;
  return { regExp: new RegExp(`\\{${members.join(',')}\\}\\n`, 'y'), checks, key, wanted };
}

/** Pattern of one value. */
interface Value {
  readonly text: string;
  readonly check: CaptureCheck | null;
  readonly nullable: boolean;
}

function textOf({ text, nullable }: Value, isCaptured: boolean): string {
  const value = isCaptured ? `(${text})` : text;
  return nullable ? `(?:${value}|null)` : value;
}

function memberText(name: string, value: Value, isCaptured: boolean): string {
  return `${literal(JSON.stringify(name))}:${textOf(value, isCaptured)}`;
}

const OBJECT_KEYWORDS = ['properties', 'required', 'additionalProperties'];
const RECORD_KEYWORDS = ['$schema', 'title', ...OBJECT_KEYWORDS];
/** Type → keywords that are handled; any other keyword might allow less. */
const KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  string: ['enum', 'pattern', 'maxLength', 'contentEncoding'],
  boolean: [],
  integer: ['minimum', 'maximum'],
  number: [],
  array: ['items', 'prefixItems', 'minItems'],
  object: [...OBJECT_KEYWORDS, 'minProperties', 'maxProperties'],
};

function knows(schema: LineSchema, keywords: readonly string[]): boolean {
  return Object.keys(schema).every((name) => name === 'x-sealift' || keywords.includes(name));
}

function valueOf(schema: LineSchema): Value | null {
  const { type: types, ...rest } = schema;
  if (types === undefined && knows(rest, [])) return ANY;
  const [type, other] = Array.isArray(types) ? (types as readonly unknown[]) : [types];
  if (typeof type !== 'string' || !knows(rest, KEYWORDS[type] ?? [])) return null;
  if (Array.isArray(types) && (types.length !== 2 || other !== 'null')) return null;
  const nullable = Array.isArray(types);
  // A null that the type allows is invalid unless the enum lists it.
  const { enum: allowed } = schema;
  if (nullable && Array.isArray(allowed) && !allowed.includes(null)) return null;
  const value = plainValue(type, rest);
  return value === null ? null : { ...value, nullable };
}

/**
 * Any JSON value, matched greedily: if the rest of the line matches and the capture is one JSON
 * value, the line has no other reading. Limited to one in a line, as two could take a long time to
 * match.
 */
const ANY: Value = { text: '[^\\n]+', check: { json: true }, nullable: false };

type PlainValue = Omit<Value, 'nullable'>;

function plainValue(type: string, schema: LineSchema): PlainValue | null {
  switch (type) {
    case 'string':
      return stringValue(schema);
    case 'boolean':
      return plain('(?:true|false)');
    case 'integer':
      return integerValue(schema);
    case 'number':
      return { text: '-?\\d[\\d.e+-]{0,30}', check: { number: true } };
    case 'array':
      return arrayValue(schema);
    default:
      return objectValue(schema);
  }
}

const plain = (text: string): PlainValue => ({ text, check: null });

/** Largest integer that is accepted by its digits alone; recordForm decides on larger ones. */
const MOST = 9 * 10 ** 15 - 1;
const POSITIVE = '(?:[1-8]\\d{0,15}|9\\d{0,14})';

function integerValue({ minimum, maximum = MOST }: LineSchema): PlainValue | null {
  if (typeof minimum !== 'number' || typeof maximum !== 'number' || maximum < MOST) return null;
  if (minimum === 0) return plain(`(?:0|${POSITIVE})`);
  return minimum <= -MOST ? plain(`(?:0|-?${POSITIVE})`) : null;
}

function stringValue({ enum: allowed, pattern, maxLength }: LineSchema): PlainValue | null {
  if ([allowed, pattern, maxLength].filter((one) => one !== undefined).length > 1) return null;
  if (Array.isArray(allowed)) {
    const texts = allowed.filter((one) => typeof one === 'string' && one.isWellFormed());
    const literals = texts.map((one) => literal(JSON.stringify(one)));
    return texts.length === 0 ? null : plain(`(?:${literals.join('|')})`);
  }
  if (typeof pattern === 'string') {
    const inner = innerPattern(pattern);
    return inner === null ? null : plain(`"${inner}"`);
  }
  const text = `"${CHARACTERS}"`;
  if (maxLength === undefined) return pattern === undefined ? plain(text) : null;
  return typeof maxLength === 'number' ? { text, check: { maxLength } } : null;
}

/** Patterns without characters that end a JSON string or are escaped in one. */
const SAFE_PATTERN = /^\^((?:[0-9A-Za-z,:(){}?+*|_-]|\[[0-9A-Za-z_-]+\]|\\[.d])*)\$$/;

/** Returns a schema's pattern without anchors; null if it might mean something else on bytes. */
function innerPattern(pattern: string): string | null {
  const [, inner] = SAFE_PATTERN.exec(pattern) ?? [];
  return inner === undefined ? null : `(?:${inner.replaceAll(/\((?!\?)/g, '(?:')})`;
}

/** Returns the pattern of an item; null if it needs a check, as items have no captures. */
function innerText(schema: unknown): string | null {
  const value =
    typeof schema === 'object' && schema !== null ? valueOf(schema as LineSchema) : null;
  return value === null || value.check !== null ? null : textOf(value, false);
}

/** Builds the pattern of a list of any length, or of a tuple. */
function arrayValue({ items, prefixItems, minItems }: LineSchema): PlainValue | null {
  if (prefixItems === undefined) {
    const text = minItems === undefined ? innerText(items) : null;
    return text === null ? null : plain(`\\[(?:${text}(?:,${text})*)?\\]`);
  }
  if (!Array.isArray(prefixItems) || items !== false || minItems !== prefixItems.length)
    return null;
  const texts = prefixItems.map(innerText);
  return texts.includes(null) ? null : plain(`\\[${texts.join(',')}\\]`);
}

function objectValue(schema: LineSchema): PlainValue | null {
  const { minProperties, maxProperties } = schema;
  if (minProperties === 1 && maxProperties === 1 && Object.keys(schema).length <= 3) return TAGGED;
  if (minProperties !== undefined || maxProperties !== undefined) return null;
  const members = membersOf(schema);
  if (members === null || members.some(([, { check }]) => check !== null)) return null;
  return plain(`\\{${members.map(([name, value]) => memberText(name, value, false)).join(',')}\\}`);
}

/** Pattern of a tagged text or boolean; other tagged values are left to recordForm. */
const TAGGED: PlainValue = plain(`\\{"[A-Za-z]+":(?:"${CHARACTERS}"|true|false)\\}`);

/** Returns the members, in canonical order, of a closed object that requires all; else null. */
function membersOf(schema: LineSchema): [name: string, value: Value][] | null {
  const { properties, required, additionalProperties } = schema;
  if (typeof properties !== 'object' || properties === null || !Array.isArray(required))
    return null;
  const names = Object.keys(properties).sort();
  const isClosed = additionalProperties === false && names.length > 0;
  if (!isClosed || required.length !== names.length) return null;
  if (!names.every((name) => required.includes(name))) return null;
  const members: [string, Value][] = [];
  for (const name of names) {
    const value = valueOf((properties as Readonly<Record<string, LineSchema>>)[name] ?? {});
    if (value === null || !name.isWellFormed()) return null;
    members.push([name, value]);
  }
  return members.filter(([, value]) => value === ANY).length > 1 ? null : members;
}

/** Makes a regular expression that matches a text in UTF-8, each byte as one character. */
function literal(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(
      /[^0-9A-Za-z]/g,
      (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
}
