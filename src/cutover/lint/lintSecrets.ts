/** Secrets that are written in a runbook, which is committed, printed and mailed. */

import { pointerTo } from '../../mapping/place.ts';
import { accessKeys } from '../../pii/accessKeys.ts';
import { textsIn, type Linted, type Report } from './report.ts';

const WEBHOOK = /\bwhsec_[A-Za-z0-9+/=_-]{8,}/;
/** Names of inputs whose value is a secret. */
const NAMED = /(?:^|[_-])(?:password|passwd|pwd|secret|token|key|credentials?)$/;
const NAMES_A_VALUE = /\$\{[^}]*\}/;

export function lintSecrets({ runbook, value }: Linted, report: Report): void {
  for (const { text, pointer } of textsIn(value)) {
    if (!isSecret(text)) continue;
    report('runbook-secret', pointer, 'a secret is written here; declare an input with "secret"');
  }
  for (const [name, input] of runbook.inputs) {
    if (typeof input !== 'string' || !NAMED.test(name) || isSecret(input)) continue;
    const reason =
      'its name says that it is a secret, and its value is written here; declare it with "secret"';
    report('runbook-secret', pointerTo('inputs', name), reason);
  }
}

function isSecret(text: string): boolean {
  if (WEBHOOK.test(text)) return true;
  return accessKeys(text.replaceAll(new RegExp(NAMES_A_VALUE, 'g'), '')).next().done !== true;
}

/** Lines of a text whose comment holds a secret, from 1. */
export function secretComments(text: string): readonly number[] {
  return text.split('\n').flatMap((line, at) => {
    const comment = line.indexOf('#');
    return comment >= 0 && isSecret(line.slice(comment)) ? [at + 1] : [];
  });
}
