/**
 * Collects the values that a policy keeps out of the candidate, from the columns of the sources that
 * are dropped or treated. A value that a column which stays holds as a whole does not count: it is
 * in the candidate by right. A column that stays and holds mostly such values is reported instead.
 */

import {
  columnsOfField,
  DEFAULT_SOURCE,
  isReference,
  relationOf,
  type Mapping,
  type ModuleMapping,
} from '../../mapping/model.ts';
import { columnIds, treatedColumns } from '../../mapping/piiPolicy.ts';
import { counted } from '../../outcome/counted.ts';
import type { Finding } from '../../outcome/finding.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import {
  estimatedBytes,
  taintBuilder,
  taintSeeds,
  type TaintBuilder,
} from '../../taint/taintSet.ts';
import type { TaintedValues } from './piiProof.ts';
import type { SourceRows, TableOf } from './sourceRows.ts';

/** A column of a table or relation, and a module that reads it. */
interface Column extends TableOf {
  /** Name of the source. */
  readonly source: string;
  readonly column: string;
}

interface TreatedColumn extends Column {
  readonly class: string;
}

interface KeptColumn extends Column {
  readonly field: string;
}

export interface TaintOptions {
  readonly rows: SourceRows;
  /** Bytes for the set. */
  readonly memory: number;
  /** 16 random bytes. */
  readonly seeds: Uint8Array;
}

export interface TaintOfSources {
  /** The set in parts that fit into memory, one after another; none if the policies treat nothing. */
  parts(): AsyncGenerator<TaintedValues>;
  /** Findings on columns that stay and hold what is kept out, once all parts are read. */
  findings(): Finding[];
}

/** Prepares the collection; reads nothing yet. */
export function taintOfSources(mapping: Mapping, options: TaintOptions): TaintOfSources {
  const { rows } = options;
  const unread: Finding[] = [];
  const treated = mapping.modules.flatMap((module) => treatedIn(module, rows, unread));
  const kept = keptIn(mapping);
  const copies = copyCounts(kept, treated);
  return {
    async *parts() {
      if (treated.length === 0) return;
      const of = await partitionsOf(treated, options);
      const origins = treated.map(({ table, column, class: of }) => {
        return { column: `${quoteName(table)}.${quoteName(column)}`, class: of };
      });
      const seeds = taintSeeds(options.seeds);
      for (let number = 0; number < of; number += 1) {
        const builder = taintBuilder(seeds, options.memory, { number, of });
        await addAll(builder, treated, rows);
        await keepAll(builder, kept, rows, { copies, isFirst: number === 0 });
        if (builder.size > 0) yield { taint: builder.finish(), origins };
      }
    },
    findings: () => [...unread, ...copies.findings()],
  };
}

/** Values in a partition may be a tenth more than in others. */
const MARGIN = 1.1;
const MOST_PARTITIONS = 1024;

async function partitionsOf(
  treated: readonly TreatedColumn[],
  { rows, memory }: TaintOptions,
): Promise<number> {
  let values = 0;
  const names = treated.filter((column) => column.class === 'PERSON').length;
  for (const column of treated) {
    // Each value may have a second spelling, and a name be part of one with each other column.
    const most = column.class === 'PERSON' ? 1 + names : 2;
    values += most * (await rows.count(column));
  }
  let of = 1;
  while (of < MOST_PARTITIONS && estimatedBytes(Math.ceil((values / of) * MARGIN)) > memory)
    of += 1;
  return of;
}

/**
 * Returns the treated columns of a module; one that its query does not yield is read in the base. One that
 * the source does not have, or cannot read, goes to `unread`: its values are looked for nowhere.
 */
function treatedIn(module: ModuleMapping, rows: SourceRows, unread: Finding[]): TreatedColumn[] {
  const from = { module: module.module, source: module.source.name ?? DEFAULT_SOURCE };
  const own = { ...from, table: relationOf(module) };
  const base = { ...from, table: module.source.base?.table ?? own.table };
  return [...treatedColumns(module)].flatMap(([column, of]) => {
    const found = [own, base].find((table) => rows.columns(table).has(column));
    if (found !== undefined) return [{ ...found, column, class: of }];
    const reason = `column ${quoteName(column)} of the source cannot be read, so its values were not looked for`;
    unread.push({ rule: 'pii-unproven', severity: 'WARNING', module: module.module, reason });
    return [];
  });
}

/** Returns the columns that fields hold as they are; none that a policy treats in another module. */
function keptIn({ modules }: Mapping): KeptColumn[] {
  const treated = new Set(
    modules.flatMap((module) =>
      [...treatedColumns(module).keys()].flatMap((column) => columnIds(module, column)),
    ),
  );
  const columns: KeptColumn[] = [];
  for (const module of modules) {
    const source = module.source.name ?? DEFAULT_SOURCE;
    for (const [field, mapping] of Object.entries(module.fields)) {
      for (const column of isReference(mapping) ? [] : columnsOfField(mapping)) {
        if (columnIds(module, column).some((id) => treated.has(id))) continue;
        columns.push({ module: module.module, source, table: relationOf(module), field, column });
      }
    }
  }
  return columns;
}

