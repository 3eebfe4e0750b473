/** The classes of personal data and the form of a match. A match gives the place, not the data. */

/** TAX_ID and SOCIAL_ID: numbers of Germany, Austria, France and Italy; AHV: of Switzerland. */
export const PII_CLASSES = [
  'EMAIL',
  'PHONE',
  'IBAN',
  'AHV',
  'CREDIT_CARD',
  'IP',
  'TAX_ID',
  'SOCIAL_ID',
  'DOB',
  'PASSPORT',
  'PLATE',
  'ADDRESS',
  'SECRET',
  'PERSON',
] as const;

export type PiiClass = (typeof PII_CLASSES)[number];

/**
 * `checked`: the value alone is sufficient, by a check digit with a known prefix, or a full grammar.
 * `context`: its shape, and a word before it or its column.
 */
export type Tier = 'checked' | 'context';

export interface PiiMatch {
  readonly of: PiiClass;
  readonly tier: Tier;
  /** Range in UTF-16 code units: [start, end). */
  readonly start: number;
  readonly end: number;
}

/** What is known about a text before it is searched. */
export interface PiiContext {
  /** Countries (ISO 3166) whose national telephone numbers are found, most likely first. */
  readonly regions?: readonly string[];
  /** Classes that the column's name, declaration or other values suggest. */
  readonly expected?: readonly PiiClass[];
  /** Names of people, which are found as first name and last name. None by default. */
  readonly names?: PersonNames;
}

/** Names of people in lower case, as the columns of a source hold them. */
export interface PersonNames {
  readonly first: ReadonlySet<string>;
  readonly last: ReadonlySet<string>;
  /** Whole names, `first last`: found as such, as the parts of others may be any words. */
  readonly whole?: ReadonlySet<string>;
}

export type Finder = (text: string, context: PiiContext) => Generator<PiiMatch>;
