/** Names in a runbook: each stands for something, and for one thing; steps do not wait for each other. */

import { pointerTo } from '../../mapping/place.ts';
import { didYouMean } from '../../outcome/nearest.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { parseCondition, UNDONE } from '../condition.ts';
import { actionsOf, inputOf, type Action, type Runbook, type Step } from '../runbook.ts';
import { DEFAULT_INPUTS, RESULTS } from '../steps/stepType.ts';
import { STEP_TYPES } from '../steps/stepTypes.ts';
import { lintArtifacts } from './lintArtifacts.ts';
import { textsIn, type Linted, type Report } from './report.ts';

/** What is named, and what there is. */
interface Names {
  readonly what: string;
  readonly known: readonly string[];
}

export function lintNames({ runbook, value }: Linted, report: Report): void {
  const named = namer(report);
  const roles: Names = { what: 'role', known: [...runbook.roles.keys()] };
  for (const [area, role] of runbook.owners) named(roles, role, pointerTo('owners', area));
  for (const [at, { role }] of runbook.contacts.entries()) {
    named(roles, role, pointerTo('contacts', at, 'role'));
  }
  for (const { attest, pointer } of runbook.metrics) {
    if (attest !== null) named(roles, attest, `${pointer}/attest`);
  }
  for (const step of runbook.steps) {
    if (step.owner !== null) named(roles, step.owner, `${step.pointer}/owner`);
    for (const action of actionsOf(step)) lintAction(action, runbook, named, report);
  }
  for (const monitor of runbook.monitor) lintAction(monitor, runbook, named, report);
  const steps: Names = { what: 'step', known: runbook.steps.map(({ id }) => id) };
  for (const [at, id] of (runbook.rehearsal?.does ?? []).entries()) {
    named(steps, id, pointerTo('rehearsal', 'does', at));
  }
  for (const [file, id] of runbook.artifacts) named(steps, id, pointerTo('artifacts', file));
  lintArtifacts(runbook, report);
  lintStages(runbook, named, report);
  lintTriggers(runbook, report);
  lintPages(runbook, report);
  lintTwice(runbook, report);
  lintRequires(runbook, named, report);
  lintReferences(runbook, value, named);
}

type Named = (names: Names, name: string, pointer: string) => void;

function namer(report: Report): Named {
  return ({ what, known }, name, pointer) => {
    if (known.includes(name)) return;
    const hint = didYouMean(name, known, 'declare it');
    report('runbook-name', pointer, `there is no ${what} ${quoteName(name)}; ${hint}`);
  };
}

function lintAction(action: Action, runbook: Runbook, named: Named, report: Report): void {
  const { members, pointer, use, on, when } = action;
  const inputs: Names = { what: 'input', known: [...runbook.inputs.keys()] };
  const ofType = (name: string): string | null => {
    const member = members[name];
    return typeof member === 'string' ? member : null;
  };
  const roles: Names = { what: 'role', known: [...runbook.roles.keys()] };
  for (const member of ['role', 'to']) {
    const role = ofType(member);
    if (role !== null) named(roles, role, `${pointer}/${member}`);
  }
  const command = ofType('command');
  const commands: Names = { what: 'command', known: [...runbook.commands.keys()] };
  if (command !== null) named(commands, command, `${pointer}/command`);
  const ways = STEP_TYPES[use].oneOf ?? [];
  if (ways.length > 0 && ways.filter((way) => members[way] !== undefined).length !== 1) {
    const names = ways.map((way) => `"${way}"`).join(', ');
    report('runbook-name', pointer, `exactly one of ${names} has to be given`);
  }
  const from = ofType('from');
  if (from !== null)
    named({ what: 'step with a backup', known: backupsOf(runbook) }, from, `${pointer}/from`);
  if (on !== null) named(inputs, on, `${pointer}/on`);
  // The address of an application may be in the steps themselves.
  if (on === null && STEP_TYPES[use].place === 'database') {
    named(inputs, inputOf(action) ?? '', pointer);
  }
  if (use === 'gate.window' && runbook.window === null) {
    report('runbook-name', pointer, 'the runbook has no window');
  }
  if (when !== null) lintCondition(when, `${pointer}/when`, runbook, report);
}

