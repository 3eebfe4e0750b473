/**
 * One regular expression for the lines that are right: canonical JSON (RFC 8785) of a record that its
 * schema allows. Lines that it matches need no parser and no validator. What it does not match may be
 * right all the same: then {@link recordForm} decides, which is the authority. It never matches what the
 * authority refuses.
 *
 * It is matched against bytes, each as one character (Latin-1), so that UTF-8 is checked on the way.
 */

/** A schema as seal/recordSchema.ts makes it, or a part of one. */
export type LineSchema = Readonly<Record<string, unknown>>;

/**
 * What may stand between the quotes: characters as they are, in UTF-8 without surrogates (RFC 3629), and
 * the escapes of RFC 8785 §3.2.2.2. A loop of which each turn begins with what the one before cannot end
 * with: it never tries a text twice.
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

/** What is still to be asked of a captured text, which is JSON. */
export type CaptureCheck =
  /** A string of at most so many characters: it is no longer in bytes, its quotes left out. */
  | { readonly maxLength: number }
  /** Any value, which ends where the rest of the line says so. */
  | { readonly json: true }
  /** A number is canonical if ECMAScript writes it so (RFC 8785 §3.2.2.3). */
  | { readonly number: true };

export interface LinePattern {
  /** Sticky; matches a line and its LF from `lastIndex` on. */
  readonly regExp: RegExp;
  /** For each capture what is asked of it. A capture may be missing, where the value is null. */
  readonly checks: readonly (CaptureCheck | null)[];
  /** Which captures are the members of the key, in the key's order. */
  readonly key: readonly number[];
  /** Which are the other members that were asked for. */
  readonly wanted: readonly number[];
}

/** The pattern of lines of a schema, with captures for some members; null where values like these have none. */
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

/** The pattern of one value. */
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
/** By type, what a schema may say of a value: a keyword beyond these may allow less. */
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
  // A list of values is one of all values, whatever the type says.
  const { enum: allowed } = schema;
  if (nullable && Array.isArray(allowed) && !allowed.includes(null)) return null;
  const value = plainValue(type, rest);
  return value === null ? null : { ...value, nullable };
}

/**
 * One JSON value, as far as it can go: if what is left of the line matches and this is one JSON value, then it
 * is the only way to read the line. Two of them in a line could take a long time to match.
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

/** Up to here, digits alone tell that a double holds the integer exactly; larger ones are looked at. */
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

/** None of these characters ends a JSON string, or is escaped in one. */
const SAFE_PATTERN = /^\^((?:[0-9A-Za-z,:(){}?+*|_-]|\[[0-9A-Za-z_-]+\]|\\[.d])*)\$$/;

/** A schema's pattern without its anchors, where it means the same in the bytes of a JSON string. */
function innerPattern(pattern: string): string | null {
  const [, inner] = SAFE_PATTERN.exec(pattern) ?? [];
  return inner === undefined ? null : `(?:${inner.replaceAll(/\((?!\?)/g, '(?:')})`;
}

/** Items and inner members have no captures, so that nothing can be asked of them. */
function innerText(schema: unknown): string | null {
  const value =
    typeof schema === 'object' && schema !== null ? valueOf(schema as LineSchema) : null;
  return value === null || value.check !== null ? null : textOf(value, false);
}

/** A list of any length, or one of an item for each place. */
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

/** Of the objects of one member those that say the kind of a text or a boolean. */
const TAGGED: PlainValue = plain(`\\{"[A-Za-z]+":(?:"${CHARACTERS}"|true|false)\\}`);

/** The members of an object that has all of them and no other, in canonical order. */
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

/** A text in UTF-8, each byte as one character. */
function literal(text: string): string {
  return Buffer.from(text, 'utf8')
    .toString('latin1')
    .replaceAll(
      /[^0-9A-Za-z]/g,
      (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
}
