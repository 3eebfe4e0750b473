/** The command: the same seed prints the same, and what a runbook lacks is said with what to add. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { sealift, type Ran } from '../../../kit/run.ts';
import { workFolder } from '../../../kit/project.ts';
import { GRADUAL, WIEN } from '../../runbooks.ts';

const work = workFolder('rollout-simulate');

async function simulate(text: string, ...args: readonly string[]): Promise<Ran> {
  writeFileSync(join(work, 'gradual.yaml'), text);
  return sealift(['rollout', 'simulate', 'gradual.yaml', ...args], { cwd: work });
}

describe('sealift rollout simulate', () => {
  it('prints a line for each scenario, one rollout, and what each gate needs', async () => {
    const { stdout, code } = await simulate(GRADUAL, '--rollouts', '3');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    for (const name of ['healthy', 'success', 'stuck', 'p99', 'p99-tail', 'errors', 'split']) {
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${name} +[0-9.]+ %`)));
      expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^${name}: `)));
    }
    expect(lines).toContainEqual(expect.stringMatching(/^\+0s +10 % +/));
    expect(lines).toContainEqual(expect.stringMatching(/^10 % +success +2,000 in 1d +1,8\d\d \(/));
  });

  it('repeats the rollouts of a seed, and has others with another one', async () => {
    const [one, same, other] = [
      await simulate(GRADUAL, '--rollouts', '5', '--seed', '7', '--json'),
      await simulate(GRADUAL, '--rollouts', '5', '--seed', '7', '--json'),
      await simulate(GRADUAL, '--rollouts', '5', '--seed', '8', '--json'),
    ].map(
      ({ stdout }) => (JSON.parse(stdout) as { facts: { simulated: unknown } }).facts.simulated,
    );
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });

  it('has faults from a stage on', async () => {
    const { stdout } = await simulate(GRADUAL, '--rollouts', '3', '--faults-at', '50');
    expect(stdout).toMatch(/^stuck +0 % +100 % .*stuck at 50 % \(100 %\)$/m);
  });

  it.each([
    [GRADUAL.replace('traffic: 20000', ''), /users there are .*add "traffic" to the rollout/],
    [GRADUAL.replace('usual: 97', ''), /what success usually is .*add "usual" to the metric/],
    [GRADUAL.replaceAll(/,? *sees: \d+/g, ''), /nothing says what .*add "sees" to a metric/],
    [WIEN, /no rollout, so there is nothing to simulate .*write its stages under "rollout"/],
  ])('says what is missing', async (text, message) => {
    const { stderr, code } = await simulate(text);
    expect(code).toBe(64);
    expect(stderr).toMatch(message);
  });

  it('says which stages there are, where faults are wanted from none of them on', async () => {
    const { stderr, code } = await simulate(GRADUAL, '--faults-at', '20');
    expect(code).toBe(64);
    expect(stderr).toContain('give one of 10, 50, 100 with --faults-at');
  });
});
