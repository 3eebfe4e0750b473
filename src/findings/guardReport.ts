/**
 * Keeps personal data out of reports: a finding names its record by a key or a row, and either may be
 * personal data itself, such as an e-mail address. The search for personal data decides, by the value
 * alone, as it does in records. Of numbers the policy decides, and what a whole column of them holds.
 */

import type { Finding, SourceLocator } from '../outcome/finding.ts';
import { counted } from '../outcome/counted.ts';
import { findPii, mayHoldPii } from '../pii/findPii.ts';
import type { FindingStore } from './findingStore.ts';

const HIDDEN = 'hidden';

/**
 * Leaves out what is personal in the findings so far, and adds a finding `pii-report` for each module in
 * which that was necessary. Returns their number.
 */
export function guardReport(found: FindingStore): number {
  const { numbered, named, personal } = countsOf(found);
  for (const module of numbered) personal.set(module, named.get(module) ?? 0);
  const counts = [...personal].filter(([, count]) => count > 0);
  if (counts.length === 0) return 0;
  found.hide((finding) => {
    return numbered.has(finding.module ?? '') ? withoutPlace(finding) : withoutPersonal(finding);
  });
  for (const [module, count] of counts) {
    const reason = `the key or row of ${counted(count, 'finding')} is personal data, and is left out of the report`;
    const about = module === '' ? {} : { module };
    found.add({ rule: 'pii-report', severity: 'BLOCKER', ...about, reason });
  }
  return counts.length;
}

interface Counts {
  /** Modules of which a finding says that the numbers of their ids are personal data. */
  readonly numbered: ReadonlySet<string>;
  /** By module: findings that name a record, and those of them whose name is personal data. */
  readonly named: ReadonlyMap<string, number>;
  readonly personal: Map<string, number>;
}

/** Reads all findings once: there may be many. */
function countsOf(found: FindingStore): Counts {
  const numbered = new Set<string>();
  const [named, personal] = [new Map<string, number>(), new Map<string, number>()];
  for (const finding of found.list) {
    const { rule, module = '', class: of, tier } = finding;
    const texts = textsOf(finding);
    // Of a column as a whole: a finding of one value has a tier.
    if (rule === 'pii-id' && of !== undefined && tier === undefined) numbered.add(module);
    if (texts.length > 0) named.set(module, (named.get(module) ?? 0) + 1);
    if (texts.some(isPersonal)) personal.set(module, (personal.get(module) ?? 0) + 1);
  }
  return { numbered, named, personal };
}

/**
 * Leaves out the rows of findings on these modules, whose key is declared personal: where it is a number,
 * it is the row as well.
 */
export function hideRows(found: FindingStore, modules: ReadonlySet<string>): void {
  if (modules.size === 0) return;
  found.hide((finding) => {
    return modules.has(finding.module ?? '') ? withoutRows(finding) : finding;
  });
}

/** Returns what a finding tells of a record: its key, and rows. */
function textsOf({ recordId, source, members = [] }: Finding): string[] {
  const rows = [...(source === undefined ? [] : [source]), ...members]
    .map(({ row }) => String(row))
    .filter((row) => row !== HIDDEN);
  return recordId === undefined ? rows : [recordId, ...rows];
}

/** Matches a number alone, or in JSON: a tenth of any pass a check digit. */
const NUMBER = /^\[?-?\d+\]?$/;

function isPersonal(text: string): boolean {
  if (NUMBER.test(text)) return false;
  return mayHoldPii(text) && findPii(text).some(({ tier }) => tier === 'checked');
}

function withoutRows(finding: Finding): Finding {
  const { source, members } = finding;
  return {
    ...finding,
    ...(source === undefined ? {} : { source: hidden(source) }),
    ...(members === undefined ? {} : { members: members.map(hidden) }),
  };
}

function hidden({ table }: SourceLocator): SourceLocator {
  return { table, row: HIDDEN };
}

function withoutPlace(finding: Finding): Finding {
  const { recordId: _, ...rest } = finding;
  return withoutRows(rest);
}

function withoutPersonal(finding: Finding): Finding {
  const { recordId, source, members, ...rest } = finding;
  return {
    ...rest,
    ...(recordId === undefined || isPersonal(recordId) ? {} : { recordId }),
    ...(source === undefined ? {} : { source: withoutRow(source) }),
    ...(members === undefined ? {} : { members: members.map(withoutRow) }),
  };
}

function withoutRow({ table, row }: SourceLocator): SourceLocator {
  return { table, row: isPersonal(String(row)) ? HIDDEN : row };
}
