/**
 * Makes a mapping from schema and profiles. It works without a hand edit; decisions list what a
 * person may want to change. Pure: the same database gives the same mapping, byte for byte.
 */

import {
  DEFAULT_ID_FIELD,
  type DroppedTable,
  type ModuleMapping,
  type ProjectMapping,
} from '../mapping/model.ts';
import { quoteName } from '../outcome/quoteName.ts';
import { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { uuidV5 } from '../record/uuid.ts';
import { compareNames } from '../source/nameOrder.ts';
import type { SourceAdapter, SourceSchema, TableSchema } from '../source/source.ts';
import type { ReadingNote } from '../source/told.ts';
import { chooseKey } from './chooseKey.ts';
import { foldKeys } from './collationDecisions.ts';
import { tableDecisions } from './columnDecisions.ts';
import type { Decision } from './decision.ts';
import { alignTypes, linksOf, referredByValue, type IdMode, type Links } from './foreignKeys.ts';
import { isMigrated, leftOut } from './leftOutObjects.ts';
import { looksLikeIds } from './looksLikeIds.ts';
import { moduleOf } from './moduleOf.ts';
import { moduleNames, unusedName } from './fieldNames.ts';
import type { TableProfile } from './profile.ts';
import { columnOf, planTable, type TablePlan } from './tablePlan.ts';

export interface ProposalInput {
  readonly schema: SourceSchema;
  /** One per table that becomes a module, in any order. */
  readonly profiles: readonly TableProfile[];
  /** Name of the source in the project, such as `main`. */
  readonly sourceName: string;
  /** The URL as written in project.json. */
  readonly url: string;
  /** The types that its columns declare, as its adapter reads them. */
  readonly declared: SourceAdapter['declared'];
  /** Notes on how its tables were read. */
  readonly notes?: readonly ReadingNote[];
  readonly ids: IdMode;
  readonly projectName: string;
}

export interface Proposal {
  readonly project: ProjectMapping;
  /** Ascending by name. */
  readonly modules: readonly ModuleMapping[];
  /** By table in the order of the schema, objects that become no module last. */
  readonly decisions: readonly Decision[];
}

/** Namespace of the namespaces of projects: version 5 of `sealift.dev` in RFC 9562's DNS space. */
const SEALIFT_NAMESPACE: string = uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8')('sealift.dev');

/** @throws Failure EMPTY if the source has no table */
export function proposeMapping(input: ProposalInput): Proposal {
  const tables = baseTables(input.schema);
  const plans = plansOf(tables, input);
  const decisions = new Map<TablePlan, Decision[]>();
  for (const plan of plans.values()) decisions.set(plan, chooseKey(plan));
  alignTypes(plans, input.ids);
  const links = new Map([...plans.values()].map((plan) => [plan, linksOf(plan, plans, input.ids)]));
  if (input.ids === 'uuid') for (const [plan, of] of links) renameLegacyIdField(plan, of);
  const folded = foldKeys(links);
  const referred = referredByValue([...links.values()]);
  const likely = looksLikeIds(links, input.ids);
  const nested = likely.references;
  const context = { nested, sourceName: input.sourceName, ids: input.ids, links, referred };
  const modules: ModuleMapping[] = [];
  const left = leftOut(input.schema, input.sourceName);
  for (const [plan, known] of decisions) {
    const [module, more] = moduleOf(plan, context);
    modules.push(module);
    known.push(...(links.get(plan)?.decisions ?? []), ...(folded.get(plan) ?? []));
    known.push(...(likely.decisions.get(plan) ?? []), ...more, ...tableDecisions(plan));
  }
  return {
    project: projectOf(input, left.dropped),
    modules: modules.sort((a, b) => compareNames(a.module, b.module)),
    decisions: [
      ...(input.notes ?? []).map(readAs),
      ...[...decisions.values()].flat(),
      ...left.decisions,
    ],
  };
}

/** Lists the tables that become modules: those that hold rows of their own and can be read. */
export function baseTables(schema: SourceSchema): TableSchema[] {
  const tables = schema.tables.filter(isMigrated);
  if (tables.length > 0) return tables;
  const [other] = schema.others?.filter(({ partOf }) => partOf === null) ?? [];
  const why =
    other === undefined ? '' : `: ${other.kind} ${quoteName(other.name)}, as ${other.why}`;
  throw new Failure('EMPTY', {
    what:
      other === undefined ? 'the source has no table' : `no table of the source can be read${why}`,
    hint: 'check that this is the right file',
  });
}

/** Renames the field of a legacy key called `id` if the new id has that name. */
function renameLegacyIdField(plan: TablePlan, { references }: Links): void {
  const [key, ...others] = plan.key;
  if (key === undefined || others.length > 0) return;
  const column = columnOf(plan, key);
  const refers = references.some(({ columns }) => columns.includes(key));
  if (column.field !== DEFAULT_ID_FIELD || refers) return;
  column.field = unusedName(
    'legacyId',
    new Set([...plan.columns.values()].map(({ field }) => field)),
  );
}

function plansOf(
  tables: readonly TableSchema[],
  { profiles, declared }: ProposalInput,
): Map<string, TablePlan> {
  const byTable = new Map(profiles.map((profile) => [profile.table, profile]));
  const names = moduleNames(tables.map((table) => table.name));
  return new Map(
    tables.map((table) => {
      const profile = byTable.get(table.name);
      const module = names.get(table.name);
      if (profile === undefined || module === undefined) {
        throw new TypeError(`table ${table.name} has no profile`);
      }
      return [table.name, planTable(table, profile, module, declared)];
    }),
  );
}

function projectOf(
  { schema, sourceName, url, projectName }: ProposalInput,
  dropped: readonly DroppedTable[],
): ProjectMapping {
  return {
    $schema: './schema/project.schema.json',
    format: 1,
    name: projectName,
    namespace: namespaceOf(schema),
    sources: Object.fromEntries([[sourceName, { url }]]),
    ...(dropped.length === 0 ? {} : { dropped }),
  };
}

/** Derives the namespace from the schema, so that the same keys give the same target ids. */
function namespaceOf(schema: SourceSchema): string {
  // Details of reading, and columns outside the mapping, do not matter.
  const tables = schema.tables.map(({ name, kind, columns, primaryKey, unique, foreignKeys }) => {
    return { name, kind, columns, primaryKey, unique, foreignKeys };
  });
  const plain: unknown = JSON.parse(JSON.stringify({ tables }), wellFormed);
  return uuidV5(SEALIFT_NAMESPACE)(canonicalJson(plain));
}

/** Names in a damaged database may be ill-formed, and have no canonical JSON. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

function readAs({ table, severity, what, advice }: ReadingNote): Decision {
  return { rule: 'read-as', severity, table, what, advice };
}
