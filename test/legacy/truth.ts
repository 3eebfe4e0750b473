/**
 * Holds the findings of a dry-run against a truth file: which planted defects were not found, and
 * which findings nobody planted. Knows nothing of the mapping, only which rule speaks of which kind.
 */

import type { Finding, Severity, SourceLocator } from '../../src/outcome/finding.ts';
import type { Rule } from '../../src/outcome/rules.ts';

/** A planted defect, as a truth file lists it. */
export interface Planted {
  readonly kind: string;
  readonly table: string;
  readonly rowid: number;
  /** A column, or several joined by `+`. */
  readonly column: string;
  readonly severity: Severity;
  /** The row that this one duplicates. */
  readonly other_rowid?: number;
  /** What else is wrong at this place because of it: kinds, or words for people. */
  readonly also?: readonly string[];
}

export interface Truth {
  readonly defects: readonly Planted[];
}

/** Whether the row at `from` refers to the one at `to`. */
export type Refers = (from: SourceLocator, to: SourceLocator) => boolean;

export interface Missed {
  readonly planted: Planted;
  /** Severities of the right rules at the right place: empty where there is none. */
  readonly severities: readonly Severity[];
}

export interface Assessment {
  /** Planted defects that count: all kinds but `pii_…`. */
  readonly planted: number;
  readonly missed: readonly Missed[];
  /** BLOCKERs and WARNINGs. */
  readonly judged: number;
  /** Those of them that no planted defect explains and no verified `because` leads away from. */
  readonly unmatched: readonly Finding[];
  /** Those of them that have a `because`, and the link holds. */
  readonly because: readonly Finding[];
  /** Findings of any severity whose `because` leads nowhere: no link may be made up. */
  readonly broken: readonly Finding[];
}

/** The rules that may speak of a kind. A finding of another rule in the same cell is luck. */
const SPEAKS: Readonly<Record<string, readonly Rule[]>> = {
  amount_negative: ['invariant'],
  amount_scale: ['scale'],
  amount_text: ['type'],
  bigint: ['exactness'],
  blob_in_text: ['type'],
  capacity_exceeded: ['invariant'],
  count_mismatch: ['invariant'],
  date_ambiguous: ['date-ambiguous', 'type'],
  date_dst_gap: ['time-gap'],
  date_future_birth: ['invariant'],
  date_impossible: ['type'],
  date_other_format: ['fallback'],
  date_sentinel: ['sentinel'],
  denorm_drift: ['copy'],
  dup_code: ['unique'],
  dup_id_case: ['key-similar'],
  dup_id_conflict: ['key-duplicate'],
  dup_id_exact: ['key-duplicate'],
  dup_id_space: ['key-similar'],
  email_invalid: ['format'],
  enc_control: ['text-control', 'text-invisible', 'text-replacement'],
  enc_invalid_utf8: ['encoding'],
  enc_mojibake: ['text-mojibake'],
  enc_nfd: ['text-not-nfc'],
  enc_nul: ['text-nul'],
  enum_unknown: ['enum'],
  fk_orphan_composite: ['reference'],
  fk_orphan_json: ['reference'],
  fk_orphan_self: ['reference'],
  fk_orphan_simple: ['reference'],
  fk_required_missing: ['required', 'blank'],
  huge_text: ['long-text'],
  json_invalid: ['type'],
  json_proto: ['json-key'],
  phone_invalid: ['format', 'pattern'],
  ref_cycle: ['cycle', 'self-reference'],
  required_empty: ['blank'],
  required_null: ['required'],
  sum_mismatch: ['invariant'],
  time_order: ['invariant'],
  type_mix: ['type'],
};

/** Every kind that counts, ascending. */
export const KINDS: readonly string[] = Object.keys(SPEAKS);

