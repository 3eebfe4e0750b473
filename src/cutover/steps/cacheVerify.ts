/** `cache.verify`: the application delivers the new version of an asset, from caches on the way, too. */

import { Failure } from '../../outcome/failure.ts';
import { EXPECTED, TEXT, VALUES, about } from '../schema/runbookParts.ts';
import { addressOf } from '../world/httpAddress.ts';
import type { HttpAnswer } from '../world/world.ts';
import { judge, listed } from './http/expectedAnswer.ts';
import { linkedIn } from './http/links.ts';
import { REQUEST, requestOf, tryRequest } from './http/requests.ts';
import { textOf } from './stepMembers.ts';
import type { Members, StepResult, StepType, StepWork } from './stepType.ts';

export const cacheVerify: StepType = {
  text: 'The application delivers the new version of an asset.',
  members: {
    ...REQUEST,
    sha256: about(TEXT, 'Expected digest.'),
    headers: about(VALUES, 'Expected headers, such as etag.'),
    expect: EXPECTED,
    references: about(TEXT, 'Address that the page refers to, such as /assets/app.3f2a1b.js.'),
  },
  required: ['url'],
  kind: 'check',
  place: 'application',
  plan: () => 'request the asset as a browser does',
  apply: verifyCache,
};

const EXPECTING = ['sha256', 'headers', 'expect', 'references'];

async function verifyCache(work: StepWork): Promise<StepResult> {
  const { members, world } = work;
  if (!EXPECTING.some((name) => members[name] !== undefined)) {
    throw new Failure('USAGE', {
      what: 'nothing says by what the new version is known',
      hint: `add ${EXPECTING.join(', ')}`,
    });
  }
  const request = requestOf(work, 'GET');
  const answer = await tryRequest(work, request);
  if ('unanswered' in answer) {
    return { verdict: 'FAIL', says: answer.unanswered, results: { failed: 1, count: 1 } };
  }
  const address = addressOf(request, world.input);
  const { sha256, headers, expect } = members;
  const known = Object.entries({ sha256, headers, json: expect });
  const expected: Members = Object.fromEntries(known.filter(([, value]) => value !== undefined));
  const judged = judge({ answer, address, now: world.now() }, expected);
  const reference = textOf(members, 'references');
  const isMissing = reference !== null && !refersTo(answer, address, reference);
  const faults = [...judged.faults, ...(isMissing ? ['the page does not refer to the asset'] : [])];
  const count = judged.count + (reference === null ? 0 : 1);
  const results = { failed: judged.failed + (isMissing ? 1 : 0), count };
  const cached = cacheOf(answer);
  if (faults.length > 0) {
    const says = `${world.redactor.text(listed(faults))}${cached}`;
    return { verdict: 'FAIL', says, results };
  }
  return { verdict: 'PASS', says: `${count} of ${count} expectations hold${cached}`, results };
}

/** Whether a page has a link to an asset, in whatever form it is written. */
function refersTo({ body }: HttpAnswer, page: URL, asset: string): boolean {
  const wanted = URL.parse(asset, page.href)?.href;
  const { links } = linkedIn(body.toString('utf8'), 'html');
  return links.some((link) => URL.parse(link, page.href)?.href === wanted);
}

/** What is known of caches on the way, as the end of a line. */
function cacheOf({ headers }: HttpAnswer): string {
  const age = headers.get('age')?.[0] ?? '';
  if (/^0*[1-9]\d{0,8}$/.test(age)) return `; from a cache, ${Number(age)}s old`;
  const states = ['x-cache', 'cf-cache-status', 'x-cache-status', 'cache-status'];
  const isCached = states.some((name) => /\bHIT\b/i.test(headers.get(name)?.join() ?? ''));
  return isCached ? '; from a cache' : '';
}
