/** The commands of a step, as the runbook has them: with inputs by name, so that no secret is in them. Pure. */

import type { SeenStep } from '../engine/stepsSeen.ts';
import { kindOf, type Action, type Runbook } from '../runbook.ts';
import { shownArgv } from '../steps/exec.ts';
import { textOf, textsOf } from '../steps/stepMembers.ts';
import { linesOf, type RunEvidence } from './runEvidence.ts';

export interface RunCommand {
  readonly text: string;
  /** Whether it could be typed; what it did in words otherwise. */
  readonly isCode: boolean;
}

/** Returns what was run for a step; nothing for one that has not begun, or that waits for people. */
export function commandsOf(evidence: RunEvidence, { step, seen }: SeenStep): readonly RunCommand[] {
  if (seen.begunAt === null || kindOf(step) === 'gate') return [];
  const { runbook } = evidence;
  const check = step.verify === null ? null : commandOf(step.verify, runbook);
  const own = commandOf(step, runbook);
  const plan = linesOf(evidence, step).findLast(({ event }) => event === 'step-intended')?.['plan'];
  const words = `${step.use}: ${typeof plan === 'string' ? plan : 'done'}`;
  return [
    own === null ? { text: words, isCode: false } : { text: own, isCode: true },
    ...(check === null ? [] : [{ text: check, isCode: true }]),
  ];
}

function commandOf({ use, members }: Action, { commands }: Runbook): string | null {
  const named = commands.get(textOf(members, 'command') ?? '')?.run ?? [];
  const argv = [...textsOf(members, 'run'), ...named];
  if (argv.length > 0) return shownArgv(argv);
  const [, command] = /^sealift\.(.+)$/.exec(use) ?? [];
  if (command !== undefined) return shownArgv(['sealift', command, ...textsOf(members, 'args')]);
  const url = textOf(members, 'url')?.replace(/[?#].*$/s, '');
  if (url === undefined) return null;
  const isChange = kindOf({ use, members }) === 'change';
  return `${textOf(members, 'method') ?? (isChange ? 'POST' : 'GET')} ${url}`;
}
