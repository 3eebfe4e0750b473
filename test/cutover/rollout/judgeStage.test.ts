/** What a look says of figures that a rollout has: the split, and kinds of errors. */

import { describe, expect, it } from 'vitest';

import { parseRunbook } from '../../../src/cutover/readRunbook.ts';
import { SPLIT, type Figure } from '../../../src/cutover/rollout/figures.ts';
import type { Judged } from '../../../src/cutover/rollout/judged.ts';
import { openStageJudge } from '../../../src/cutover/rollout/judgeStage.ts';
import { judgePlanOf, metricsOf } from '../../../src/cutover/rollout/stageOfStep.ts';
import { figureOfRows } from '../../../src/cutover/rollout/figureOfRows.ts';
import { usersOfRows } from '../../../src/cutover/rollout/usersOfRows.ts';
import type { SqlValue } from '../../../src/cutover/world/world.ts';
import { GRADUAL } from '../runbooks.ts';

const { runbook } = parseRunbook(GRADUAL, 'gradual.yaml');

function stageOf(name: string): (typeof runbook.stages)[number] {
  const stage = runbook.stages.find((one) => one.name === name);
  if (stage === undefined) throw new Error(`no stage ${name}`);
  return stage;
}

/** Judges the one figure of a look. */
function judged(
  stage: string,
  metric: string,
  figure: Figure,
  before: Figure | null = null,
): Judged | undefined {
  const known = new Map(before === null ? [] : [[metric, before] as const]);
  const judge = openStageJudge(judgePlanOf(runbook, stageOf(stage), known));
  return judge.add(new Map([[metric, figure]])).find((one) => one.metric === metric);
}

describe('the split', () => {
  it.each([
    ['10', 500, 5000, 'hold'],
    ['10', 2000, 20_000, 'pass'],
    ['10', 650, 5000, 'fail'],
    ['10', 39, 390, 'hold'],
    ['50', 2500, 5000, 'pass'],
    ['100', 20_000, 20_000, 'pass'],
    // Who came while the percentage was being set, and not again.
    ['100', 19_990, 20_000, 'pass'],
    ['100', 19_000, 20_000, 'fail'],
  ] as const)('at %s %% with %d of %d users is judged: %4$s', (stage, part, of, band) => {
    expect(judged(stage, SPLIT, { fresh: { part, of } })?.band).toBe(band);
  });
});

describe('kinds of errors', () => {
  const figure = { kinds: { timeout: 200 }, of: 20_000 };

  it.each(['50', '100', 'v1'])('are known at %s if the stage before had them', (stage) => {
    expect(judged(stage, 'errors', figure, figure)?.band).toBe('pass');
  });

  it.each(['50', '100', 'v1'])('roll back at %s if it had not (negative control)', (stage) => {
    expect(judged(stage, 'errors', figure, { kinds: {}, of: 2000 })?.band).toBe('rollback');
  });

  it.each(['10', '50', 'v1'])('are not known at %s without any to compare with', (stage) => {
    expect(judged(stage, 'errors', figure)?.band).toBe('unknown');
  });
});

describe('figures of a query', () => {
  const versions = { old: 'v1', new: 'v2' };
  const read = (id: string, columns: string, rows: readonly (readonly SqlValue[])[]): Figure => {
    const metric = runbook.metrics.find((one) => one.id === id);
    if (metric === undefined) throw new Error(`no metric ${id}`);
    return figureOfRows({ columns: columns.split(' '), rows }, metric, versions);
  };

  it('do not know a kind of which there was none, as of a list of all kinds', () => {
    const figure = read('errors', 'version kind n', [
      ['v1', '', 180_000n],
      ['v1', 'timeout', 0n],
      ['v2', '', 20_000n],
      ['v2', 'timeout', 2000n],
      ['v2', 'none', 0n],
    ]);
    expect(judged('10', 'errors', figure)).toMatchObject({ band: 'rollback', seen: 10 });
    expect(Object.keys('kinds' in figure ? figure.kinds : {})).toHaveLength(1);
  });

  it.each<[string, string, readonly (readonly SqlValue[])[], RegExp]>([
    ['success', 'part of', [[1n, 2n ** 53n]], /not both counts/],
    ['success', 'part of', [[1n, 9_000_000_000_000_000n]], /not both counts/],
    ['success', 'version version part of', [['v2', 'v1', 1n, 1n]], /2 columns "version"/],
    [
      'errors',
      'kind n',
      [
        [null, 10n],
        ['', 20_000n],
      ],
      /2 rows .* how many there were in all/,
    ],
    [
      'errors',
      'version kind n',
      [
        ['v2', '', 9n],
        ['v1', 'e', -1n],
      ],
      /"n" is not a count/,
    ],
  ])('of %s with %s are not known (%#)', (id, columns, rows, says) => {
    const figure = read(id, columns, rows);
    expect('unknown' in figure ? figure.unknown : figure).toMatch(says);
  });

  it('of users are not known where there are more than people', () => {
    const rows = [
      ['v1', 2n ** 53n - 1n],
      ['v2', 2n ** 53n - 1n],
    ] as const;
    expect(usersOfRows({ columns: ['version', 'n'], rows }, versions)).toHaveProperty('unknown');
  });
});

describe('figures that have become fewer', () => {
  it.each<[string, string, Figure, Figure]>([
    ['success', '10', { fresh: { part: 970, of: 1000 } }, { fresh: { part: 960, of: 970 } }],
    ['success', '10', { fresh: { part: 900, of: 1000 } }, { fresh: { part: 3000, of: 3000 } }],
    ['success', '50', { fresh: { part: 900, of: 1000 } }, { fresh: { part: 3000, of: 3000 } }],
    [
      'p99',
      '50',
      { bounds: [1, 2], fresh: [1000, 500, 0] },
      { bounds: [1, 2], fresh: [1000, 0, 0] },
    ],
    ['errors', '50', { kinds: { a: 100 }, of: 2000 }, { kinds: {}, of: 1000 }],
  ])('of %s at %s %% are not known', (metric, stage, first, then) => {
    const before = new Map([[metric, first]]);
    const judge = openStageJudge(judgePlanOf(runbook, stageOf(stage), before));
    const bandsOf = (figure: Figure): readonly string[] =>
      judge
        .add(new Map([[metric, figure]]))
        .filter((one) => one.metric === metric && one.against !== 'v1')
        .map(({ band }) => band);
    expect(bandsOf(first)).not.toContain('unknown');
    expect(new Set(bandsOf(then))).toEqual(new Set(['unknown']));
    expect(bandsOf(first)).not.toContain('unknown');
  });
});

describe('the metrics of a stage', () => {
  it('have those that roll back, also where they tell when a way back is complete', () => {
    const names = metricsOf(runbook, stageOf('10')).map(({ id }) => id);
    expect(names).toEqual(['success', 'stuck', 'p99', 'errors']);
    const only = parseRunbook(
      GRADUAL.replace('rollback: ">10", grace: 2h, sees: 15', 'sees: 15'),
      'a',
    );
    const stage = only.runbook.stages[0];
    if (stage === undefined) throw new Error('no stage');
    expect(metricsOf(only.runbook, stage).map(({ id }) => id)).not.toContain('stuck');
  });
});
