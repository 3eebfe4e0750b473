/**
 * The statements of a bag, signed, one envelope (DSSE) a line: `attestations/run.intoto.jsonl`. They are verified
 * by making them again of what the bag holds: a statement that says anything else is found, whoever signed it.
 */

import { openEnvelope, parseEnvelope, signEnvelope } from '../crypto/dsse.ts';
import type { SigningKey, VerifyingKey } from '../crypto/ed25519.ts';
import type { Finding } from '../outcome/finding.ts';
import { fileFinding } from '../seal/candidateFinding.ts';
import { statementsOf, type Payload, type StatedBag } from './inTotoStatements.ts';
import type { TagFile } from './writeBag.ts';

export const ATTESTATIONS_FILE = 'attestations/run.intoto.jsonl';

/** Makes the file of the statements of a bag. */
export function attestationsOf(bag: StatedBag, payload: Payload, key: SigningKey): TagFile {
  const lines = statementsOf(bag, payload, (statement) => {
    return signEnvelope(Buffer.from(statement), key);
  });
  return { path: ATTESTATIONS_FILE, text: lines.map((line) => `${line}\n`).join('') };
}

/** Returns when the bag of a file of statements was made, as its last one says; null if it does not. */
export function builtAtIn(text: string): string | null {
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  try {
    const value: unknown = JSON.parse(parseEnvelope(last)?.payload.toString('utf8') ?? '');
    const { predicate } = Object(value) as Record<string, unknown>;
    const { builtAt } = Object(predicate) as Record<string, unknown>;
    return typeof builtAt === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(builtAt)
      ? builtAt
      : null;
  } catch {
    return null;
  }
}

/** Verifies the file of the statements of a bag: each is the one that is to be made of it, and signed. */
export function attestationFindings(
  text: string,
  bag: StatedBag,
  payload: Payload,
  key: VerifyingKey,
): readonly Finding[] {
  const lines = text.split('\n');
  const findings: Finding[] = [];
  const add = (rule: string, reason: string): void => {
    findings.push(fileFinding(rule, ATTESTATIONS_FILE, reason));
  };
  if (lines.pop() !== '') add('seal-format', 'it does not end with a whole line');
  let at = 0;
  const wanted = statementsOf(bag, payload, (statement) => {
    const line = lines[at] ?? '';
    at += 1;
    const opened = openEnvelope(line, key);
    if ('refused' in opened) add('signature', `line ${at} ${REFUSED[opened.refused]}`);
    else if (opened.payload.toString('utf8') !== statement) {
      add('seal-unexpected', `line ${at} states something else than the bag holds`);
    }
    return line;
  });
  if (lines.length !== wanted.length) {
    add('seal-unexpected', `it has ${lines.length} statements instead of ${wanted.length}`);
  }
  return findings;
}

/** What is said of a signature that is refused, after its name. */
export const REFUSED = {
  form: 'is not exactly as Sealift writes it',
  'other-key': 'is signed by another key',
  'not-authentic': 'has a signature that does not fit',
} as const;
