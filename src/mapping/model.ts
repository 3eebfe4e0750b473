/**
 * Mapping files as data, after validation. `mapping/project.json` describes the project,
 * `mapping/modules/<module>.json` one module each, `mapping/registries/<name>.ndjson` (or .json)
 * the frozen ids. The JSON Schemas in mapping/schema say the same for editors.
 */

import type { Severity } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import type { Format } from '../record/format.ts';
import type { Transform } from '../record/transform.ts';

export type { Format } from '../record/format.ts';
export type { DatePatterns, Transform } from '../record/transform.ts';

/** mapping/project.json */
export interface ProjectMapping {
  readonly $schema?: string;
  readonly format: 1;
  readonly name: string;
  /** UUID in which target ids of rule `uuid` are made (RFC 9562 version 5). */
  readonly namespace: string;
  /** The only "now" that a run knows: a date `YYYY-MM-DD`. */
  readonly asOf?: string;
  readonly sources: Readonly<Record<string, { readonly url: string }>>;
  /** Base tables that are not migrated, each with its reason. */
  readonly dropped?: readonly DroppedTable[];
  /** Severities that differ from the rules' own; the last that fits counts. */
  readonly severities?: readonly SeveritySetting[];
}

export interface SeveritySetting {
  readonly rule: Rule;
  /** Any module, any field where it is left out. */
  readonly module?: string;
  readonly field?: string;
  readonly severity: Severity;
}

export interface DroppedTable {
  /** Name of the source; `main` where it is left out. */
  readonly source?: string;
  readonly table: string;
  readonly reason: string;
}

/** mapping/modules/<module>.json */
export interface ModuleMapping {
  readonly $schema?: string;
  readonly module: string;
  readonly source: { readonly name?: string; readonly table: string };
  /** The legacy key: source columns with the types in which they are compared. Empty: no key. */
  readonly key: readonly KeyPart[];
  readonly id: IdRule;
  readonly fields: Readonly<Record<string, FieldMapping>>;
  /** Source columns that are left out, each with its reason. */
  readonly dropped?: Readonly<Record<string, string>>;
  /** Sets of fields that are unique among the records. */
  readonly unique?: readonly (readonly string[])[];
  /** References by value: `fields` hold the values of `to` in a record of `module`. */
  readonly references?: readonly ValueReference[];
  /** Fewer rows fail the run; default 1. */
  readonly minimumRows?: number;
  /** Id of a secret key: every record gets `~`, which keeps its leaf from being guessed. */
  readonly blind?: string;
  /** Conditions that hold for all records of the candidate. */
  readonly invariants?: readonly Invariant[];
}

/**
 * SQL over the modules that it names (each a table of its fields; a decimal(s) is an integer scaled
 * by 10^s, the parameter `:as_of` is the project's date) which must return no row. Its first result
 * columns are the order fields of `module`, the accused one.
 */
export interface Invariant {
  readonly id: string;
  /** What has to hold, as a sentence for the report. */
  readonly holds: string;
  readonly sql: string;
  /** Modules that the SQL reads. */
  readonly modules: readonly string[];
  /** Fields of this module that a row of the result accuses. */
  readonly fields: readonly string[];
  readonly severity?: Severity;
}

export interface KeyPart {
  readonly column: string;
  readonly type: string;
}

export type IdRule =
  /** The legacy key is the record's key; all key columns are fields of the same type. */
  | { readonly rule: 'keep' }
  /** UUID version 5 over [module, …key parts]; `field` (default `id`) holds it. */
  | { readonly rule: 'uuid'; readonly field?: string }
  /** Frozen list legacy id → target id; the key has one part. */
  | { readonly rule: 'registry'; readonly field?: string; readonly registry: string }
  /** No key: made from the record's content; `key` names the secret key, without it version 5. */
  | { readonly rule: 'keyless'; readonly field?: string; readonly key?: string };

export type FieldMapping = ColumnField | ReferenceField;

export interface ColumnField {
  readonly column: string;
  readonly type: string;
  /** null is refused. */
  readonly required?: boolean;
  /** In Unicode code points. */
  readonly maxLength?: number;
  /** The values of an enum. */
  readonly values?: readonly string[];
  /** The zone in which a local source of a timestamptz is meant, such as `Europe/Zurich`. */
  readonly zone?: string;
  /** How text holds bytes: sources such as CSV have no bytes of their own. */
  readonly encoding?: 'base64' | 'hex';
  /** Applied in order before the type. */
  readonly transforms?: readonly Transform[];
  /** Text of blanks alone is refused. */
  readonly nonBlank?: boolean;
  /** A known form, checked after the type. */
  readonly format?: Format;
  /** RE2 syntax; the whole text has to match. */
  readonly pattern?: string;
  /** Text this long (in code points) is reported, but kept. */
  readonly longText?: number;
  /** A copy of another module's field; `via`, a field of this module, leads to its record. */
  readonly copyOf?: { readonly via: string; readonly field: string };
  /** Ids in the elements of an array(…) or json field: each has to exist in this module. */
  readonly references?: string;
  /** What kind of personal data the field holds, such as EMAIL or PHONE. */
  readonly pii?: string;
}

/** The target id of a record of `reference`, made from that module's legacy key in `columns`. */
export interface ReferenceField {
  readonly reference: string;
  readonly columns: readonly string[];
  readonly required?: boolean;
}

export interface ValueReference {
  readonly fields: readonly string[];
  readonly module: string;
  readonly to: readonly string[];
}

export function isReference(field: FieldMapping): field is ReferenceField {
  return 'reference' in field;
}

/** The names of a module's fields, the id's included; not `~`. */
export function fieldNames(module: ModuleMapping): ReadonlySet<string> {
  const names = new Set(Object.keys(module.fields));
  if (module.id.rule !== 'keep') names.add(module.id.field ?? DEFAULT_ID_FIELD);
  return names;
}

/** All of a project's mapping, validated and canonical. Modules ascend by name. */
export interface Mapping {
  readonly project: ProjectMapping;
  readonly modules: readonly ModuleMapping[];
  /** Registry name → file relative to the mapping folder. */
  readonly registries: ReadonlyMap<string, string>;
}

export const DEFAULT_SOURCE = 'main';
export const DEFAULT_ID_FIELD = 'id';
