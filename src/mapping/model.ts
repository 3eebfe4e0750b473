/**
 * Mapping files as data, after validation. `mapping/project.json` describes the project,
 * `mapping/modules/<module>.json` one module each, `mapping/registries/<name>.ndjson` (or .json)
 * the frozen ids. The JSON Schemas in mapping/schema say the same for editors.
 */

import type { Severity } from '../outcome/finding.ts';
import type { Rule } from '../outcome/rules.ts';
import type { Format } from '../record/namedFormat.ts';
import type { Transform } from '../record/transform.ts';
import type { PiiPolicy } from './piiPolicy.ts';

export type { DatePatterns, Transform } from '../record/transform.ts';

/** mapping/project.json */
export interface ProjectMapping {
  readonly $schema?: string;
  readonly format: 1;
  readonly name: string;
  /** UUID namespace of the target ids of rule `uuid` (RFC 9562 version 5). */
  readonly namespace: string;
  /** The only "now" of a run: a date `YYYY-MM-DD`. */
  readonly asOf?: string;
  readonly sources: Readonly<Record<string, DeclaredSource>>;
  /** Base tables that are not migrated, each with its reason. */
  readonly dropped?: readonly DroppedTable[];
  /** Severities that differ from the rules' own; the last match counts. */
  readonly severities?: readonly SeveritySetting[];
  /** Approvals by other people that promote requires; none if left out. */
  readonly approvals?: { readonly required: number };
  /** A freeze that is missing or edited stops migrate and promote. */
  readonly frozen?: 'required';
  /** migrate, promote and rollback need the name of the operator. */
  readonly operator?: 'required';
  /** The agreed times of promote: see window.ts. */
  readonly window?: string;
  /** Classes of personal data of one's own: a pattern in RE2 syntax each. */
  readonly piiPatterns?: Readonly<Record<string, string>>;
}

export interface DeclaredSource {
  readonly url: string;
  /** Whether it no longer exists, so that promote compares nothing with it. */
  readonly gone?: true;
}

export interface SeveritySetting {
  readonly rule: Rule;
  /** Any module, any field if left out. */
  readonly module?: string;
  readonly field?: string;
  readonly severity: Severity;
}

export interface DroppedTable {
  /** Name of the source; default `main`. */
  readonly source?: string;
  readonly table: string;
  readonly reason: string;
}

/** mapping/modules/<module>.json */
export interface ModuleMapping {
  readonly $schema?: string;
  readonly module: string;
  readonly source: ModuleSource;
  /** Only rows that fulfil all of these become records. */
  readonly where?: readonly Condition[];
  /** Rows with equal keys whose records are equal become one record. */
  readonly merge?: 'equal';
  /**
   * Its records are in another system already: only their ids are here, as targets of references.
   */
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
  /** Conditions that all records of the candidate must fulfil. */
  readonly invariants?: readonly Invariant[];
  /** What its fields hold of personal data, and how it is treated. */
  readonly pii?: PiiPolicy;
}

export type ModuleSource = TableSource | QuerySource;

/** A base table, a view, or a file. */
interface TableSource {
  readonly name?: string;
  readonly table: string;
  /** For a view: the table whose rows it accounts for. */
  readonly base?: BaseTable;
}

/** A read-only query in the source's own SQL, whose result columns the module maps. */
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
  /**
   * Result column with the number of rows of the base table that a row of the result stands for.
   */
  readonly count?: string;
  /** Rows without a row in the result: a finding each, or filtered on purpose. */
  readonly lost?: 'block' | 'filter';
}

/**
 * A condition on one cell as read from the source. Text equals text and numbers equal numbers: 0 is
 * not "0". Null fulfils `isNull` alone, and `notIn`.
 */
export type Condition =
  | { readonly column: string; readonly in: readonly (string | number)[] }
  | { readonly column: string; readonly notIn: readonly (string | number)[] }
  | { readonly column: string; readonly isNull: boolean }
  | { readonly column: string; readonly atLeast: string | number }
  | { readonly column: string; readonly below: string | number };

/**
 * SQL that must return no row, over the modules that it names. Each is a table of its fields; a
 * decimal(s) is an integer scaled by 10^s, and the parameter `:as_of` is the project's date. The
 * first result columns are the order fields of `module`, whose record violates the invariant.
 */
export interface Invariant {
  readonly id: string;
  /** The condition as a sentence for the report. */
  readonly holds: string;
  readonly sql: string;
  /** Modules that the SQL reads. */
  readonly modules: readonly string[];
  /** Fields of this module that a row of the result reports. */
  readonly fields: readonly string[];
  readonly severity?: Severity;
}

export interface KeyPart {
  readonly column: string;
  readonly type: string;
  /**
   * Applied before the type, here and in the columns that refer to it: they make equal the
   * spellings of one key.
   */
  readonly transforms?: readonly KeyTransform[];
}

