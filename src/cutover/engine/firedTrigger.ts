/** What has fired in a run: the trigger or monitor of a line of its journal, with the number against its condition. Pure. */

import type { JournalEntry } from '../../journal/line.ts';
import { isMet, parseCondition, type Condition } from '../condition.ts';
import type { Runbook } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';

export interface Fired {
  readonly at: string;
  /** The condition of a trigger, or the type of a monitor. */
  readonly when: string;
  /** Of a trigger; null for a monitor, which has none. */
  readonly severity: string | null;
  readonly action: string;
  /** The number that was compared; null for none. */
  readonly value: number | null;
  /** Since when it was so; its own time where no look tells. */
  readonly since: string;
}

/** What has fired, by the lines of a run one after the other: a trigger may fire thousands of times. */
export interface FiredBook {
  /** Adds a line; returns what has fired by it, null if that is of no trigger or monitor. */
  add(line: JournalEntry): Fired | null;
}

/** Lines that have a number, before the one at hand. */
interface Seen {
  /** Ends of steps by id, the last one of each. */
  readonly ends: Map<string, JournalEntry>;
  /** Looks by what they are of, such as `watch:errors`, in their order. */
  readonly looks: Map<string, JournalEntry[]>;
}

export function openFired(runbook: Runbook): FiredBook {
  const seen: Seen = { ends: new Map(), looks: new Map() };
  return {
    add(line) {
      note(seen, line);
      const isCause = line.event === 'breached' || line.event === 'rollback-begun';
      return isCause ? firedBy(runbook, line, seen) : null;
    },
  };
}

function note({ ends, looks }: Seen, line: JournalEntry): void {
  if (line.event === 'step-ended') ends.set(textOf(line, 'step') ?? '', line);
  if (line.event !== 'sampled') return;
  const of = textOf(line, 'of') ?? '';
  const list = looks.get(of);
  if (list === undefined) looks.set(of, [line]);
  else list.push(line);
}

function firedBy(runbook: Runbook, line: JournalEntry, seen: Seen): Fired | null {
  const of = textOf(line, 'of') ?? '';
  const [, number] = /^trigger:(\d+):/.exec(of) ?? [];
  const trigger = number === undefined ? undefined : runbook.triggers[Number(number)];
  if (trigger !== undefined) {
    const { when, severity } = trigger;
    const { value, since } = valueOf(when, seen, line.at);
    return { at: line.at, when, severity, action: actionOf(line, of), value, since };
  }
  const [, key] = /^(watch:.+):fail$/.exec(of) ?? [];
  if (key === undefined) return null;
  const value = numberIn(seen.looks.get(key)?.at(-1));
  const when = `${key} does not pass`;
  return { at: line.at, when, severity: null, action: actionOf(line, of), value, since: line.at };
}

function actionOf({ event, action }: JournalEntry, of: string): string {
  if (event === 'rollback-begun') return 'rollback';
  return typeof action === 'string' ? action : of.endsWith(':hold') ? 'hold' : 'held';
}

interface Numbered {
  readonly value: number | null;
  readonly since: string;
}

/** Returns the number that a condition compared, and since when it was met without one that was not. */
function valueOf(when: string, { ends, looks }: Seen, at: string): Numbered {
  const condition = parseCondition(when);
  if (condition === null) return { value: null, since: at };
  const { name, result } = condition;
  if (result !== null) {
    const end = ends.get(name ?? '');
    const number = (Object(end?.['results']) as Record<string, unknown>)[result];
    const least = result === 'failed' && end?.['verdict'] === 'FAIL' ? 1 : 0;
    const value = typeof number === 'number' ? Math.max(least, number) : least || null;
    return { value, since: end?.at ?? at };
  }
  return lastNumber(looks.get(`watch:${name}`) ?? [], condition, at);
}

/** Goes back from the last look to the one since which the condition is met. */
function lastNumber(looks: readonly JournalEntry[], condition: Condition, at: string): Numbered {
  let value: number | null = null;
  let since = at;
  for (let number = looks.length - 1; number >= 0; number -= 1) {
    const look = looks[number];
    const seen = numberIn(look);
    if (look === undefined || seen === null) continue;
    value ??= seen;
    if (!isMet(condition, seen)) break;
    since = look.at;
  }
  return { value, since };
}

function numberIn(look: JournalEntry | undefined): number | null {
  const value = look?.['value'];
  return typeof value === 'number' ? value : null;
}
