/** `exec`: a program, without a shell. Its exit code is the verdict; what it writes is kept, redacted. */

import { ARGV, ENVIRONMENT, EXIT, NAME, about } from '../schema/runbookParts.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import type { ProgramEnd } from '../world/world.ts';
import { textsOf } from './stepMembers.ts';
import type { DoneStep, Members, StepResult } from './stepType.ts';

export const exec: DoneStep = {
  text: 'A program, without a shell.',
  members: {
    keepsWrites: about(
      { type: 'boolean' },
      'As a way back: true if nothing is lost by it that was written meanwhile.',
    ),
    run: ARGV,
    command: about(NAME, 'A command of the runbook, instead of `run`.'),
    env: ENVIRONMENT,
    exit: EXIT,
    changes: about({ type: 'boolean' }, 'false: it is a check. It changes something otherwise.'),
    idempotent: about({ type: 'boolean' }, 'Whether it can run again after it was cut off.'),
  },
  oneOf: ['run', 'command'],
  kind: 'change',
  place: 'files',
  plan: (members) => `run ${shownArgv(textsOf(members, 'run'))}`,
  async apply({ id, members, world, signal }) {
    const argv = textsOf(members, 'run');
    const env = textsOf(members, 'env');
    return resultOf(await world.run({ argv, env, keepAs: id, signal }), members);
  },
  async dryRun({ members, world }) {
    const [program = ''] = textsOf(members, 'run');
    const state = world.programState(program);
    const says = `the program ${quoteName(program)} is ${state}`;
    return { verdict: state === 'there' ? 'PASS' : 'FAIL', says };
  },
};

/** Program and arguments as a shell would need them, for people. */
export function shownArgv(argv: readonly string[]): string {
  return argv.map(shown).join(' ');
}

function shown(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : quoteName(argument);
}

/** How a program ended, as a clause. */
export function endOf({ code, endedBy }: ProgramEnd): string {
  return code === null ? `ended by ${String(endedBy)}` : `exit code ${code}`;
}

function resultOf(end: ProgramEnd, members: Members): StepResult {
  const verdict = verdictOf(end.code, members);
  return { verdict, says: endOf(end), results: { failed: verdict === 'FAIL' ? 1 : 0 } };
}

const VERDICTS: ReadonlyMap<unknown, StepResult['verdict']> = new Map([
  ['pass', 'PASS'],
  ['warn', 'WARN'],
  ['fail', 'FAIL'],
]);

/** A code that is not listed fails; 0 passes where no codes are. */
function verdictOf(code: number | null, members: Members): StepResult['verdict'] {
  if (code === null) return 'FAIL';
  const exit = (members['exit'] ?? { 0: 'pass' }) as Readonly<Record<string, unknown>>;
  return VERDICTS.get(exit[String(code)]) ?? 'FAIL';
}
