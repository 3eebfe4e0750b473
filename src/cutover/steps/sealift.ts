/**
 * `sealift.NAME`: a command of Sealift, as a process of its own on this project. Its exit code is the verdict:
 * of a check 0, 1 and 2 are PASS, WARN and FAIL; of all else 0 is PASS, and any other code FAIL.
 */

import { about, TEXTS } from '../schema/runbookParts.ts';
import { printable } from '../../outcome/printable.ts';
import type { ProgramEnd } from '../world/world.ts';
import { textsOf } from './stepMembers.ts';
import type { DoneStep, Presence, StepFacts, StepResult, StepWork } from './stepType.ts';

interface Facts extends Omit<StepFacts, 'text' | 'members' | 'place' | 'resumes'> {
  readonly kind: DoneStep['kind'];
  /** What is there if it was killed, as far as a second run is concerned; left out if that could do harm. */
  readonly afterCrash?: Presence;
}

const CHECK: Facts = { kind: 'check' };
/** Begins anew, and leaves nothing of a run that was killed. */
const ARTIFACT: Facts = { kind: 'artifact', verifiesItself: true, afterCrash: 'absent' };
/** Goes on where it was killed, as its own journal or ledger tells what is done. */
const RESUMED: Facts = { kind: 'change', afterCrash: 'begun' };

function command(name: string, { afterCrash, ...facts }: Facts): DoneStep {
  const argv = (members: StepWork['members']): readonly string[] => [
    ...name.split(' '),
    ...textsOf(members, 'args'),
  ];
  return {
    text: 'Runs a command of Sealift.',
    members: { args: about(TEXTS, 'Arguments of the command.') },
    place: 'project',
    ...facts,
    plan: (members) => `run sealift ${argv(members).join(' ')}`,
    async apply({ id, members, world, signal }) {
      const end = await world.runSealift(argv(members), { keepAs: id, signal });
      const verdict = verdictOf(end.code, facts.kind);
      return { verdict, says: saidBy(end), results: { failed: verdict === 'FAIL' ? 1 : 0 } };
    },
    ...(afterCrash === undefined ? {} : { resumes: true, probe: async () => afterCrash }),
  };
}

function verdictOf(code: number | null, kind: DoneStep['kind']): StepResult['verdict'] {
  if (code === 0) return 'PASS';
  return code === 1 && kind === 'check' ? 'WARN' : 'FAIL';
}

/** Its failure, which is a line of its own; else its result, as a command writes it last. */
function saidBy({ code, endedBy, stdout, stderr }: ProgramEnd): string {
  const failure = linesOf(stderr).findLast((line) => line.startsWith('sealift '));
  const line = failure ?? linesOf(stdout).at(-1) ?? linesOf(stderr).at(-1);
  return printable(line ?? `ended with ${String(code ?? endedBy)}`);
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => line.trim() || []);
}

export const dryRun: DoneStep = command('dry-run', CHECK);
export const scanAll: DoneStep = command('scan-all', CHECK);
export const scan: DoneStep = command('scan', CHECK);
export const determinism: DoneStep = command('determinism', CHECK);
export const drill: DoneStep = command('drill', CHECK);
export const review: DoneStep = command('review', ARTIFACT);
export const reconcile: DoneStep = command('reconcile', CHECK);
export const smoke: DoneStep = command('smoke', CHECK);
/** A second one would be refused if the first is there. */
export const snapshot: DoneStep = command('snapshot', { kind: 'artifact', verifiesItself: true });
export const migrate: DoneStep = command('migrate', ARTIFACT);
export const load: DoneStep = command('load', { ...ARTIFACT, afterCrash: 'begun' });
export const promote: DoneStep = command('promote', { ...RESUMED, verifiesItself: true });
/** A second one would go back further. */
export const rollback: DoneStep = command('rollback', { kind: 'change', verifiesItself: true });
export const attachments: DoneStep = command('attachments', RESUMED);
export const keys: DoneStep = command('keys', RESUMED);
/** A second one could rotate again. */
export const secrets: DoneStep = command('secrets', { kind: 'change' });