/** Throws on a kind that it does not know: what is not compared has not been found. */
export function assess(
  findings: readonly Finding[],
  truth: Truth,
  refers: Refers = () => false,
): Assessment {
  const rows = byRow(findings);
  const planted = truth.defects.filter(({ kind }) => !kind.startsWith('pii_'));
  const explained = new Set<Finding>();
  const missed: Missed[] = [];
  for (const defect of truth.defects) {
    const here = (rows.get(rowKey(defect.table, defect.rowid)) ?? []).filter((finding) =>
      touches(finding, defect),
    );
    for (const finding of here) if (explains(defect, finding)) explained.add(finding);
    if (defect.kind.startsWith('pii_')) continue;
    const severities = here
      .filter((finding) => speaksOf(defect, finding))
      .map((finding) => finding.severity);
    if (!severities.includes(defect.severity)) missed.push({ planted: defect, severities });
  }
  const judged = findings.filter(({ severity }) => severity !== 'INFO');
  const rest = judged.filter((finding) => !explained.has(finding));
  const byId = new Map(findings.map((finding) => [finding.id ?? '', finding]));
  const because = rest.filter((finding) => holdsBecause(finding, byId, explained, refers));
  const unmatched = rest.filter((finding) => !because.includes(finding));
  const broken = findings.filter((finding) => {
    const cause = byId.get(finding.because ?? '');
    if (finding.because === undefined) return false;
    return cause === undefined || cause === finding || !linked(finding, cause, refers);
  });
  return { planted: planted.length, missed, judged: judged.length, unmatched, because, broken };
}

/** What is wrong, in a few lines; of findings the places alone. */
export function describeAssessment({ missed, unmatched, broken }: Assessment): string[] {
  return [
    ...missed.map(
      ({ planted: { kind, table, rowid, column, severity }, severities }) =>
        `missed ${severity} ${kind} at ${table} ${rowid} ${column}: ${severities.join(', ')}`,
    ),
    ...unmatched.map((finding) => describe('unmatched', finding)),
    ...broken.map((finding) => describe('broken because', finding)),
  ];
}

function describe(what: string, finding: Finding): string {
  const { severity, rule, field = '', source, members = [], reason, because = '' } = finding;
  const place = JSON.stringify(source ?? members);
  return `${what} ${severity} ${rule} ${field} ${place} ${because}: ${reason}`;
}

function byRow(findings: readonly Finding[]): Map<string, Finding[]> {
  const rows = new Map<string, Finding[]>();
  for (const finding of findings) {
    for (const key of new Set(placesOf(finding).map(({ table, row }) => rowKey(table, row)))) {
      const there = rows.get(key);
      if (there === undefined) rows.set(key, [finding]);
      else there.push(finding);
    }
  }
  return rows;
}

function rowKey(table: string, row: number | string): string {
  return JSON.stringify([table, String(row)]);
}

function placesOf({ source, members = [] }: Finding): readonly SourceLocator[] {
  return source === undefined ? members : [source, ...members];
}

/** Whether they have a column in common: `a+b` is about both. */
function touches({ field = '' }: Finding, { column }: Planted): boolean {
  const columns = column.split('+');
  return field.split('+').some((name) => columns.includes(name));
}

/** A duplicate is found where the group holds both rows; any other defect where the row is its own. */
function speaksOf(defect: Planted, finding: Finding): boolean {
  const rules = SPEAKS[defect.kind];
  if (rules === undefined) throw new Error(`no rule is known for the kind ${defect.kind}`);
  if (!rules.some((rule) => rule === finding.rule)) return false;
  const other = defect.other_rowid;
  if (other === undefined) return true;
  const rows = new Set((finding.members ?? []).map(({ row }) => String(row)));
  return rows.has(String(defect.rowid)) && rows.has(String(other));
}

/** A finding on planted personal data is nobody's mistake: another issue asks for those. */
function explains(defect: Planted, finding: Finding): boolean {
  if (defect.kind.startsWith('pii_') || speaksOf(defect, finding)) return true;
  return (defect.also ?? []).some((kind) =>
    (SPEAKS[kind] ?? ['invariant']).some((rule) => rule === finding.rule),
  );
}

/** The link leads, step by step, to a planted defect's finding, by way of one row or a reference. */
function holdsBecause(
  finding: Finding,
  byId: ReadonlyMap<string, Finding>,
  explained: ReadonlySet<Finding>,
  refers: Refers,
): boolean {
  const seen = new Set<Finding>();
  let current = finding;
  while (!explained.has(current)) {
    if (seen.has(current) || current.because === undefined) return false;
    seen.add(current);
    const cause = byId.get(current.because);
    if (cause === undefined || !linked(current, cause, refers)) return false;
    current = cause;
  }
  return true;
}

function linked(effect: Finding, cause: Finding, refers: Refers): boolean {
  const causes = placesOf(cause);
  return placesOf(effect).some((from) =>
    causes.some(
      (to) => rowKey(from.table, from.row) === rowKey(to.table, to.row) || refers(from, to),
    ),
  );
}