function backupsOf({ steps }: Runbook): readonly string[] {
  return steps.filter(({ use }) => use.endsWith('.backup')).map(({ id }) => id);
}

function lintStages({ stages, metrics, onRollback }: Runbook, named: Named, report: Report): void {
  const known = metrics.map(({ id }) => id);
  for (const [at, { pointer, zero, baseline }] of stages.entries()) {
    if (zero !== null) {
      named({ what: 'metric', known }, zero, `${pointer}/zero`);
    }
    if (baseline !== null && !stages.slice(0, at).some(({ percent }) => percent === baseline)) {
      report('runbook-name', `${pointer}/baseline`, 'no earlier stage has this percentage');
    }
  }
  const drained = onRollback?.drained ?? null;
  if (drained !== null) named({ what: 'metric', known }, drained, '/onRollback/drained');
}

function lintTriggers(runbook: Runbook, report: Report): void {
  for (const { pointer, when } of runbook.triggers) {
    lintCondition(when, `${pointer}/when`, runbook, report);
  }
}

/** What pages runs a command of this name. */
const PAGE = 'page';

/** Where the runbook pages, as JSON pointers. */
function pagesOf({ triggers, monitor }: Runbook): readonly string[] {
  return [
    ...triggers.filter(({ action }) => action === PAGE).map(({ pointer }) => `${pointer}/action`),
    ...monitor.filter(({ onFail }) => onFail === PAGE).map(({ pointer }) => `${pointer}/onFail`),
  ];
}

function lintPages(runbook: Runbook, report: Report): void {
  if (runbook.commands.has(PAGE)) return;
  const reason = 'it calls the on-call by the command "page", and there is none; declare it';
  for (const pointer of pagesOf(runbook)) report('runbook-name', pointer, reason);
}

/** A condition names a step with one of its results, a metric, a monitor or an input. */
function lintCondition(text: string, pointer: string, runbook: Runbook, report: Report): void {
  const { name = null, result = null } = parseCondition(text) ?? {};
  if (name === null) {
    report('runbook-name', pointer, 'the condition names nothing that could be compared');
    return;
  }
  const { steps, metrics, monitor, inputs } = runbook;
  const ids = steps.map(({ id }) => id);
  const values = [...metrics, ...monitor].flatMap(({ id }) => id ?? []);
  const known = result === null ? [...values, ...inputs.keys()] : ids;
  if (!known.includes(name)) {
    const what = result === null ? 'metric, monitor or input' : 'step';
    const hint = ids.includes(name)
      ? `a step has the results ${RESULTS.join(', ')}`
      : didYouMean(name, known, 'declare it');
    report('runbook-name', pointer, `there is no ${what} ${quoteName(name)}; ${hint}`);
    return;
  }
  const isMade = pointer.startsWith('/rollout') && result === UNDONE;
  if (result === null || isMade || (RESULTS as readonly string[]).includes(result)) return;
  const hint = didYouMean(result, RESULTS, `use one of ${RESULTS.join(', ')}`);
  report('runbook-name', pointer, `a step has no result ${quoteName(result)}; ${hint}`);
}

function lintTwice({ steps, metrics, monitor }: Runbook, report: Report): void {
  const values = [...metrics, ...monitor];
  for (const [what, list] of [
    ['steps', steps],
    ['metrics or monitors', values],
  ] as const) {
    const seen = new Set<string>();
    for (const { id, pointer } of list) {
      if (id !== null && seen.has(id)) {
        report('runbook-name', `${pointer}/id`, `two ${what} are called ${quoteName(id)}`);
      }
      if (id !== null) seen.add(id);
    }
  }
}