async function addAll(
  builder: TaintBuilder,
  treated: readonly TreatedColumn[],
  rows: SourceRows,
): Promise<void> {
  for (const { of, names, at } of tablesOf(treated)) {
    const ofPeople = at.flatMap((one, index) => (treated[one]?.class === 'PERSON' ? [index] : []));
    for await (const part of rows.texts(of, names)) {
      for (const [index, texts] of part.entries()) {
        for (const text of texts) {
          for (const spelling of spellings(text ?? '')) builder.add(spelling, (at[index] ?? 0) + 1);
        }
      }
      for (const [index, name] of wholeNames(part, ofPeople))
        builder.add(name, (at[index] ?? 0) + 1);
    }
  }
}

/**
 * Yields the names of people that a row has in two columns, in both orders: parts of them may be too short,
 * or too common, to be looked for alone.
 */
function* wholeNames(
  part: readonly (readonly (string | null)[])[],
  columns: readonly number[],
): Generator<[index: number, name: string]> {
  for (const one of columns) {
    for (const other of columns) {
      if (one === other) continue;
      for (const [row, text] of (part[one] ?? []).entries()) {
        const more = part[other]?.[row] ?? null;
        if (text !== null && more !== null) yield [one, `${text} ${more}`];
      }
    }
  }
}

async function keepAll(
  builder: TaintBuilder,
  kept: readonly KeptColumn[],
  rows: SourceRows,
  { copies, isFirst }: { readonly copies: CopyCounts; readonly isFirst: boolean },
): Promise<void> {
  for await (const { at, text } of textsOf(kept, rows)) {
    // Each part reads all texts, and has some of the values.
    if (isFirst) copies.count(at, text);
    for (const [index, spelling] of spellings(text).entries()) {
      const origin = builder.keep(spelling);
      if (index === 0 && origin !== 0) copies.note(at, text, origin);
    }
  }
}

/** Returns a text, and a number in groups without what separates them, as others may write it. */
function spellings(text: string): string[] {
  const compact = GROUPED.test(text) ? text.replaceAll(/[^\p{L}\p{N}]/gu, '') : text;
  return compact === text ? [text] : [text, compact];
}

/** Matches groups of digits, with few letters: of telephones, accounts, cards and the like. */
const GROUPED = /^[^\p{L}]{0,3}(?:[A-Za-z]{1,4}[^\p{L}]?)?[\d\s()+/.\-–]{6,40}$/u;

/** Yields the texts in columns, each with the index of its column; tables are read once each. */
async function* textsOf(
  columns: readonly Column[],
  rows: SourceRows,
): AsyncGenerator<{ readonly at: number; readonly text: string }> {
  for (const { of, names, at } of tablesOf(columns)) {
    for await (const part of rows.texts(of, names)) {
      for (const [index, texts] of part.entries()) {
        for (const text of texts) if (text !== null) yield { at: at[index] ?? 0, text };
      }
    }
  }
}

interface TableColumns {
  readonly of: TableOf;
  readonly names: string[];
  /** Index of each column. */
  readonly at: number[];
}

function tablesOf(columns: readonly Column[]): TableColumns[] {
  const tables = new Map<string, TableColumns>();
  for (const [at, { module, source, table, column }] of columns.entries()) {
    const id = JSON.stringify([source, table]);
    const group = tables.get(id) ?? { of: { module, table }, names: [], at: [] };
    group.names.push(column);
    group.at.push(at);
    tables.set(id, group);
  }
  return [...tables.values()];
}

interface CopyCounts {
  /** Counts a text of a kept column. */
  count(at: number, text: string): void;
  /** Notes that the text is equal to a value that is kept out, of this origin. */
  note(at: number, text: string, origin: number): void;
  findings(): Finding[];
}

/** Different values that a column needs before half of them are sufficient; with fewer, it takes all long ones. */
const ENOUGH = 10;
/** A single value may be equal by chance. */
const SEVERAL = 2;

function copyCounts(kept: readonly KeptColumn[], treated: readonly Column[]): CopyCounts {
  const counts = kept.map(() => {
    return { all: 0, texts: 0, faults: 0, different: new Set<string>(), origin: 0 };
  });
  return {
    count(at, text) {
      const count = counts[at];
      if (count === undefined) return;
      count.all += 1;
      if (text.length >= 6) count.texts += 1;
    },
    note(at, text, origin) {
      const count = counts[at];
      if (count === undefined || text.length < 6) return;
      count.faults += 1;
      count.origin = origin;
      if (count.different.size < ENOUGH) count.different.add(text);
    },
    findings() {
      return counts.flatMap(({ all, texts, faults, different, origin }, at): Finding[] => {
        const column = kept[at];
        const from = treated[origin - 1];
        const isCopy =
          (faults * 2 >= texts && different.size >= ENOUGH) ||
          (faults === texts && faults * 2 >= all && different.size >= SEVERAL);
        if (column === undefined || from === undefined) return [];
        const { module, field } = column;
        const name = `${quoteName(from.table)}.${quoteName(from.column)}`;
        if (!isCopy) {
          const what = `${counted(faults, 'value')} of it ${faults === 1 ? 'is' : 'are'} in ${name} as well`;
          const reason = `${what}, and so ${faults === 1 ? 'is' : 'are'} not looked for elsewhere`;
          return [{ rule: 'pii-unproven', severity: 'INFO', module, field, reason }];
        }
        const reason = `half or more of its values are values of ${name}, which the policy keeps out`;
        return [{ rule: 'pii-dropped', severity: 'BLOCKER', module, field, reason }];
      });
    },
  };
}
