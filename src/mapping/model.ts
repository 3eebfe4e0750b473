/**
 * Mapping files as data, after validation. `mapping/project.json` describes the project,
 * `mapping/modules/<module>.json` one module each, `mapping/registries/<name>.ndjson` (or .json)
 * the frozen ids. The JSON Schemas in mapping/schema say the same for editors.
 */

import type { Severity } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import type { Format } from '../record/namedFormat.ts';
import type { Transform } from '../record/transform.ts';

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
  readonly source: ModuleSource;
  /** Only rows for which all of these hold become records. */
  readonly where?: readonly Condition[];
  /** Rows with equal keys whose records are equal become one record. */
  readonly merge?: 'equal';
  /** Its records live elsewhere already: only their ids are here, to be referred to. */
  readonly external?: true;
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

export type ModuleSource = TableSource | QuerySource;

/** A base table, a view, or a file. */
interface TableSource {
  readonly name?: string;
  readonly table: string;
  /** Of a view: whose rows it accounts for. */
  readonly base?: BaseTable;
}

/** A read-only query in the source's own SQL; its result columns are what the module maps. */
interface QuerySource {
  readonly name?: string;
  readonly sql: string;
  readonly base: BaseTable;
}

/** The base table whose rows a query or view accounts for. */
export interface BaseTable {
  readonly table: string;
  /** Column of the base table → result column with the same value. */
  readonly key: Readonly<Record<string, string>>;
  /** Result column: how many rows of the base table a row of the result stands for. */
  readonly count?: string;
  /** Rows that the query gives nothing for: a finding each, or filtered on purpose. */
  readonly lost?: 'block' | 'filter';
}

/**
 * A condition on one cell as the source has it. Text equals text and numbers equal numbers: 0 is not
 * "0". Null fulfils `isNull` alone, and `notIn`.
 */
export type Condition =
  | { readonly column: string; readonly in: readonly (string | number)[] }
  | { readonly column: string; readonly notIn: readonly (string | number)[] }
  | { readonly column: string; readonly isNull: boolean }
  | { readonly column: string; readonly atLeast: string | number }
  | { readonly column: string; readonly below: string | number };

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
  /** Applied before the type, here and in the columns that refer to it: spellings that mean one key. */
  readonly transforms?: readonly KeyTransform[];
}

/** Steps that take text to text and need no word. */
export type KeyTransform = 'trim' | 'collapse-blanks' | 'upper' | 'lower' | 'nfc';

export type IdRule =
  /** The legacy key is the record's key; all key columns are fields of the same type. */
  | { readonly rule: 'keep' }
  /** UUID version 5 over [module, …key parts]; `field` (default `id`) holds it. */
  | { readonly rule: 'uuid'; readonly field?: string }
  /** Frozen list legacy id → target id; the key has one part. */
  | { readonly rule: 'registry'; readonly field?: string; readonly registry: string }
  /** No key: made from the record's content; `key` names the secret key, without it version 5. */
  | { readonly rule: 'keyless'; readonly field?: string; readonly key?: string };

export type FieldMapping = ValueField | ReferenceField;
/** A field that is no reference: of a column, of several, or constant. */
export type ValueField = ColumnField | CombinedField | ConstantField;

export interface ColumnField extends ValueOptions {
  readonly column: string;
}

/** One cell from several: the first that is not null, or their texts joined. */
export interface CombinedField extends ValueOptions {
  readonly columns: readonly string[];
  readonly combine: 'coalesce' | { readonly join: string };
}

/** The same value in every record. */
export interface ConstantField extends ValueOptions {
  readonly constant: string | number | boolean;
}

export interface ValueOptions {
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
  /**
   * Ids in the elements of an array(…) or json field: all scalars in it are ids of this module, or those
   * at the paths are. Where the module makes ids of its own, the legacy ids become those.
   */
  readonly references?: string | readonly PathReference[];
  /** Of `references`. */
  readonly onMissing?: OnMissing;
  /** What kind of personal data the field holds, such as EMAIL or PHONE. */
  readonly pii?: string;
  /** true: its values tell nothing of a person, so findings may name a record by them. */
  readonly harmless?: boolean;
}

/** Ids at one place of a json field; the path is a JSON pointer in which `*` means each. */
export interface PathReference {
  readonly path: string;
  readonly module: string;
}

/**
 * What happens where no row has the key that is referred to: the id leads to no record, which is found
 * (block, the default), or it becomes null.
 */
export type OnMissing = 'block' | 'null';

/** The target id of a record of `reference`, made from that module's legacy key in `columns`. */
export interface ReferenceField {
  readonly reference: string;
  readonly columns: readonly string[];
  readonly required?: boolean;
  /**
   * What happens where the parent's row was filtered: nothing, so that the missing parent is found
   * (block, the default); the field is null; or this row is filtered, too.
   */
  readonly onFilteredParent?: 'block' | 'null' | 'filter';
  readonly onMissing?: OnMissing;
  readonly match?: Match;
}

/**
 * What a reference of several parts means where some are null and others are not (ISO 9075): with
 * `simple`, the default, it refers to nothing; with `full` it is a mistake.
 */
type Match = 'simple' | 'full';

export interface ValueReference {
  readonly fields: readonly string[];
  readonly module: string;
  readonly to: readonly string[];
  readonly match?: Match;
}

export function isReference(field: FieldMapping): field is ReferenceField {
  return 'reference' in field;
}

/** The columns that a field reads, in its order; none where it is constant. */
export function columnsOfField(field: FieldMapping): readonly string[] {
  if ('constant' in field) return [];
  return 'columns' in field ? field.columns : [field.column];
}

/** What a module's rows are called: its table, or for a query `query <module>`. */
export function relationOf({ module, source }: ModuleMapping): string {
  return 'sql' in source ? `query ${module}` : source.table;
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

/** By the list of modules that they were made of: a mapping may have thousands, and each is looked up. */
const BY_NAME = new WeakMap<Mapping['modules'], ReadonlyMap<string, ModuleMapping>>();

/** The module of that name. */
export function findModule({ modules }: Mapping, name: string): ModuleMapping | undefined {
  const known = BY_NAME.get(modules) ?? new Map(modules.map((module) => [module.module, module]));
  BY_NAME.set(modules, known);
  return known.get(name);
}

export const DEFAULT_SOURCE = 'main';
export const DEFAULT_ID_FIELD = 'id';
