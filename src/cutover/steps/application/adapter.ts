/**
 * How a change is made: by a program, or by a request. `{name}` in the arguments, the address and the body
 * stands for a value of the step, so that a way back, which has another value, needs no other arguments.
 */

import { basename } from 'node:path';

import { Failure } from '../../../outcome/failure.ts';
import { ADAPTER, about, type Schema } from '../../schema/runbookParts.ts';
import type { ProgramEnd } from '../../world/world.ts';
import { requestOf, REQUEST } from '../http/requests.ts';
import { requiredText, textOf, textsOf, type Scalar } from '../stepMembers.ts';
import type { Members, StepResult, StepWork } from '../stepType.ts';

/** Members that say how. */
export const HOW: Readonly<Record<string, Schema>> = {
  ...ADAPTER,
  method: about({ enum: ['POST', 'PUT', 'PATCH', 'DELETE'] }, 'Method of the request.'),
  send: REQUEST['send'] ?? {},
  data: about({ type: 'object' }, 'Body of the request, sent as JSON.'),
};

/** Returns which of these members says how. @throws Failure USAGE unless exactly one does */
export function wayOf<Way extends string>(members: Members, ways: readonly Way[]): Way {
  const [way, other] = ways.filter((name) => members[name] !== undefined);
  if (way !== undefined && other === undefined) return way;
  throw new Failure('USAGE', {
    what:
      way === undefined
        ? 'nothing says how the step is done'
        : 'two members say how a step is done',
    hint: `give it exactly one of ${ways.join(', ')}`,
  });
}

/** What a change is made with. */
export interface Change {
  /** Values by the names that stand for them. */
  readonly values: Readonly<Record<string, Scalar>>;
  /** Body of a request that says none. */
  readonly data: Members;
  readonly method: string;
  /** Standard input of a program, for what must not be among its arguments; nothing if left out. */
  readonly input?: string;
}

/**
 * Makes the change. Null: it was taken. A result: the application has refused it, so that it did not happen.
 * @throws Failure if it may have happened
 */
export async function makeChange(work: StepWork, change: Change): Promise<StepResult | null> {
  if (wayOf(work.members, ['run', 'url']) === 'url') return requestChange(work, change);
  await runProgram(work, work.members, { ...change, keepAs: work.id });
  return null;
}

interface Program extends Pick<Change, 'values' | 'input'> {
  readonly keepAs: string | null;
}

/** Runs the program that members describe. @throws Failure TARGET if it does not end with 0 */
export async function runProgram(
  { world, signal }: Pick<StepWork, 'world' | 'signal'>,
  members: Members,
  { values, input, keepAs }: Program,
): Promise<ProgramEnd> {
  const argv = textsOf(members, 'run').map((text) => String(withValues(text, values)));
  const end = await world.run({
    argv,
    env: textsOf(members, 'env'),
    ...(input === undefined ? {} : { input: Buffer.from(input) }),
    keepAs,
    signal,
  });
  signal.throwIfAborted();
  if (end.code === 0) return end;
  throw new Failure('TARGET', {
    what: `the program ended with ${end.code === null ? String(end.endedBy) : `code ${end.code}`}`,
    where: basename(argv[0] ?? ''),
    hint: 'its output is in the folder of the run; find out whether it has changed something',
  });
}

/** Time that a request has at least: to end it earlier would leave open whether the change was made. */
const LEAST_MS = 60_000;

async function requestChange(work: StepWork, change: Change): Promise<StepResult | null> {
  const { members, world } = work;
  const { values, data, method } = change;
  const url = requiredText(members, 'url').replaceAll(NAMED, (whole, name: string) => {
    return Object.hasOwn(values, name) ? encodeURIComponent(String(values[name])) : whole;
  });
  const body = Buffer.from(JSON.stringify(withValues(members['data'] ?? data, values)));
  const sent = { ...work, members: { ...members, url } };
  const request = requestOf(sent, textOf(members, 'method') ?? method, body);
  const headers = { 'content-type': 'application/json', ...request.headers };
  const withinMs = Math.max(request.withinMs, LEAST_MS);
  const { status } = await world.request({ ...request, headers, withinMs });
  if (status >= 200 && status < 300) return null;
  // It may have begun before its time was over.
  if (status >= 300 && status < 500 && status !== 408) {
    return { verdict: 'FAIL', says: `the request was refused with status ${status}` };
  }
  throw new Failure('TARGET', {
    what: `the answer has status ${status}, and whether the change was made is not known`,
    hint: 'find out in the application',
  });
}

const NAMED = /\{([a-z]+)\}/g;

/** Puts values in the places of their names. A text that is one name becomes the value itself. */
function withValues(template: unknown, values: Change['values']): unknown {
  if (typeof template === 'string') {
    const [, whole] = /^\{([a-z]+)\}$/.exec(template) ?? [];
    if (whole !== undefined && Object.hasOwn(values, whole)) return values[whole];
    return template.replaceAll(NAMED, (text, name: string) =>
      Object.hasOwn(values, name) ? String(values[name]) : text,
    );
  }
  if (Array.isArray(template)) return template.map((item: unknown) => withValues(item, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, member]) => [name, withValues(member, values)]),
  );
}