/** Steps from text to text. No file has `replace`: a target that is read back has it. */
export type KeyTransform =
  | 'trim'
  | 'collapse-blanks'
  | 'upper'
  | 'lower'
  | 'nfc'
  | { readonly replace: string; readonly with: string };

export type IdRule =
  /** The legacy key is the record's key. All key columns are fields of the same type. */
  | { readonly rule: 'keep' }
  /** UUID version 5 over [module, …key parts]; `field` (default `id`) holds it. */
  | { readonly rule: 'uuid'; readonly field?: string }
  /** Frozen list legacy id → target id. The key has one part. */
  | { readonly rule: 'registry'; readonly field?: string; readonly registry: string }
  /**
   * No key: the id is made from the record's content with the secret key `key`; without it version
   * 5.
   */
  | { readonly rule: 'keyless'; readonly field?: string; readonly key?: string };

export type FieldMapping = ValueField | ReferenceField;
/** A field that is not a reference: of a column, of several, or constant. */
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
  /** Null is rejected. */
  readonly required?: boolean;
  /** In Unicode code points. */
  readonly maxLength?: number;
  /** The values of an enum. */
  readonly values?: readonly string[];
  /** The zone of local times of the source for a timestamptz, such as `Europe/Zurich`. */
  readonly zone?: string;
  /** Encoding of bytes in text, for sources such as CSV that have no bytes of their own. */
  readonly encoding?: 'base64' | 'hex';
  /** Applied in order before the type. */
  readonly transforms?: readonly Transform[];
  /** Text of whitespace alone is rejected. */
  readonly nonBlank?: boolean;
  /** A known form, checked after the type. */
  readonly format?: Format;
  /** RE2 syntax. The whole text must match. */
  readonly pattern?: string;
  /** Text of this length (in code points) or more is reported, but kept. */
  readonly longText?: number;
  /** A copy of another module's field. `via`, a field of this module, refers to its record. */
  readonly copyOf?: { readonly via: string; readonly field: string };
  /**
   * Ids in the elements of an array(…) or json field. All scalars in it, or those at the paths, are
   * ids of this module. If the module makes ids of its own, the legacy ids are replaced by those.
   */
  readonly references?: string | readonly PathReference[];
  /** Applies to `references`. */
  readonly onMissing?: OnMissing;
  /** True: its values reveal nothing about a person, so findings may name a record by them. */
  readonly harmless?: boolean;
}

/** Ids at one place of a json field. The path is a JSON pointer in which `*` means each. */
export interface PathReference {
  readonly path: string;
  readonly module: string;
}

/**
 * Handling of an id whose row does not exist: it stays and is reported (block, the default), or it
 * becomes null.
 */
export type OnMissing = 'block' | 'null';

/** The target id of a record of `reference`, made from that module's legacy key in `columns`. */
export interface ReferenceField {
  readonly reference: string;
  readonly columns: readonly string[];
  readonly required?: boolean;
  /**
   * Handling of a parent whose row was filtered: nothing, so that the missing parent is reported
   * (block, the default); the field is null; or this row is filtered, too.
   */
  readonly onFilteredParent?: 'block' | 'null' | 'filter';
  readonly onMissing?: OnMissing;
  readonly match?: Match;
}

/**
 * Meaning of a reference of several parts of which some are null (ISO 9075): with `simple`, the
 * default, it refers to nothing; with `full` it is a mistake.
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

/** Lists the columns that a field reads, in its order; none for a constant. */
export function columnsOfField(field: FieldMapping): readonly string[] {
  if ('constant' in field) return [];
  return 'columns' in field ? field.columns : [field.column];
}

/** Returns the name of a module's rows: its table, or for a query `query <module>`. */
export function relationOf({ module, source }: ModuleMapping): string {
  return 'sql' in source ? `query ${module}` : source.table;
}

/** Returns the names of a module's fields, the id's included; not `~`. */
export function fieldNames(module: ModuleMapping): ReadonlySet<string> {
  const names = new Set(Object.keys(module.fields));
  if (module.id.rule !== 'keep') names.add(module.id.field ?? DEFAULT_ID_FIELD);
  return names;
}

/** A project's whole mapping, validated and canonical. Modules ascend by name. */
export interface Mapping {
  readonly project: ProjectMapping;
  readonly modules: readonly ModuleMapping[];
  /** Registry name → file relative to the mapping folder. */
  readonly registries: ReadonlyMap<string, string>;
}

/**
 * Modules by name, cached by the list of modules: a mapping may have thousands, each found often.
 */
const BY_NAME = new WeakMap<Mapping['modules'], ReadonlyMap<string, ModuleMapping>>();

/** Returns the module of that name. */
export function findModule({ modules }: Mapping, name: string): ModuleMapping | undefined {
  const known = BY_NAME.get(modules) ?? new Map(modules.map((module) => [module.module, module]));
  BY_NAME.set(modules, known);
  return known.get(name);
}

export const DEFAULT_SOURCE = 'main';
export const DEFAULT_ID_FIELD = 'id';
