/** The commands of a step, as the runbook has them: with inputs by name, so that no secret is in them. Pure. */

import type { SeenStep } from '../engine/stepsSeen.ts';
import { kindOf, type Action, type Runbook } from '../runbook.ts';
import { shownArgv } from '../steps/exec.ts';
import { textOf, textsOf } from '../steps/stepMembers.ts';
import { STEP_TYPES } from '../steps/stepTypes.ts';
import { linesOf, type RunEvidence } from './runEvidence.ts';

export interface RunCommand {
  /** What it did, in words; null where the code says all. */
  readonly words: string | null;
  /** What could be typed, of one line or several; null for none. */
  readonly code: string | null;
}

/** Returns what was run for a step; nothing for one that has not begun, or that waits for people. */
export function commandsOf(evidence: RunEvidence, { step, seen }: SeenStep): readonly RunCommand[] {
  if (seen.begunAt === null || kindOf(step) === 'gate') return [];
  const { runbook } = evidence;
  const plan = linesOf(evidence, step).findLast(({ event }) => event === 'step-intended')?.['plan'];
  const words = `${step.use}: ${typeof plan === 'string' ? plan : 'done'}${valueText(step)}`;
  const code = codeOf(step, runbook);
  return [
    { words: code !== null && saysAll(step) ? null : words, code },
    ...(step.verify === null ? [] : [checkOf(step.verify, runbook)]),
  ];
}

/** What verifies a step, by the runbook alone: the journal has no words of it. */
function checkOf(action: Action, runbook: Runbook): RunCommand {
  const { use, members } = action;
  const [type, code] = [STEP_TYPES[use], codeOf(action, runbook)];
  if (type.kind === 'gate' || (code !== null && saysAll(action))) {
    return { words: code === null ? use : null, code };
  }
  return { words: `${use}: ${type.plan(members)}`, code };
}

/** Whether the code of a step is all that it does. */
function saysAll({ use }: Action): boolean {
  return use === 'exec' || /^(?:sealift|http)\./.test(use);
}

/** The value of a setting as the runbook has it, unless its key is that of a secret. */
function valueText({ use, members }: Action): string {
  if (use !== 'config.set') return '';
  const value = String(members['set']);
  const isNamed = /^\$\{[^}]*\}$/.test(value);
  return SECRET_KEY.test(textOf(members, 'key') ?? '') && !isNamed
    ? ' to a value that is not shown'
    : ` to ${value}`;
}

/** Keys of settings whose value may be a secret. */
const SECRET_KEY = /pass(?:word|wd|phrase)?|pwd|secret|token|key|credential|auth|salt|dsn|url/i;

function codeOf({ use, members }: Action, { commands }: Runbook): string | null {
  const named = commands.get(textOf(members, 'command') ?? '')?.run ?? [];
  const argv = [...textsOf(members, 'run'), ...named];
  if (argv.length > 0) return shownArgv(argv);
  const [, command] = /^sealift\.(.+)$/.exec(use) ?? [];
  if (command !== undefined) return shownArgv(['sealift', command, ...textsOf(members, 'args')]);
  const query = textOf(members, 'query');
  if (query !== null) return query.trim();
  // What follows the path, and who a request is from, may be secret.
  const url = textOf(members, 'url')
    ?.replace(/[?#].*$/s, '')
    .replace(/\/\/[^/@]*@/, '//');
  if (url === undefined) return null;
  const isChange = kindOf({ use, members }) === 'change';
  return `${textOf(members, 'method') ?? (isChange ? 'POST' : 'GET')} ${url}`;
}
