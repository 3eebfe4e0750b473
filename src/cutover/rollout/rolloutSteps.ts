/**
 * The steps of a rollout: each stage is a change of the percentage, a soak that judges its metrics, and what
 * people have to say; so a rollout is run, resumed, taken back and proven as any other run. Pure.
 */

import { pointerTo } from '../../mapping/place.ts';
import { parseDuration } from '../../record/duration.ts';
import { textOf } from '../steps/stepMembers.ts';
import type { Written } from '../written.ts';

/** A step as a file would have it, and the part of the file that it comes from. */
export interface RolloutStep {
  readonly written: Written;
  readonly pointer: string;
}

/** How often the observed split is read after a change, and how long at most. */
const LOOK = '10s';
const WITHIN = '10m';
/** How long it is waited for what is under way, where nothing is said. */
const DRAIN = '30m';

/** Returns the steps of a rollout, in their order; none without one. */
export function rolloutSteps(runbook: Written): readonly RolloutStep[] {
  const rollout = runbook['rollout'] as Written | undefined;
  if (rollout === undefined) return [];
  const stages = (rollout['stages'] ?? []) as readonly Written[];
  const context: Context = {
    rollout,
    stages,
    metrics: (runbook['metrics'] ?? []) as readonly Written[],
    onRollback: (runbook['onRollback'] ?? {}) as Written,
  };
  return [
    ...observed(context),
    ...stages.flatMap((stage, at) => {
      const pointer = pointerTo('rollout', 'stages', at);
      const steps =
        stage['percent'] === undefined
          ? stepsOfEnd(context, stage, at)
          : stepsOfPercent(context, stage, at);
      return steps.map((written) => ({ written, pointer }));
    }),
  ];
}

interface Context {
  readonly rollout: Written;
  readonly stages: readonly Written[];
  readonly metrics: readonly Written[];
  readonly onRollback: Written;
}

/** Name of a stage in its steps: its percentage, or what is deprecated. */
export function stageName(stage: Written): string {
  return String(stage['percent'] ?? stage['deprecate']);
}

/** Before anything is set, decisions have to be seen: what cannot be observed cannot be verified. */
function observed({ rollout }: Context): readonly RolloutStep[] {
  const observe = rollout['observe'] as Written | undefined;
  if (observe === undefined) return [];
  const until = { for: '0s', every: LOOK, within: WITHIN };
  const written = { id: 'observed', use: 'rollout.split', ...splitOf(rollout), until };
  return [{ written, pointer: '/rollout/observe' }];
}

/** Members of a `rollout.split`. */
function splitOf(rollout: Written): Written {
  const { log, sql, on, user, version, tolerance } = (rollout['observe'] ?? {}) as Written;
  const { old = 'v1', new: fresh = 'v2' } = (rollout['versions'] ?? {}) as Written;
  const members = { log, query: sql, on, user, version, tolerance, old, new: fresh };
  return Object.fromEntries(Object.entries(members).filter(([, one]) => one !== undefined));
}

function stepsOfPercent(context: Context, stage: Written, at: number): readonly Written[] {
  const { rollout, metrics } = context;
  const name = stageName(stage);
  const before = lastStepsOf(context, at - 1);
  const approval =
    stage['approve'] === undefined
      ? []
      : [{ id: `approve-${name}`, use: 'gate.approval', role: stage['approve'], requires: before }];
  return [
    ...approval,
    {
      id: `percent-${name}`,
      use: 'config.set',
      ...(rollout['set'] as Written),
      set: stage['percent'],
      requires: approval.length > 0 ? [`approve-${name}`] : before,
      undo: waysBack(context, at),
    },
    { id: `soak-${name}`, use: 'rollout.soak', stage: at, requires: [`percent-${name}`] },
    ...metrics
      .filter(({ attest }) => attest !== undefined)
      .map(({ id, attest, pass }) => ({
        id: `${String(id)}-${name}`,
        use: 'attest',
        role: attest,
        text: `${String(id)} ${String(pass).replace(/^== */, '= ')} at ${name} % of the users`,
        requires: [`soak-${name}`],
      })),
  ];
}

