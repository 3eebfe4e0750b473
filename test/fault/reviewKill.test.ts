/**
 * review --approve and evidence build killed at any moment: an approval counts or is not there, a bag
 * is whole or not there, and the next command works. As many kills as SEALIFT_KILLS_REVIEW and
 * SEALIFT_KILLS_EVIDENCE say.
 */

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { times } from '../kit/long.ts';
import { succeed, workFolder } from '../kit/project.ts';
import { HAS_SSH_KEYGEN, keyOf, reviewedProject } from '../kit/reviewers.ts';
import { sealift } from '../kit/run.ts';
import { journal, liveOf } from '../promote/fixture.ts';
import { countChanges, startHalting } from './barrier.ts';

const REVIEWS = times('SEALIFT_KILLS_REVIEW', 3, 100, 10);
const BAGS = times('SEALIFT_KILLS_EVIDENCE', 3, 100, 10);

const work = workFolder('review-kill');
let made: string;

beforeAll(async () => {
  if (HAS_SSH_KEYGEN) made = await reviewedProject(1);
});

afterAll(() => {
  if (HAS_SSH_KEYGEN) rmSync(made, { recursive: true });
});

function copy(name: string): string {
  const project = join(work, name);
  cpSync(made, project, { recursive: true, verbatimSymlinks: true });
  return project;
}

const approveIn = (project: string): string[] => {
  const key = ['--who', 'berta', '--key', keyOf(project, 'berta')];
  return ['review', '--approve', ...key, '--project', project];
};

/**
 * Where to kill next: every other place is spread over all changes to the disk; the others look for
 * the change after which the command has had its effect, and then try each one before it.
 */
class Places {
  private before = 1;
  private after: number;
  private readonly kills: number;
  private readonly changes: number;

  constructor(kills: number, changes: number) {
    [this.kills, this.changes, this.after] = [kills, changes, changes];
  }

  next(index: number): number {
    if (index % 2 === 0) return 1 + Math.floor(((index % this.kills) * this.changes) / this.kills);
    if (this.after - this.before > 1) return Math.floor((this.before + this.after) / 2);
    return Math.max(1, this.after + 4 - Math.floor((this.kills - index) / 2));
  }

  /** Notes whether a kill at this place came after the effect. */
  note(place: number, isDone: boolean): void {
    if (isDone) this.after = Math.min(this.after, place);
    else this.before = Math.max(this.before, place);
  }
}

/** Kills a command before this change to the disk; false where it ended before. */
async function kill(args: readonly string[], place: number): Promise<boolean> {
  const halted = startHalting(args, place);
  if (await halted.reached) halted.child.kill('SIGKILL');
  return (await halted.ended).signal === 'SIGKILL';
}

const approvalsOf = (project: string): number =>
  journal(project).entries.filter(({ event }) => event === 'approved').length;

/** A candidate goes live with an approval, and not without. */
async function expectPromoted(project: string, isApproved: boolean): Promise<void> {
  const ran = await sealift(['promote', '--who', 'pia', '--project', project]);
  expect([ran.code, liveOf(project) !== null], ran.stderr).toEqual([
    isApproved ? 0 : 1,
    isApproved,
  ]);
}

describe.skipIf(!HAS_SSH_KEYGEN)('SIGKILL', () => {
  it(`in review --approve leaves an approval that counts or none, ${REVIEWS} times`, async () => {
    const counted = await countChanges(approveIn(copy('count')));
    expect(counted.code, counted.stderr).toBe(0);
    expect(counted.changes).toBeGreaterThan(10);
    let killed = 0;
    const seen = new Set<number>();
    const places = new Places(REVIEWS, counted.changes);
    for (let index = 0; killed < REVIEWS && index < 2 * REVIEWS; index += 1) {
      const place = places.next(index);
      const project = copy(`review-${index}`);
      if (await kill(approveIn(project), place)) killed += 1;
      const approvals = approvalsOf(project);
      places.note(place, approvals === 1);
      seen.add(approvals);
      await expectPromoted(project, approvals === 1);
      const again = await sealift(approveIn(project));
      expect([again.code, approvals], again.stderr).toEqual([approvals === 1 ? 1 : 0, approvals]);
      expect(approvalsOf(project)).toBe(1);
      await expectPromoted(project, true);
      const kept = readdirSync(join(project, 'storage_journal/approvals'));
      expect(kept.map((name) => name.slice(64)).toSorted()).toEqual(['.json', '.json.sig']);
      await succeed(['verify-checksums', '--candidate', 'live', '--project', project]);
      rmSync(project, { recursive: true });
    }
    expect(killed).toBe(REVIEWS);
    process.stdout.write(`review: ${killed} kills at ${counted.changes} changes\n`);
    if (REVIEWS >= 100) expect(seen).toEqual(new Set([0, 1]));
  }, 3_600_000);

  it(`in evidence build leaves a whole bag or none, ${BAGS} times`, async () => {
    const project = copy('evidence');
    await succeed(approveIn(project));
    await expectPromoted(project, true);
    const build = (name: string): string[] => {
      return ['evidence', 'build', join(work, 'bags', name), '--project', project];
    };
    mkdirSync(join(work, 'bags'));
    const before = journal(project).head;
    const counted = await countChanges(build('count'));
    expect(counted.code, counted.stderr).toBe(0);
    let killed = 0;
    const places = new Places(BAGS, counted.changes);
    for (let index = 0; killed < BAGS && index < 2 * BAGS; index += 1) {
      const name = `bag-${index}`;
      const place = places.next(index);
      if (await kill(build(name), place)) killed += 1;
      const isDone = existsSync(join(work, 'bags', name));
      places.note(place, isDone);
      if (!isDone) await succeed(build(name));
      await succeed(['evidence', 'verify', join(work, 'bags', name)]);
      expect(readdirSync(join(work, 'bags')).filter((one) => one.startsWith('.'))).toEqual([]);
      rmSync(join(work, 'bags', name), { recursive: true });
    }
    expect(killed).toBe(BAGS);
    process.stdout.write(`evidence: ${killed} kills at ${counted.changes} changes\n`);
    expect(journal(project).head).toBe(before);
    await succeed(['verify-checksums', '--candidate', 'live', '--project', project]);
  }, 3_600_000);
});
