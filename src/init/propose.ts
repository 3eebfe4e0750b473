/**
 * From schema and profiles to a mapping that works without a hand edit, and the decisions that a
 * person may want to take differently. Pure: the same database gives the same mapping, byte for
 * byte.
 */

import type { ModuleMapping, ProjectMapping } from '../mapping/model.ts';
import { Failure } from '../outcome/failure.ts';
import { canonicalJson } from '../record/canonical.ts';
import { uuidV5 } from '../record/uuid.ts';
import { compareNames } from '../source/nameOrder.ts';
import type { Remark, SourceSchema, TableSchema } from '../source/source.ts';
import { chooseKey } from './chooseKey.ts';
import { tableDecisions } from './columnDecisions.ts';
import type { Decision } from './decision.ts';
import { alignTypes, linksOf, type IdMode } from './foreignKeys.ts';
import { moduleOf } from './moduleOf.ts';
import { moduleNames } from './names.ts';
import type { TableProfile } from './profile.ts';
import { planTable, type TablePlan } from './tablePlan.ts';

export interface ProposalInput {
  readonly schema: SourceSchema;
  /** One per table that is no view, in any order. */
  readonly profiles: readonly TableProfile[];
  /** Name of the source in the project, such as `main`. */
  readonly sourceName: string;
  /** As it stands in project.json. */
  readonly url: string;
  /** How its tables were read. */
  readonly remarks?: readonly Remark[];
  readonly ids: IdMode;
  readonly projectName: string;
}

export interface Proposal {
  readonly project: ProjectMapping;
  /** Ascending by name. */
  readonly modules: readonly ModuleMapping[];
  /** By table in the order of the schema, views last. */
  readonly decisions: readonly Decision[];
}

/** Namespace of the namespaces of projects: version 5 of `sealift.dev` in RFC 9562's DNS space. */
const SEALIFT_NAMESPACE: string = uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8')('sealift.dev');

/** @throws Failure EMPTY when the source has no table */
export function proposeMapping(input: ProposalInput): Proposal {
  const tables = baseTables(input.schema);
  const plans = plansOf(tables, input.profiles);
  const decisions = new Map<TablePlan, Decision[]>();
  for (const plan of plans.values()) decisions.set(plan, chooseKey(plan));
  alignTypes(plans, input.ids);
  const links = new Map([...plans.values()].map((plan) => [plan, linksOf(plan, plans, input.ids)]));
  const context = { sourceName: input.sourceName, ids: input.ids, links };
  const modules: ModuleMapping[] = [];
  for (const [plan, known] of decisions) {
    const [module, more] = moduleOf(plan, context);
    modules.push(module);
    known.push(...(links.get(plan)?.decisions ?? []), ...more, ...tableDecisions(plan));
  }
  return {
    project: projectOf(input),
    modules: modules.sort((a, b) => compareNames(a.module, b.module)),
    decisions: [
      ...(input.remarks ?? []).map(readAs),
      ...[...decisions.values()].flat(),
      ...viewDecisions(input.schema),
    ],
  };
}

/** Tables that become modules: every one but views. */
export function baseTables(schema: SourceSchema): TableSchema[] {
  const tables = schema.tables.filter((table) => table.kind !== 'view');
  if (tables.length > 0) return tables;
  throw new Failure('EMPTY', {
    what: 'the source has no table',
    hint: 'check that this is the right file',
  });
}

function plansOf(
  tables: readonly TableSchema[],
  profiles: readonly TableProfile[],
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
      return [table.name, planTable(table, profile, module)];
    }),
  );
}

function projectOf({ schema, sourceName, url, projectName }: ProposalInput): ProjectMapping {
  return {
    $schema: './schema/project.schema.json',
    format: 1,
    name: projectName,
    namespace: namespaceOf(schema),
    sources: Object.fromEntries([[sourceName, { url }]]),
  };
}

/** The same schema gives the same namespace, and so the same keys the same target ids. */
function namespaceOf(schema: SourceSchema): string {
  const plain: unknown = JSON.parse(JSON.stringify(schema), wellFormed);
  return uuidV5(SEALIFT_NAMESPACE)(canonicalJson(plain));
}

/** Names of a damaged database may be ill-formed, which has no canonical JSON. */
function wellFormed(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}

function readAs({ table, severity, what, advice }: Remark): Decision {
  return { rule: 'read-as', severity, table, what, advice };
}

function viewDecisions(schema: SourceSchema): Decision[] {
  const views = schema.tables.filter((table) => table.kind === 'view');
  return views.map(({ name }) => ({
    rule: 'view',
    severity: 'INFO',
    table: name,
    what: 'not migrated: the rows of a view come from the tables',
    advice: 'write a module for it if the new system needs its rows as they are',
  }));
}
