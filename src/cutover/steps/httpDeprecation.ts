/**
 * `http.deprecation`: whether an endpoint announces its end as RFC 9745 and RFC 8594 say, so that clients can read
 * it. A host that does not answer is a FAIL, as of `http.check`.
 */

import { Failure } from '../../outcome/failure.ts';
import { isoTime } from '../../outcome/age.ts';
import { about, type Schema } from '../schema/runbookParts.ts';
import type { HttpAnswer, HttpRequest } from '../world/world.ts';
import { momentOf, readDeprecation, readSunset, type EndMoment } from './http/endHeaders.ts';
import { listed } from './http/expectedAnswer.ts';
import { linkRelations } from './http/linkHeader.ts';
import {
  ONE_REQUEST,
  bodyFile,
  noAnswer,
  planOfRequest,
  preparedRequest,
  tryRequestThat,
} from './http/oneRequest.ts';
import { tryRequest } from './http/requests.ts';
import { textOf, textsOf } from './stepMembers.ts';
import type { Members, StepResult, StepType, StepWork } from './stepType.ts';

const MOMENT: Schema = {
  title: 'a time in UTC such as "2026-03-01T00:00:00Z"',
  type: 'string',
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}Z$',
};
const RELATIONS: Schema = {
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: { enum: ['deprecation', 'sunset', 'successor-version'] },
};

export const httpDeprecation: StepType = {
  text: 'One request, and whether its answer announces the end of the endpoint.',
  members: {
    ...ONE_REQUEST,
    deprecated: about(MOMENT, 'Expected moment of the header Deprecation; any if left out.'),
    sunset: about(MOMENT, 'Expected moment of the header Sunset; any if left out.'),
    link: about(RELATIONS, 'Relations that links in the header Link have to have.'),
  },
  required: ['url'],
  kind: 'check',
  place: 'application',
  reads: bodyFile,
  plan: planOfRequest,
  apply: check,
  dryRun: async (work) => tryRequestThat(judgedRequest(work).request, () => check(work)),
};

/** Unix times, in seconds; null where any will do. */
interface Wanted {
  readonly deprecated: number | null;
  readonly sunset: number | null;
}

/** @throws Failure for a request that cannot be made, and for moments that no answer could have */
function judgedRequest(work: StepWork): { request: HttpRequest; wanted: Wanted } {
  const { members } = work;
  const wanted = {
    deprecated: wantedMoment(members, 'deprecated'),
    sunset: wantedMoment(members, 'sunset'),
  };
  if (wanted.deprecated !== null && wanted.sunset !== null && wanted.sunset < wanted.deprecated) {
    throw new Failure('USAGE', {
      what: 'the expected sunset is before the deprecation, which RFC 9745 forbids (section 4)',
      hint: 'correct "deprecated" or "sunset"',
    });
  }
  return { request: preparedRequest(work), wanted };
}

function wantedMoment(members: Members, name: 'deprecated' | 'sunset'): number | null {
  const text = textOf(members, name);
  if (text === null) return null;
  const moment = momentOf(text.slice(0, -1));
  if (moment !== null) return moment;
  throw new Failure('USAGE', {
    what: `the time of "${name}" does not exist`,
    hint: 'correct its day or its hour',
  });
}

async function check(work: StepWork): Promise<StepResult> {
  const { members, world } = work;
  const { request, wanted } = judgedRequest(work);
  const answer = await tryRequest(work, request);
  if ('unanswered' in answer) return noAnswer(answer);
  return judgeEnd(answer, { wanted, links: textsOf(members, 'link'), now: world.now() });
}

interface Judge {
  readonly wanted: Wanted;
  readonly links: readonly string[];
  readonly now: Date;
}

/** Statuses of what is gone: its sunset may be over. */
const GONE: ReadonlySet<number> = new Set([404, 410]);

function judgeEnd(answer: HttpAnswer, { wanted, links, now }: Judge): StepResult {
  const { headers, status } = answer;
  const deprecation = readDeprecation(headers.get('deprecation'), wanted.deprecated);
  const sunset = readSunset(headers.get('sunset'), wanted.sunset);
  const relations = linkRelations(headers.get('link') ?? []);
  const expectations = [
    isRead(deprecation),
    isRead(sunset),
    ...isWanted(deprecation, wanted.deprecated, 'Deprecation'),
    ...isWanted(sunset, wanted.sunset, 'Sunset'),
    isInOrder(deprecation, sunset),
    ...links.map((relation) =>
      expect(relations.has(relation), `no Link has the relation ${relation}`),
    ),
  ];
  const broken = expectations.filter(({ holds }) => !holds);
  const results = { failed: broken.length, count: expectations.length };
  if ('fault' in deprecation || 'fault' in sunset || broken.length > 0) {
    const faults = broken.flatMap(({ fault }) => fault ?? []);
    const isOk = status >= 200 && status < 300;
    const says = listed(isOk ? faults : [`status ${status}`, ...faults]);
    return { verdict: 'FAIL', says, results };
  }
  const [from, end] = [isoOf(deprecation.seconds), isoOf(sunset.seconds)];
  if (sunset.seconds * 1000 <= now.getTime() && !GONE.has(status)) {
    const says = `Sunset was ${end}, and the endpoint still answers, with status ${status}`;
    return { verdict: 'WARN', says, results };
  }
  return { verdict: 'PASS', says: `deprecated from ${from} on, sunset at ${end}`, results };
}

/** What is expected, and the clause where it does not hold. */
interface Expectation {
  readonly holds: boolean;
  /** Null where the clause of another one says why. */
  readonly fault: string | null;
}

/** One about a header that has a fault: it does not hold either. */
const UNKNOWN: Expectation = { holds: false, fault: null };

function expect(holds: boolean, fault: string): Expectation {
  return { holds, fault: holds ? null : fault };
}

function isRead(moment: EndMoment): Expectation {
  return 'fault' in moment ? expect(false, moment.fault) : expect(true, '');
}

function isWanted(moment: EndMoment, wanted: number | null, name: string): readonly Expectation[] {
  if (wanted === null) return [];
  if ('fault' in moment) return [UNKNOWN];
  const fault = `${name} is ${isoOf(moment.seconds)} instead of ${isoOf(wanted)}`;
  return [expect(moment.seconds === wanted, fault)];
}

function isInOrder(deprecation: EndMoment, sunset: EndMoment): Expectation {
  if ('fault' in deprecation || 'fault' in sunset) return UNKNOWN;
  const [from, end] = [isoOf(deprecation.seconds), isoOf(sunset.seconds)];
  return expect(
    sunset.seconds >= deprecation.seconds,
    `Sunset (${end}) is before Deprecation (${from}), which RFC 9745 forbids`,
  );
}

/** A moment to the second: neither header has a part of one. */
function isoOf(seconds: number): string {
  return isoTime(seconds).replace('.000Z', 'Z');
}
