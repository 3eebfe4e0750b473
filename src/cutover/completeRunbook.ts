/**
 * Makes the model of a runbook from the value of its file, which matches the schema. Pure.
 */

import { pointerTo } from '../mapping/place.ts';
import type { StepName } from './steps/stepTypes.ts';
import { backOf, metricOf, rolloutOf, stageOf } from './rollout/completeRollout.ts';
import { rolloutSteps } from './rollout/rolloutSteps.ts';
import { textOf, textsOf, timeOf } from './steps/stepMembers.ts';
import { listIn, mapIn, type Written } from './written.ts';
import type {
  Action,
  BreachAction,
  Command,
  Input,
  Monitor,
  Runbook,
  Step,
  Trigger,
  Until,
} from './runbook.ts';

/** Members that a step of any type may have; all others are of its type. */
const COMMON: ReadonlySet<string> = new Set([
  'id',
  'use',
  'title',
  'owner',
  'on',
  'requires',
  'when',
  'takes',
  'timeout',
  'until',
  'pointOfNoReturn',
  'verify',
  'probe',
  'undo',
]);

/** Makes the model. */
export function completeRunbook(written: Written): Runbook {
  const { rollout, window, onRollback, rehearsal } = written as Readonly<
    Record<string, Written | undefined>
  >;
  return {
    name: String(written['runbook']),
    title: textOf(written, 'title'),
    target: textOf(written, 'target'),
    inputs: mapIn<Input>(written, 'inputs'),
    rehearsal:
      rehearsal === undefined
        ? null
        : { inputs: mapIn<Input>(rehearsal, 'inputs'), does: textsOf(rehearsal, 'does') },
    window:
      window === undefined
        ? null
        : {
            zone: String(window['tz']),
            start: String(window['start']),
            for: timeOf(window, 'for') ?? 0,
          },
    roles: mapIn<readonly string[]>(written, 'roles'),
    owners: mapIn<string>(written, 'owners'),
    contacts: listIn(written, 'contacts').map(contactOf),
    references: mapIn<string>(written, 'references'),
    commands: new Map(
      [...mapIn<Written>(written, 'commands')].map(
        ([name, command]) => [name, commandOf(command)] as const,
      ),
    ),
    artifacts: mapIn<string>(written, 'artifacts'),
    monitor: listIn(written, 'monitor').map(monitorOf),
    steps: stepsOf(written),
    titles: new Map(
      listIn(written, 'phases').flatMap((phase) => {
        const title = textOf(phase, 'title');
        return title === null ? [] : [[String(phase['id']), title] as const];
      }),
    ),
    rollout: rollout === undefined ? null : rolloutOf(rollout),
    stages: listIn(rollout ?? {}, 'stages').map(stageOf),
    metrics: listIn(written, 'metrics').map(metricOf),
    triggers: listIn(written, 'triggers').map(triggerOf),
    onRollback: onRollback === undefined ? null : backOf(onRollback),
  };
}

function commandOf(written: Written): Command {
  return {
    run: textsOf(written, 'run'),
    exit: (written['exit'] ?? null) as Command['exit'],
    env: textsOf(written, 'env'),
    timeout: timeOf(written, 'timeout'),
  };
}

function stepsOf(written: Written): Step[] {
  const flat = listIn(written, 'steps').map((step, at) =>
    stepOf(step, pointerTo('steps', at), null),
  );
  const phased = listIn(written, 'phases').flatMap((phase, number) =>
    listIn(phase, 'steps').map((step, at) =>
      stepOf(step, pointerTo('phases', number, 'steps', at), String(phase['id'])),
    ),
  );
  const staged = rolloutSteps(written).map((step) => stepOf(step.written, step.pointer, null));
  return [...flat, ...phased, ...staged];
}

function stepOf(written: Written, pointer: string, phase: string | null): Step {
  const related = (name: string): Action | null => {
    const one = written[name] as Written | undefined;
    return one === undefined ? null : actionOf(one, `${pointer}/${name}`, COMMON);
  };
  return {
    ...actionOf(written, pointer, COMMON),
    id: String(written['id']),
    title: textOf(written, 'title'),
    phase,
    owner: textOf(written, 'owner'),
    requires: textsOf(written, 'requires'),
    takes: timeOf(written, 'takes'),
    pointOfNoReturn: written['pointOfNoReturn'] === true,
    verify: related('verify'),
    probe: related('probe'),
    undo: undoOf(written['undo'], `${pointer}/undo`),
  };
}

function undoOf(written: unknown, pointer: string): Action[] {
  if (written === undefined) return [];
  if (!Array.isArray(written)) return [actionOf(written as Written, pointer, COMMON)];
  return written.map((one: Written, at) => actionOf(one, `${pointer}/${at}`, COMMON));
}

function actionOf(written: Written, pointer: string, common: ReadonlySet<string>): Action {
  return {
    pointer,
    use: written['use'] as StepName,
    on: textOf(written, 'on'),
    when: textOf(written, 'when'),
    timeout: timeOf(written, 'timeout'),
    until: untilOf(written['until'] as Written | undefined),
    members: Object.fromEntries(Object.entries(written).filter(([name]) => !common.has(name))),
  };
}

function untilOf(written: Written | undefined): Until | null {
  if (written === undefined) return null;
  const [whole, every] = [timeOf(written, 'for') ?? 0, timeOf(written, 'every') ?? 0];
  return { for: whole, every, within: timeOf(written, 'within') };
}

const OF_MONITOR: ReadonlySet<string> = new Set([...COMMON, 'every', 'for', 'onFail']);

function monitorOf(written: Written, at: number): Monitor {
  return {
    ...actionOf(written, pointerTo('monitor', at), OF_MONITOR),
    id: textOf(written, 'id'),
    every: timeOf(written, 'every') ?? 0,
    for: timeOf(written, 'for') ?? 0,
    onFail: written['onFail'] as BreachAction,
  };
}

function triggerOf(written: Written, at: number): Trigger {
  return {
    pointer: pointerTo('triggers', at),
    when: String(written['when']),
    for: timeOf(written, 'for'),
    severity: String(written['severity']),
    action: written['action'] as BreachAction,
  };
}

function contactOf({ role, contact }: Written): Runbook['contacts'][number] {
  return { role: String(role), contact: String(contact) };
}
