/** The checks of a run's sources for damage: none that has found some is passed over, whenever it ends. */

import { describe, expect, it } from 'vitest';

import { Failure } from '../../src/outcome/failure.ts';
import { integrityRun, type IntegrityRequest } from '../../src/project/integrity.ts';
import type { CheckedSource, DamageCheck } from '../../src/source/damageCheck.ts';
import { ENVIRONMENT } from '../fault/fixture.ts';

const MIGRATE: IntegrityRequest = { command: 'migrate', options: {} };
const DAMAGED = new Failure('SOURCE_FORMAT', {
  what: 'the database is damaged',
  hint: 'restore a copy of it',
});

interface Named {
  readonly name: string;
  readonly prepared: { checkForDamage?(): DamageCheck };
}

function checked(name: string, run: () => Promise<CheckedSource>): Named {
  const check = { begin: async () => {}, run, close: () => {} };
  return { name, prepared: { checkForDamage: () => check } };
}

const sound = async (): Promise<CheckedSource> => ({ unchecked: [] });
const partly = async (): Promise<CheckedSource> => ({ unchecked: ['odd'] });
const damaged = (): Promise<CheckedSource> => Promise.reject(DAMAGED);

describe('the checks of a run', () => {
  it('are sealed as passed where all of a source was checked, and not where a table was not', async () => {
    const sources = [
      checked('whole', sound),
      checked('part', partly),
      { name: 'file', prepared: {} },
    ];
    const run = integrityRun(sources, MIGRATE, ENVIRONMENT);
    run.start();
    expect([...(await run.finish())]).toEqual([
      ['whole', 'passed'],
      ['part', 'skipped'],
      ['file', null],
    ]);
    expect(run.findings().map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/^source "part": table "odd" could not be checked for damage/),
    ]);
    run.close();
  });

  it('end a run that waits for them, where one finds damage after all rows were read', async () => {
    const late = Promise.withResolvers<CheckedSource>();
    const sources = [checked('whole', sound), checked('late', () => late.promise)];
    const run = integrityRun(sources, MIGRATE, ENVIRONMENT);
    run.start();
    run.assertSoFar();
    const ended = run.finish();
    late.reject(DAMAGED);
    await expect(ended).rejects.toBe(DAMAGED);
    expect(() => run.assertSoFar()).toThrow(DAMAGED);
    run.close();
  });

  it('are not made where that was asked for, which is sealed and reported', async () => {
    const skipping = { command: 'migrate', options: { skipIntegrityCheck: true } } as const;
    const run = integrityRun([checked('main', damaged)], skipping, ENVIRONMENT);
    run.start();
    expect([...(await run.finish())]).toEqual([['main', 'skipped']]);
    expect(run.findings().map(({ reason }) => reason)).toEqual([
      'source "main" was not checked for damage because of --skip-integrity-check',
    ]);
    run.close();
  });
});
