/** E-mail addresses, also those whose signs are written as words: `ada dot ammann[at]example.ch`. */

import type { PiiMatch } from './piiClass.ts';
import { matchesOf } from './surroundings.ts';

const LOCAL = /[\p{L}\p{N}._%+-]+$/u;
const DOMAIN =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]{1,59}|\p{L}{2,24})(?![\p{L}\p{N}])/u;

/** Finds addresses with an `@`, then those with a word in brackets for it. */
export function* emails(text: string): Generator<PiiMatch> {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const [local] = LOCAL.exec(text.slice(Math.max(0, at - 64), at)) ?? [];
    const [domain] = DOMAIN.exec(text.slice(at + 1, at + 255)) ?? [];
    const name = local?.replace(/^[._%+-]+/, '') ?? '';
    if (domain === undefined || name === '') continue;
    yield { of: 'EMAIL', tier: 'checked', start: at - name.length, end: at + 1 + domain.length };
  }
  yield* disguised(text);
}

const BRACKETED = / ?[[({] ?(?:at|ät) ?[\])}] ?/giu;
const DISGUISED_LOCAL =
  /[\p{L}\p{N}_%+-]+(?:(?:\.| ?[[({]? ?(?:dot|punkt) ?[\])}]? ?)[\p{L}\p{N}_%+-]+){0,4}$/iu;
const DISGUISED_DOMAIN =
  /^[\p{L}\p{N}-]{1,63}(?:(?:\.| ?[[({]? ?(?:dot|punkt) ?[\])}]? ?)[\p{L}\p{N}-]{1,63}){0,4}(?:\.| ?[[({]? ?(?:dot|punkt) ?[\])}]? ?)\p{L}{2,24}(?![\p{L}\p{N}])/iu;

function* disguised(text: string): Generator<PiiMatch> {
  for (const { index, 0: sign } of matchesOf(BRACKETED, text)) {
    const after = index + sign.length;
    const [local] = DISGUISED_LOCAL.exec(text.slice(Math.max(0, index - 64), index)) ?? [];
    const [domain] = DISGUISED_DOMAIN.exec(text.slice(after, after + 255)) ?? [];
    if (local === undefined || domain === undefined) continue;
    yield {
      of: 'EMAIL',
      tier: 'checked',
      start: index - local.length,
      end: after + domain.length,
    };
  }
}
