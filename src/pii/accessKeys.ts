/** Keys, tokens and passwords: the marks that their issuers give them, and what a word announces. */

import type { PiiContext, PiiMatch } from './piiClass.ts';
import { matchesOf } from './surroundings.ts';

/** Forms of issuers that nothing else has. */
const ISSUED =
  /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_\w{22,255}|glpat-[\w-]{20,64}|(?:AKIA|ASIA)[A-Z2-7]{16}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,247}|sk-(?:[a-z]{2,10}\d{0,2}-)?[\w-]{20,200}|xox[abeoprs]-[A-Za-z0-9-]{10,250}|AIza[\w-]{35}|ya29\.[\w-]{20,250}|SG\.[\w-]{16,32}\.[\w-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,250}|dop_v1_[a-f0-9]{64}|AGE-SECRET-KEY-1[A-Z0-9]{58}|eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,1000})(?![A-Za-z0-9])/g;
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----/g;
/** The password of a user in a URL. */
const IN_URL = /(?<=[a-z]:\/\/[^\s/:@]{1,64}:)[^\s/@]{3,128}(?=@[\w.-]{1,255})/gi;
const NAMED =
  /(?<=(?<![\p{L}\p{N}])(?:passwort|kennwort|password|passwd|passphrase|pwd|mot de passe|token|api[ _-]?key|secret(?:[ _-]?key)?|access[ _-]?key)[ "']{0,2}[:=][ "']{0,2})[^\s"',;]{8,200}/giu;

/** A value in a column of passwords, which may be a digest. */
const WHOLE = /^(?=.*\p{L})(?=.*\d)\S{8,200}$/u;

export function* accessKeys(text: string, { expected }: PiiContext = {}): Generator<PiiMatch> {
  for (const pattern of [ISSUED, PRIVATE_KEY, IN_URL]) {
    for (const { index: start, 0: match } of matchesOf(pattern, text)) {
      if (pattern === ISSUED && !/\d/.test(match)) continue;
      yield { of: 'SECRET', tier: 'checked', start, end: start + match.length };
    }
  }
  if (expected?.includes('SECRET') === true && WHOLE.test(text)) {
    yield { of: 'SECRET', tier: 'context', start: 0, end: text.length };
    return;
  }
  for (const { index: start, 0: match } of matchesOf(NAMED, text)) {
    if (!/\p{L}/u.test(match) || !/\d/.test(match)) continue;
    yield { of: 'SECRET', tier: 'context', start, end: start + match.length };
  }
}
