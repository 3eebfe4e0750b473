/**
 * Objects that become no module: views, search indexes, and objects that cannot be read. Only those
 * that store nothing themselves are dropped here. A table whose rows cannot be read stays out of
 * the mapping, so that every run stops at it until a person has decided.
 */

import { DEFAULT_SOURCE, type DroppedTable } from '../mapping/model.ts';
import type { OtherObject, SourceSchema, TableSchema } from '../source/source.ts';
import type { Decision } from './decision.ts';

export interface LeftOut {
  readonly dropped: readonly DroppedTable[];
  readonly decisions: readonly Decision[];
}

/** Whether a table becomes a module. */
export function isMigrated({ kind, derived }: TableSchema): boolean {
  return kind !== 'view' && derived === undefined;
}

/** Returns the dropped objects by name, with their decisions in the same order, views last. */
export function leftOut({ tables, others = [] }: SourceSchema, sourceName: string): LeftOut {
  const dropped: DroppedTable[] = [];
  const decisions: Decision[] = [];
  const views: Decision[] = [];
  const drop = (table: string, reason: string): void => {
    const source = sourceName === DEFAULT_SOURCE ? {} : { source: sourceName };
    dropped.push({ ...source, table, reason });
  };
  for (const { name, kind, derived } of tables) {
    if (derived !== undefined) {
      drop(name, `not migrated: ${derived}`);
      // A materialised view stores rows, and is still a view.
      if (derived.includes('materialised view')) views.push(view(name));
      else decisions.push(index(name, derived));
    } else if (kind === 'view') {
      drop(name, 'a view: its rows come from the tables');
      views.push(view(name));
    }
  }
  for (const other of others) {
    if (other.partOf !== null) continue;
    if (other.derived) drop(other.name, `a ${other.kind} that cannot be read, as ${other.why}`);
    decisions.push(unreadable(other));
  }
  return { dropped, decisions: [...decisions, ...views] };
}

function view(table: string): Decision {
  return {
    rule: 'view',
    severity: 'INFO',
    table,
    what: 'not migrated: the rows of a view come from the tables',
    advice:
      'write a module for it and remove it from "dropped" ' +
      'if the new system needs its rows as they are',
  };
}

function index(table: string, derived: string): Decision {
  return {
    rule: 'search-index',
    severity: /not there|no text/.test(derived) ? 'WARNING' : 'INFO',
    table,
    what: `not migrated: ${derived}`,
    advice: 'have the new system build its own index; if the text is nowhere else, export it first',
  };
}

function unreadable({ name: table, kind, why, derived }: OtherObject): Decision {
  const stored = {
    what: `cannot be read, as ${why}: it is not in the mapping, and every run will stop at it`,
    advice: 'copy its content into a plain table, or list it under "dropped" with the reason',
  };
  const note = {
    what: `not migrated: this ${kind} cannot be read, as ${why}`,
    advice: 'its content is stored in tables that are listed separately: check what they hold',
  };
  return { rule: 'unreadable', severity: 'WARNING', table, ...(derived ? note : stored) };
}
