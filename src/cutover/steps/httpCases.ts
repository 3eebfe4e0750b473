/**
 * `http.cases`: requests of a file, one after the other, with what is expected of each. Cookies belong to a
 * group; values that a case keeps are for all later ones. Where the host does not answer, no further case is run.
 */

import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { FILE, VALUES, about } from '../schema/runbookParts.ts';
import { addressOf } from '../world/httpAddress.ts';
import { MOST_BYTES, readCases, REFERENCE, type Case, type CaseGroup } from './http/caseFile.ts';
import { caseBody, filled, hidden, type CaseValues } from './http/caseRequest.ts';
import { cookieJar, type CookieJar } from './http/cookies.ts';
import { assertTarget, cookiesOf, judge, listed, type Seen } from './http/expectedAnswer.ts';
import { jsonOf, requestOf, tryRequest } from './http/requests.ts';
import { valueAt } from './jsonPath.ts';
import { requiredText, textOf, timeOf, valuesOf, type Scalar } from './stepMembers.ts';
import type { Members, StepResult, StepType, StepWork } from './stepType.ts';

export const httpCases: StepType = {
  text: 'Requests of a file, with what is expected of each.',
  members: {
    file: FILE,
    with: about(VALUES, 'Values that cases name, such as a password as ${name} of an input.'),
  },
  required: ['file'],
  kind: 'check',
  place: 'application',
  reads: (members) => [requiredText(members, 'file')],
  plan: (members) => `send the requests of ${requiredText(members, 'file')}`,
  apply: runCases,
  dryRun: tryCases,
};

/** What became of a case. */
interface Outcome {
  readonly group: string;
  readonly name: string;
  /** Null where there was no answer, or no request. */
  readonly status: number | null;
  readonly faults: readonly string[];
}

interface Running {
  readonly work: StepWork;
  /** Given and kept, by name. */
  readonly values: Map<string, Scalar>;
  readonly outcomes: Outcome[];
}

interface ReadCases {
  readonly values: Map<string, Scalar>;
  readonly groups: readonly CaseGroup[];
  /** How many cases there are. */
  readonly count: number;
}

const NO_CASES: StepResult = {
  verdict: 'INCONCLUSIVE',
  says: 'the file has no cases',
  results: { count: 0 },
};

/** @throws Failure for a file that is not there, or is not one of cases */
function casesOf(work: StepWork): ReadCases {
  const values = new Map(valuesOf(work.members, 'with'));
  const file = requiredText(work.members, 'file');
  const groups = readCases(readFile(work, file), file, values.keys());
  const count = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  return { values, groups, count };
}

/** Reads the file, and sends nothing: what a case needs may come from one that changes something. */
async function tryCases(work: StepWork): Promise<StepResult> {
  const { groups, count } = casesOf(work);
  if (count === 0) return NO_CASES;
  const repeats = groups.some(({ cases }) =>
    cases.some(({ members }) => members['repeats'] !== undefined),
  );
  const atLeast = repeats ? 'at least ' : '';
  const says = `would send ${atLeast}${counted(count, 'request')}; none was sent`;
  return { verdict: 'PASS', says, results: { count } };
}