/** Steps that have to pass before the next stage: a soak that is required cannot be waived. */
function lastStepsOf({ stages, metrics }: Context, at: number): readonly string[] {
  const stage = stages[at];
  if (stage === undefined) return [];
  const name = stageName(stage);
  const said = metrics.filter(({ attest }) => attest !== undefined).map(({ id }) => String(id));
  return [
    `soak-${name}`,
    ...(stage['percent'] === undefined ? [] : said.map((id) => `${id}-${name}`)),
  ];
}

/**
 * The way back from a stage: the percentage of the runbook, or that of the stage before if it is smaller; the
 * observed split; and what is under way. Where that of a later stage was gone, it does for this one.
 */
function waysBack(context: Context, at: number): readonly Written[] {
  const { rollout, stages, metrics, onRollback } = context;
  const earlier = stages.slice(0, at).flatMap(({ percent }) => percent ?? []);
  const before = Number(earlier.at(-1) ?? 0);
  const to = onRollback['percent'];
  const percent = typeof to === 'number' ? Math.min(to, before) : before;
  const later = stages.slice(at + 1).find((one) => one['percent'] !== undefined);
  const when = later === undefined ? {} : { when: `percent-${stageName(later)}.undone == 0` };
  const within = textOf(onRollback, 'within') ?? WITHIN;
  const set = { use: 'config.set', ...(rollout['set'] as Written), set: percent, ...when };
  const until = { for: '0s', every: LOOK, within };
  const split = {
    use: 'rollout.split',
    ...splitOf(rollout),
    percent,
    from: stages[at]?.['percent'],
    recent: part(within, 0.4),
    until: { ...until, every: shorter(LOOK, within) },
    ...when,
  };
  const drained = metrics.find(({ id }) => id === onRollback['drained']);
  return [
    set,
    ...(rollout['observe'] === undefined ? [] : [split]),
    ...(drained === undefined ? [] : [{ ...drain(drained, onRollback), ...when }]),
  ];
}

/** A part of a time, at least a second. */
function part(time: string, share: number): string {
  return `${Math.max(1, Math.round(((parseDuration(time) ?? 0) * share) / 1000))}s`;
}

function shorter(one: string, other: string): string {
  return (parseDuration(one) ?? 0) <= (parseDuration(other) ?? 0) / 5 ? one : '1s';
}

function drain({ sql, on, pass }: Written, { drain: time = DRAIN }: Written): Written {
  const every = shorter('30s', String(time));
  const until = { for: '0s', every, within: String(time) };
  const place = on === undefined ? {} : { on };
  return { use: 'sql.count', query: sql, expect: pass, ...place, until };
}

/** The old version is announced to end, is not used any more, and is removed. */
function stepsOfEnd(context: Context, stage: Written, at: number): readonly Written[] {
  const { url, deprecation, remove, stable } = stage;
  const name = stageName(stage);
  const soak = `soak-${name}`;
  const announced = {
    id: `announced-${name}`,
    use: 'http.deprecation',
    url,
    ...(deprecation as Written | undefined),
    requires: lastStepsOf(context, at - 1),
  };
  const removed =
    remove === undefined
      ? []
      : [{ ...(remove as Written), id: `remove-${name}`, requires: [soak] }];
  const { method } = (deprecation ?? {}) as Written;
  const gone = {
    id: `gone-${name}`,
    use: 'http.check',
    url,
    ...(method === undefined ? {} : { method }),
    status: stage['expect'] ?? 404,
    requires: [removed.length === 0 ? soak : `remove-${name}`],
    until: {
      for: stable ?? '0s',
      every: stable === undefined ? '1m' : every(textOf(stage, 'stable') ?? ''),
    },
  };
  return [
    ...(url === undefined ? [] : [announced]),
    {
      id: soak,
      use: 'rollout.soak',
      stage: at,
      requires: url === undefined ? lastStepsOf(context, at - 1) : [`announced-${name}`],
    },
    ...removed,
    ...(stage['then'] === 'remove' && url !== undefined ? [gone] : []),
  ];
}

/** A status that has to stay is read a hundred times, but not more often than each second. */
function every(time: string): string {
  return `${Math.max(1, Math.round((parseDuration(time) ?? 0) / 100_000))}s`;
}
