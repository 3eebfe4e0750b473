/**
 * The statements of a bag, signed, one envelope (DSSE) a line: `attestations/run.intoto.jsonl`. They are verified
 * by making them again of what the bag holds: a statement that says anything else is found, no matter who signed it.
 */

import { openEnvelope, signEnvelope } from '../crypto/dsse.ts';
import type { SigningKey, VerifyingKey } from '../crypto/ed25519.ts';
import type { Finding } from '../outcome/finding.ts';
import { ruleFinding, type Rule } from '../outcome/rules.ts';
import {
  ATTESTATIONS_FILE,
  statementsOf,
  type Payload,
  type StatedBag,
} from './inTotoStatements.ts';
import type { TagFile } from './writeBag.ts';

/** Makes the file of the statements of a bag. */
export function attestationsOf(bag: StatedBag, payload: Payload, key: SigningKey): TagFile {
  const lines = statementsOf(bag, payload, (statement) => {
    return signEnvelope(Buffer.from(statement), key);
  });
  return { path: ATTESTATIONS_FILE, text: lines.map((line) => `${line}\n`).join('') };
}

/** A statement of the cutover begins with this, by the order of RFC 8785. */
const BUILT_AT =
  /^\{"_type":"[^"]{1,99}","predicate":\{"builtAt":"(\d{4}-\d\d-\d\dT[\d:.]{8,12}Z)"/;

/** Returns when the bag of a file of statements was made, as its last one says; null if it does not. */
export function builtAtIn(text: string): string | null {
  const last = text.slice(text.trimEnd().lastIndexOf('\n') + 1);
  // Only the beginning is decoded, as the statement may name 100,000 files; all of it is compared later.
  const [, base64 = ''] = /^\{"payload":"([A-Za-z0-9+/]{0,400})/.exec(last) ?? [];
  return BUILT_AT.exec(Buffer.from(base64, 'base64').toString('utf8'))?.[1] ?? null;
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
  const add = (rule: Rule, reason: string): void => {
    findings.push(ruleFinding(rule, ATTESTATIONS_FILE, reason));
  };
  if (lines.pop() !== '') add('seal-format', 'it does not end with a whole line');
  let at = 0;
  const wanted = statementsOf(bag, payload, (statement) => {
    const line = lines[at] ?? '';
    at += 1;
    const opened = openEnvelope(line, key);
    if ('refused' in opened) add('signature', `${REFUSED[opened.refused]} (line ${at})`);
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

/** What is said of a signature that is refused. */
export const REFUSED = {
  form: 'it is not exactly as Sealift writes it',
  'other-key': 'it is signed by another key',
  'not-authentic': 'its signature does not fit',
} as const;
