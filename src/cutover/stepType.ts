/**
 * Facts about the types of steps: what each does to the world, and where. A type has one entry here, and
 * its members in `mapping/schema/stepSchema.ts`. Pure.
 */

import type { StepType } from '../mapping/schema/stepSchema.ts';

/**
 * - `check`: reads only
 * - `artifact`: makes something new beside what is live, such as a backup; there is nothing to undo
 * - `change`: changes what is live
 * - `gate`: waits for a person or a time, and holds the run until then
 * - `notice`: tells people something
 */
export type StepKind = 'check' | 'artifact' | 'change' | 'gate' | 'notice';

/** Where a step acts: with an input of the runbook, or with none. */
export type StepPlace =
  | 'database'
  | 'application'
  | 'files'
  | 'repository'
  | 'person'
  | 'clock'
  | 'project';

/** Inputs with the database and the application, where a step names none. */
export const DEFAULT_INPUTS: Readonly<Partial<Record<StepPlace, string>>> = {
  database: 'db',
  application: 'app',
};

interface StepFacts {
  readonly kind: StepKind;
  readonly place: StepPlace;
  /** Whether it reads its own effect back before it has passed. */
  readonly verifiesItself?: true;
  /** Whether it tells itself, after a crash, if its effect is there. */
  readonly resumes?: true;
  /** Whether data that was written meanwhile is lost by it. */
  readonly losesWrites?: true;
}

const OWN = { verifiesItself: true, resumes: true } as const;
const CHECK = { kind: 'check', place: 'project' } as const;
const RUN = { kind: 'change', place: 'project', resumes: true } as const;

/** Facts by type. */
export const STEP_FACTS: Readonly<Record<StepType, StepFacts>> = {
  'env.require': { kind: 'check', place: 'files' },
  'git.clean': { kind: 'check', place: 'repository' },
  'git.tag': { kind: 'artifact', place: 'repository', ...OWN },
  'git.commit': { kind: 'change', place: 'repository', ...OWN },
  'ci.green': { kind: 'check', place: 'repository' },
  'app.deploy': { kind: 'change', place: 'application', ...OWN },
  'app.writes': { kind: 'change', place: 'application', ...OWN },
  'config.set': { kind: 'change', place: 'application', ...OWN },
  'cache.verify': { kind: 'check', place: 'application' },
  'pg.backup': { kind: 'artifact', place: 'database', resumes: true },
  'pg.restore_swap': { kind: 'change', place: 'database', losesWrites: true, ...OWN },
  'sqlite.backup': { kind: 'artifact', place: 'database', resumes: true },
  'sql.migrate': { kind: 'change', place: 'database', resumes: true },
  'sql.rows': { kind: 'check', place: 'database' },
  'sql.count': { kind: 'check', place: 'database' },
  'pg.acl': { kind: 'check', place: 'database' },
  'http.check': { kind: 'check', place: 'application' },
  'http.cases': { kind: 'check', place: 'application' },
  'file.check': { kind: 'check', place: 'files' },
  'file.fresh': { kind: 'check', place: 'repository' },
  'link.check': { kind: 'check', place: 'files' },
  'log.watch': { kind: 'check', place: 'files' },
  exec: { kind: 'change', place: 'files' },
  notify: { kind: 'notice', place: 'person' },
  attest: { kind: 'gate', place: 'person', resumes: true },
  'gate.approval': { kind: 'gate', place: 'person', resumes: true },
  'gate.window': { kind: 'gate', place: 'clock', resumes: true },
  'sealift.dry-run': CHECK,
  'sealift.scan-all': CHECK,
  'sealift.scan': CHECK,
  'sealift.determinism': CHECK,
  'sealift.drill': CHECK,
  'sealift.review': CHECK,
  'sealift.reconcile': CHECK,
  'sealift.smoke': CHECK,
  'sealift.snapshot': { kind: 'artifact', place: 'project', ...OWN },
  'sealift.migrate': { kind: 'artifact', place: 'project', ...OWN },
  'sealift.load': { kind: 'artifact', place: 'project', ...OWN },
  'sealift.promote': { ...RUN, verifiesItself: true },
  'sealift.rollback': { ...RUN, verifiesItself: true },
  'sealift.attachments': RUN,
  'sealift.keys': RUN,
  'sealift.secrets': RUN,
};
