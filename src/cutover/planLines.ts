/** A plan as lines for a terminal. Pure. */

import { counted } from '../outcome/counted.ts';
import { formatDuration } from '../record/duration.ts';
import type { Plan, PlannedStep } from './planRunbook.ts';
import type { Stage } from './runbook.ts';

/** Formats a plan: steps under their phases, stages, triggers, and how long it takes. */
export function planLines(plan: Plan): readonly string[] {
  const { steps, stages, triggers } = plan;
  const table = leftAligned(steps.map(cellsOf));
  const lines: string[] = [];
  for (const [at, { phase }] of steps.entries()) {
    if (phase !== null && phase !== steps[at - 1]?.phase) lines.push(`${phase}:`);
    lines.push(table[at] ?? '');
  }
  return [
    ...lines,
    ...leftAligned(stages.map(cellsOfStage)),
    ...triggers.map(
      ({ when, for: during, action }) =>
        `${action} when ${when}${during === null ? '' : ` for ${formatDuration(during)}`}`,
    ),
    ...timeLines(plan),
  ];
}

function cellsOf(step: PlannedStep): readonly string[] {
  const { number, id, use, where, takes, startsAfter } = step;
  return [
    String(number),
    `+${formatDuration(startsAfter)}`,
    id,
    use,
    where,
    takes === null ? '-' : formatDuration(takes),
    notesOf(step).join('; '),
  ];
}

function notesOf({ approval, requires, wayBack, when }: PlannedStep): readonly string[] {
  const needs = requires.length === 0 ? [] : [`requires ${requires.join(', ')}`];
  const condition = when === null ? [] : [`only when ${when}`];
  const back = wayBack === 'nothing to undo' ? [] : [wayBack === 'none' ? 'no way back' : wayBack];
  if (approval === null) return [...needs, ...condition, ...back];
  const who = approval.operators ? '' : ', not the operator';
  return [`waits for ${approval.of} of role ${approval.role}${who}`, ...needs, ...condition];
}

function cellsOfStage({ percent, deprecates, soak, checkAt, every }: Stage): readonly string[] {
  const often = every === null ? [] : [`every ${formatDuration(every)}`];
  const at = checkAt.length === 0 ? [] : [`at ${checkAt.map(formatDuration).join(', ')}`];
  return [
    percent === null ? `${deprecates ?? ''} deprecated` : `${percent} %`,
    `soak ${formatDuration(soak)}`,
    [...at, ...often].map((when) => `metrics ${when}`).join(', '),
  ];
}

function timeLines({ window, takes, monitored, unknown }: Plan): readonly string[] {
  const open = unknown === 0 ? '' : `, and ${counted(unknown, 'step')} of unknown time`;
  return [
    ...(window === null
      ? []
      : [`window     ${window.start} ${window.zone}, ${formatDuration(window.for)}`]),
    `expected   ${formatDuration(takes)}${open}, without waiting for people`,
    ...(monitored === 0 ? [] : [`monitored  ${formatDuration(monitored)} after it`]),
  ];
}

/** Aligns all columns but the last to the left. */
export function leftAligned(rows: readonly (readonly string[])[]): readonly string[] {
  const [first = []] = rows;
  const widths = first.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
