/**
 * The policy of a module on personal data: what each field holds, and how it is treated on its way
 * into the candidate. The scan proves it over every cell.
 */

import type { Severity } from '../outcome/finding.ts';
import type { Coarse, Mask, Treatment } from '../treatment/treatment.ts';
import {
  columnsOfField,
  DEFAULT_SOURCE,
  isReference,
  relationOf,
  type ModuleMapping,
} from './model.ts';

export interface PiiPolicy {
  /** Version of this form. */
  readonly policy: 1;
  /**
   * `deny`, the default: each field has to be in `fields` or in `notPii`. `allow`: fields that are in
   * neither hold no personal data as far as the search can tell.
   */
  readonly default?: 'deny' | 'allow';
  /** Id of the secret key of treatments, fingerprints and acceptances. */
  readonly keyId?: string;
  /** Countries (ISO 3166) whose national telephone numbers are found, most likely first. */
  readonly regions?: readonly string[];
  /** By field; for `dropped` by the column that is left out. */
  readonly fields?: Readonly<Record<string, DeclaredPii>>;
  /** Fields that hold none. */
  readonly notPii?: Readonly<Record<string, NotPii>>;
  /** Fields that identify a person together. */
  readonly quasi?: QuasiIdentifiers;
  readonly accept?: readonly Acceptance[];
}

export interface DeclaredPii {
  /** EMAIL, PHONE, …, FREE_TEXT, or a class of one's own. */
  readonly class: string;
  readonly treatment: Treatment;
  /** For `generalised`. */
  readonly to?: Coarse;
  /** For `masked`. */
  readonly mask?: Mask;
  /** Purpose of the processing, for the report. */
  readonly purpose?: string;
  /** Classes that may be in it besides its own. */
  readonly mayContain?: readonly string[];
  /** `warn`: what else is found in it is a WARNING. */
  readonly residual?: 'block' | 'warn';
  /** Least share of its values in which the class is found; default 0.8. */
  readonly share?: number;
}

export interface NotPii {
  /** RE2 syntax. The whole value must match. */
  readonly shape?: string;
  readonly reason: string;
}

export interface QuasiIdentifiers {
  readonly fields: readonly string[];
  /** Least number of records with the same values. */
  readonly k: number;
  readonly severity?: Severity;
}

/** A finding that is known and accepted for a time. */
export interface Acceptance {
  /** Fingerprint of the value, as a finding shows it. */
  readonly fp: string;
  readonly rule: string;
  readonly reason: string;
  readonly by: string;
  /** Last day, YYYY-MM-DD (UTC). */
  readonly until: string;
}

/** Returns what the policy declares of a field; undefined if nothing, or if it is left out. */
export function piiOf(module: ModuleMapping, field: string): DeclaredPii | undefined {
  const { fields = {} } = module.pii ?? {};
  const declared = Object.hasOwn(fields, field) ? fields[field] : undefined;
  return declared?.treatment === 'dropped' ? undefined : declared;
}

/** Lists the columns that the module leaves out because they hold personal data. */
export function droppedPii(module: ModuleMapping): string[] {
  const entries = Object.entries(module.pii?.fields ?? {});
  return entries.filter(([, { treatment }]) => treatment === 'dropped').map(([column]) => column);
}

/** Returns the columns whose values do not enter the candidate as they are, with their class. */
export function treatedColumns(module: ModuleMapping): Map<string, string> {
  const { fields = {} } = module.pii ?? {};
  const columns = new Map<string, string>();
  for (const [name, declared] of Object.entries(fields)) {
    if (declared.treatment === 'plain') continue;
    const field = module.fields[name];
    const read =
      declared.treatment === 'dropped' || field === undefined ? [name] : columnsOfField(field);
    for (const column of read) columns.set(column, declared.class);
  }
  return columns;
}

/**
 * Returns what a column that a module reads may be a column of: its table or query, and the base of that,
 * if it has a column of this name.
 */
export function columnIds(module: ModuleMapping, column: string): string[] {
  const { name = DEFAULT_SOURCE, base } = module.source;
  const tables = [relationOf(module), ...(base === undefined ? [] : [base.table])];
  return tables.map((table) => JSON.stringify([name, table, column]));
}

/** Whether a field that holds the key, or is made from it, is declared personal. */
export function hasPersonalKey(module: ModuleMapping): boolean {
  const columns = new Set(module.key.map((part) => part.column));
  return Object.entries(module.fields).some(
    ([name, field]) =>
      !isReference(field) &&
      piiOf(module, name) !== undefined &&
      columnsOfField(field).some((column) => columns.has(column)),
  );
}

/** Returns the modules whose key is personal and one number, by which a source locates its rows as well. */
export function personalNumbers(modules: readonly ModuleMapping[]): Set<string> {
  const numbers = new Set(['integer', 'bigint', 'decimal(0)']);
  const found = modules.filter((module) => {
    const [only, ...others] = module.key;
    return others.length === 0 && numbers.has(only?.type ?? '') && hasPersonalKey(module);
  });
  return new Set(found.map(({ module }) => module));
}

const KEYED: ReadonlySet<string> = new Set(['pseudonymised', 'hashed', 'encrypted']);

/** Whether a policy needs a secret key: for its treatments, or to know what was accepted. */
export function needsKey({ fields = {}, accept = [] }: PiiPolicy): boolean {
  const declared = Object.values(fields);
  return accept.length > 0 || declared.some(({ treatment }) => KEYED.has(treatment));
}
