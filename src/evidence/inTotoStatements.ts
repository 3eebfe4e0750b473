/**
 * What Sealift states of a bag, as in-toto Statements v1: a verification summary (SLSA VSA v1) for each verdict,
 * and one of the cutover, whose subjects are all files of the payload and all statements before it. They are
 * made of journals and manifest alone, so that a verifier of a bag makes them again. Pure.
 */

import { hash } from 'node:crypto';

import { canonicalJson } from '../record/canonical.ts';

/** Path in the bag. */
export const ATTESTATIONS_FILE = 'attestations/run.intoto.jsonl';

const STATEMENT = 'https://in-toto.io/Statement/v1';
const SUMMARY = 'https://slsa.dev/verification_summary/v1';
/** Our own predicate; the name is a URN, as none of its parts is an address. */
export const CUTOVER_PREDICATE = 'urn:sealift:migration-cutover/v1';

/** A file, or a line of a journal, that something is stated of. */
export interface Subject {
  readonly name: string;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** A verdict that a journal has. */
export interface StatedVerdict {
  /** What was judged, such as `scan-all`, `reconcile` or `gate approve`. */
  readonly check: string;
  readonly subject: Subject;
  /** What it was judged by: the digest of checks, of queries, or of a plan. */
  readonly policy: Subject;
  readonly passed: boolean;
}

/** What a bag is about. */
export interface StatedBag {
  /** When it was made, ISO 8601, UTC, by the clock of the machine that made it. */
  readonly builtAt: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly verdicts: readonly StatedVerdict[];
  /** What the journals say of candidate and run: canonical JSON values. */
  readonly cutover: Readonly<Record<string, unknown>>;
}

/** Files of the payload, by path in the bag, with their SHA-256, in the order of the manifest. */
export type Payload = ReadonlyMap<string, string>;

/**
 * Returns the lines of the statements of a bag, the one of the cutover last; `sign` makes the line of a
 * statement, which is canonical JSON.
 */
export function statementsOf(
  bag: StatedBag,
  payload: Payload,
  sign: (statement: string) => string,
): readonly string[] {
  const summaries = bag.verdicts.map((verdict) => sign(summaryOf(verdict, bag)));
  const others = summaries.map((line, at): Subject => ({
    name: `${ATTESTATIONS_FILE} line ${at + 1}`,
    sha256: hash('sha256', line, 'hex'),
  }));
  const files = [...payload].map(([name, sha256]): Subject => ({ name, sha256 }));
  return [...summaries, sign(cutoverStatement(bag, [...files, ...others]))];
}

function statement(
  subjects: readonly Subject[],
  predicateType: string,
  predicate: Readonly<Record<string, unknown>>,
): string {
  // Joined of canonical parts (RFC 8785), as there may be 100,000 subjects.
  const list = subjects.map(({ name, sha256 }) => {
    return `{"digest":{"sha256":"${sha256}"},"name":${JSON.stringify(name)}}`;
  });
  const before = canonicalJson({ _type: STATEMENT, predicate, predicateType }).slice(0, -1);
  return `${before},"subject":[${list.join(',')}]}`;
}

/** A verification summary: https://slsa.dev/spec/v1.0/verification_summary */
function summaryOf(verdict: StatedVerdict, { builtAt, tool }: StatedBag): string {
  const { check, subject, policy, passed } = verdict;
  return statement([subject], SUMMARY, {
    verifier: { id: `urn:sealift:${tool.name}`, version: { [tool.name]: tool.version } },
    timeVerified: builtAt,
    resourceUri: `urn:sealift:sha256:${subject.sha256}`,
    policy: { uri: `urn:sealift:${policy.name}`, digest: { sha256: policy.sha256 } },
    inputAttestations: [],
    verificationResult: passed ? 'PASSED' : 'FAILED',
    verifiedLevels: passed ? [levelOf(check)] : ['FAILED'],
    slsaVersion: '1.0',
  });
}

/** A level of our own, which must not begin with SLSA_. */
function levelOf(check: string): string {
  return `SEALIFT_${check.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_')}`;
}

function cutoverStatement(
  { builtAt, tool, cutover }: StatedBag,
  subjects: readonly Subject[],
): string {
  return statement(subjects, CUTOVER_PREDICATE, { builtAt, tool, ...cutover });
}
