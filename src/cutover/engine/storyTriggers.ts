/** What triggers and monitors of a run did: when they fired, and what followed. Pure. */

import type { StoryFiring, StoryTrigger } from '../../outcome/runStory.ts';
import type { JournalEntry } from '../../journal/line.ts';
import { parseCondition } from '../condition.ts';
import type { Monitor, Runbook, Trigger } from '../runbook.ts';
import { textOf } from '../steps/stepMembers.ts';
import { openFired } from './firedTrigger.ts';
import { breachReason, monitorReason } from './triggers.ts';
import type { Watch } from './watches.ts';

const MOST_FIRINGS = 50;

export interface TriggersBook {
  add(entry: JournalEntry, at: number): void;
  triggers(): readonly StoryTrigger[];
}

type OpenFiring = { -readonly [Name in keyof StoryFiring]: StoryFiring[Name] };

interface OpenTrigger {
  readonly about: Omit<StoryTrigger, 'times' | 'firings'>;
  /** Name of its breaches in the journal, without the band. */
  readonly key: string;
  /** Why a way back begins that it has begun. */
  readonly reason: string;
  times: number;
  readonly firings: OpenFiring[];
}

export function openTriggers(
  runbook: Runbook,
  watches: readonly Watch[],
  isRehearsal: boolean,
): TriggersBook {
  const all = [
    ...runbook.triggers.map((trigger, number) => openTrigger(trigger, number, watches)),
    ...watches.flatMap(({ key, id, looks }) =>
      'monitor' in looks ? [openMonitor(looks.monitor, key, id ?? key)] : [],
    ),
  ];
  const book = openFired(runbook);
  return {
    add(entry, at) {
      const fired = book.add(entry);
      const firing = firingOf(entry, at, runbook, isRehearsal);
      if (firing !== null) {
        const found = all.find((one) => isBy(one, entry));
        if (found !== undefined) found.times += 1;
        if (found !== undefined && found.times <= MOST_FIRINGS) {
          const value = firing.band === 'hold' ? null : (fired?.value ?? null);
          found.firings.push({ ...firing, value });
        }
      }
      if (entry.event === 'cleared') clear(all, textOf(entry, 'of') ?? '', at);
    },
    triggers: () => all.map(storyTrigger),
  };
}

function storyTrigger({ about, times, firings }: OpenTrigger): StoryTrigger {
  return { ...about, times, firings };
}

function openTrigger(trigger: Trigger, number: number, watches: readonly Watch[]): OpenTrigger {
  const { when, for: time, severity, action } = trigger;
  const name = parseCondition(when)?.name ?? null;
  const isWatched = name !== null && watches.some(({ id }) => id === name);
  return {
    about: {
      kind: 'trigger',
      when,
      for: time,
      severity,
      action,
      series: isWatched ? name : null,
    },
    key: `trigger:${number}`,
    reason: breachReason(trigger),
    times: 0,
    firings: [],
  };
}

function openMonitor(monitor: Monitor, key: string, id: string): OpenTrigger {
  const when = `${id} fails in the hours after the last step`;
  const about = { kind: 'monitor', when, for: null, severity: null } as const;
  return {
    about: { ...about, action: monitor.onFail, series: id },
    key,
    reason: monitorReason(monitor),
    times: 0,
    firings: [],
  };
}

/** Whether a line is of a trigger. A way back that a person has begun is of none. */
function isBy({ key, reason }: OpenTrigger, entry: JournalEntry): boolean {
  if (entry.event === 'rollback-begun') return textOf(entry, 'why') === reason;
  const of = textOf(entry, 'of') ?? '';
  return BANDS.some((band) => of === `${key}:${band}`);
}

const BANDS: readonly string[] = ['breach', 'hold', 'fail'];

function firingOf(
  entry: JournalEntry,
  at: number,
  runbook: Runbook,
  isRehearsal: boolean,
): Omit<OpenFiring, 'value'> | null {
  const why = textOf(entry, 'why') ?? '';
  if (entry.event === 'rollback-begun') {
    const isPerson = textOf(entry, 'who') !== null || entry['rehearsed'] === true;
    const followed = 'the way back began';
    return isPerson ? null : { at, band: 'breach', why, followed, clearedAt: null };
  }
  if (entry.event !== 'breached') return null;
  const band = (textOf(entry, 'of') ?? '').endsWith(':hold') ? 'hold' : 'breach';
  const followed = followedBy(textOf(entry, 'action'), runbook, isRehearsal);
  return { at, band, why, followed, clearedAt: null };
}

function followedBy(action: string | null, { commands }: Runbook, isRehearsal: boolean): string {
  if (action === 'freeze') return 'writes were stopped, and the run was held';
  if (action !== 'page') return 'the run was held';
  if (isRehearsal || !commands.has('page')) return 'the terminal said so, and no person was called';
  return 'the command "page" was run';
}

function clear(all: readonly OpenTrigger[], of: string, at: number): void {
  for (const { key, firings } of all) {
    const last = firings.at(-1);
    const isOf = BANDS.some((band) => of === `${key}:${band}`);
    if (isOf && last !== undefined) last.clearedAt ??= at;
  }
}
