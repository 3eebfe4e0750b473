/**
 * `sealift.NAME`: a command of Sealift, as a process of its own on this project. Its exit code is the verdict:
 * of a check 0, 1 and 2 are PASS, WARN and FAIL; of all else 0 is PASS, and any other code FAIL.
 */

import { about, TEXTS } from '../schema/runbookParts.ts';
import { textsOf } from './stepMembers.ts';
import type { DoneStep, StepFacts, StepResult, StepWork } from './stepType.ts';

type Facts = Omit<StepFacts, 'text' | 'members' | 'place'>;

const CHECK = { kind: 'check' } as const;
const ARTIFACT = { kind: 'artifact', verifiesItself: true, resumes: true } as const;
/** Is killed and runs again without harm, as its own journal tells what is done. */
const RESUMED = { kind: 'change', resumes: true } as const;
const MOVED = { ...RESUMED, verifiesItself: true } as const;

function command(name: string, facts: Facts & Pick<DoneStep, 'kind'>): DoneStep {
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
      const { code, endedBy, stderr, stdout } = await world.runSealift(argv(members), {
        keepAs: id,
        signal,
      });
      const says = lastLine(stderr) ?? lastLine(stdout) ?? `ended with ${String(code ?? endedBy)}`;
      return { verdict: verdictOf(code, facts.kind), says };
    },
  };
}

function verdictOf(code: number | null, kind: DoneStep['kind']): StepResult['verdict'] {
  if (code === 0) return 'PASS';
  return code === 1 && kind === 'check' ? 'WARN' : 'FAIL';
}

function lastLine(text: string): string | null {
  return text.trimEnd().split('\n').at(-1)?.trim() || null;
}

export const dryRun: DoneStep = command('dry-run', CHECK);
export const scanAll: DoneStep = command('scan-all', CHECK);
export const scan: DoneStep = command('scan', CHECK);
export const determinism: DoneStep = command('determinism', CHECK);
export const drill: DoneStep = command('drill', CHECK);
export const review: DoneStep = command('review', CHECK);
export const reconcile: DoneStep = command('reconcile', CHECK);
export const smoke: DoneStep = command('smoke', CHECK);
export const snapshot: DoneStep = command('snapshot', ARTIFACT);
export const migrate: DoneStep = command('migrate', ARTIFACT);
export const load: DoneStep = command('load', ARTIFACT);
export const promote: DoneStep = command('promote', MOVED);
export const rollback: DoneStep = command('rollback', MOVED);
export const attachments: DoneStep = command('attachments', RESUMED);
export const keys: DoneStep = command('keys', RESUMED);
export const secrets: DoneStep = command('secrets', RESUMED);