async function runCases(work: StepWork): Promise<StepResult> {
  const { world, id } = work;
  const { values, groups, count } = casesOf(work);
  if (count === 0) return NO_CASES;
  const running: Running = { work, values, outcomes: [] };
  const isAnswered = await runGroups(groups, running);
  const { outcomes } = running;
  const report = { cases: outcomes, count, run: outcomes.length };
  world.artifacts.keep(`${id}.json`, Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  const failing = outcomes.filter(({ faults }) => faults.length > 0);
  const left = count - outcomes.length;
  const results = { failed: failing.length + left, count };
  if (results.failed === 0)
    return { verdict: 'PASS', says: `${count} of ${count} cases pass`, results };
  const faults = failing.map(({ group, name, faults: all }) => {
    return `${quoteName(`${group}: ${name}`)} (${listed(all)})`;
  });
  const rest = isAnswered ? '' : `, and ${left} not run`;
  return {
    verdict: 'FAIL',
    says: `${failing.length} of ${count} cases failed${rest}: ${listed(faults)}`,
    results,
  };
}

function readFile({ world }: StepWork, file: string): Uint8Array {
  const bytes = world.files.read(file, MOST_BYTES);
  if (bytes !== null) return bytes;
  const what = 'there is no file of cases of at most 1 MiB';
  const hint = 'check the path, from the folder of the runbook';
  throw new Failure('USAGE', { what, where: file, hint });
}

/** Runs all cases; returns whether the host has answered them all. */
async function runGroups(groups: readonly CaseGroup[], running: Running): Promise<boolean> {
  const { redactor } = running.work.world;
  for (const { name: group, cases } of groups) {
    const jar = cookieJar();
    for (const one of cases) {
      const { status, faults, isAnswered } = await runCase(one, jar, running);
      const shown = faults.map((fault) => redactor.text(hidden(fault, running.values)));
      running.outcomes.push({ group, name: one.name, status, faults: shown });
      if (!isAnswered) return false;
    }
  }
  return true;
}

interface Ran extends Pick<Outcome, 'status' | 'faults'> {
  readonly isAnswered: boolean;
}

async function runCase(one: Case, jar: CookieJar, running: Running): Promise<Ran> {
  const { work, values } = running;
  const lacking = missingValue(one.members, values);
  if (lacking !== null) {
    const faults = [`${lacking} was not kept, so the request was not sent`];
    return { status: null, faults, isAnswered: true };
  }
  const members = filled(one.members, values);
  const repeats = (members['repeats'] ?? {}) as Members;
  const [every, within] = [timeOf(repeats, 'every') ?? 0, timeOf(repeats, 'within') ?? 0];
  const { world, signal } = work;
  const end = world.now().getTime() + within;
  for (;;) {
    const ran = await sendCase(members, jar, running);
    const isLast = within === 0 || world.now().getTime() + every > end;
    if (ran.faults.length === 0 || isLast) return ran;
    await world.pause(every, signal);
  }
}

/** The first value that a case names, and that an earlier one should have kept; null for none. */
function missingValue(members: Members, values: CaseValues): string | null {
  const names = [...JSON.stringify(members).matchAll(REFERENCE)].map(([, name = '']) => name);
  return names.find((name) => !values.has(name)) ?? null;
}

async function sendCase(members: Members, jar: CookieJar, { work, values }: Running): Promise<Ran> {
  const { world } = work;
  const expected = members['expect'] as Members;
  assertTarget(expected);
  const body = caseBody(members, world.files);
  const method = textOf(members, 'method') ?? 'GET';
  const request = requestOf({ ...work, members }, method, body?.bytes);
  const address = addressOf(request, world.input);
  const cookie = jar.header(address, world.now());
  const headers = {
    ...(body === null ? {} : { 'content-type': body.type }),
    ...(cookie === null ? {} : { cookie }),
    // Names in small letters, so that what the case sends replaces what is sent otherwise.
    ...Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
  };
  const answer = await tryRequest(work, { ...request, headers });
  if ('unanswered' in answer) {
    return { status: null, faults: [answer.unanswered], isAnswered: false };
  }
  const seen = { answer, address, now: world.now() };
  jar.take(cookiesOf(seen), seen.now);
  const { faults } = judge(seen, expected);
  const lacking = keep(members, seen, values);
  // Where the answer is another one, it says nothing that it lacks what is kept.
  return { status: answer.status, faults: faults.length > 0 ? faults : lacking, isAnswered: true };
}

/** Values that fit into a header or an address. */
const KEEPABLE = /^[^\p{Cc}]{1,8192}$/u;

/** Keeps values of an answer; returns what is missing, as clauses. */
function keep(members: Members, seen: Seen, values: Map<string, Scalar>): readonly string[] {
  const wanted = Object.entries((members['keeps'] ?? {}) as Readonly<Record<string, Members>>);
  return wanted.flatMap(([name, place]) => {
    const value = valueOf(place, seen);
    if (value === null || !KEEPABLE.test(String(value))) return [`there is no ${name} to keep`];
    values.set(name, value);
    return [];
  });
}

function valueOf(place: Members, seen: Seen): Scalar | null {
  const { answer } = seen;
  const [path, cookie, header] = ['json', 'cookie', 'header'].map((name) => textOf(place, name));
  if (typeof cookie === 'string') {
    return cookiesOf(seen).find(({ name }) => name === cookie)?.value ?? null;
  }
  if (typeof header === 'string') return answer.headers.get(header.toLowerCase())?.[0] ?? null;
  const value = valueAt(jsonOf(answer), path ?? '');
  return ['string', 'number', 'boolean'].includes(typeof value) ? (value as Scalar) : null;
}