/** A step requires earlier steps only: the order of the file is the order of the run. */
function lintRequires({ steps }: Runbook, named: Named, report: Report): void {
  const known = steps.map(({ id }) => id);
  const positions = new Map(known.map((id, at) => [id, at] as const));
  const byId = new Map(steps.map((step) => [step.id, step] as const));
  for (const [at, step] of steps.entries()) {
    for (const [number, id] of step.requires.entries()) {
      const pointer = `${step.pointer}/requires/${number}`;
      named({ what: 'step', known }, id, pointer);
      if ((positions.get(id) ?? -1) < at) continue;
      if (reaches(byId, id, step.id)) {
        report('runbook-cycle', pointer, 'the step and what it requires wait for each other');
      } else {
        report('runbook-order', pointer, `${quoteName(id)} is required, but comes later`);
      }
    }
  }
}

/** Whether one step requires another, through others if need be. */
function reaches(byId: ReadonlyMap<string, Step>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === to) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(byId.get(id)?.requires ?? []));
  }
  return false;
}

/** `${name}` in a text is an input. */
function lintReferences({ inputs }: Runbook, value: unknown, named: Named): void {
  for (const { text, pointer } of textsIn(value)) {
    for (const [, name = ''] of text.matchAll(REFERENCE)) {
      named({ what: 'input', known: [...inputs.keys()] }, name, pointer);
    }
  }
}

const REFERENCE = /\$\{([^}]*)\}/g;

/** Inputs that the metrics of a rollout and its split are read from. */
function inputsOfLooks({ metrics, rollout }: Runbook): readonly (string | undefined)[] {
  const { database, application } = DEFAULT_INPUTS;
  const observe = rollout?.observe ?? null;
  return [
    ...metrics.map(({ on, sql, http }) => {
      if (sql === null && http === null) return undefined;
      return on ?? (sql === null ? application : database);
    }),
    ...(observe === null || observe.sql === null ? [] : [observe.on ?? database]),
  ];
}

/** Roles, inputs, commands and metrics that are declared, and that nothing names. */
export function lintUnused({ runbook, value }: Linted, report: Report): void {
  const texts = [...textsIn(value)];
  const references = texts.flatMap(({ text }) =>
    [...text.matchAll(REFERENCE)].map(([, name]) => name),
  );
  const actions = [...runbook.steps.flatMap(actionsOf), ...runbook.monitor];
  const conditions = [
    ...actions.flatMap(({ when }) => when ?? []),
    ...runbook.triggers.map(({ when }) => when),
  ];
  const compared = conditions.map((text) => parseCondition(text)?.name);
  const used: Readonly<Record<string, readonly unknown[]>> = {
    roles: [
      'operator',
      ...runbook.owners.values(),
      ...runbook.contacts.map(({ role }) => role),
      ...runbook.steps.map(({ owner }) => owner),
      ...runbook.metrics.map(({ attest }) => attest),
      ...actions.flatMap(({ members }) => [members['role'], members['to']]),
    ],
    inputs: [...references, ...compared, ...actions.map(inputOf), ...inputsOfLooks(runbook)],
    commands: [
      ...actions.map(({ members }) => members['command']),
      ...(pagesOf(runbook).length > 0 ? [PAGE] : []),
    ],
  };
  for (const part of ['roles', 'inputs', 'commands'] as const) {
    for (const name of runbook[part].keys()) {
      if (used[part]?.includes(name) === true) continue;
      report(
        'runbook-unused',
        pointerTo(part, name),
        `nothing in the runbook uses ${quoteName(name)}`,
      );
    }
  }
  // The stages of a rollout wait for all metrics.
  const zeros = new Set(runbook.stages.map(({ zero }) => zero));
  for (const { id, pointer } of runbook.stages.length > 0 ? [] : runbook.metrics) {
    if (compared.includes(id) || zeros.has(id)) continue;
    report('runbook-unused', `${pointer}/id`, `nothing in the runbook uses ${quoteName(id)}`);
  }
}
