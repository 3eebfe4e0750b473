/** A rollout as lines of a terminal: each stage, the metrics of the current one, and what is missing. Pure. */

import { printable } from '../outcome/printable.ts';
import type { RolloutStage, StoryRollout } from '../outcome/rolloutStory.ts';
import { currentStage, lanesAt, missingFor } from './rolloutStanding.ts';
import {
  BAND_WORDS,
  laneName,
  limitsText,
  lookText,
  soakText,
  soakTime,
  stageName,
} from './rolloutWords.ts';

/** Returns the lines; no name can move the cursor or break one. */
export function rolloutLines(story: StoryRollout): readonly string[] {
  const current = currentStage(story);
  const stages = columns(
    story.stages.map((stage) => [stageName(stage), stage.ended, stageText(stage)]),
  );
  const next = story.stages[current + 1];
  const goal = next === undefined ? 'the end' : stageName(next);
  const missing = missingFor(story).map((one) => `missing for ${goal}: ${one}`);
  return [
    ...stages.slice(0, current + 1),
    ...metricLines(story, current),
    ...stages.slice(current + 1),
    ...missing,
  ].map(printable);
}

function stageText(stage: RolloutStage): string {
  return stage.ended === 'not reached' ? `${soakTime(stage.soak)} to soak` : soakText(stage);
}

/** Aligns all columns but the last. */
function columns(rows: readonly (readonly [string, string, string])[]): readonly string[] {
  const [first, second] = [0, 1].map((at) =>
    Math.max(0, ...rows.map((row) => row[at]?.length ?? 0)),
  );
  return rows.map(([one, two, three]) =>
    `${one.padEnd(first ?? 0)}  ${two.padEnd(second ?? 0)}  ${three}`.trimEnd(),
  );
}

function metricLines(story: StoryRollout, stage: number): readonly string[] {
  const rows = lanesAt(story, stage).map(({ lane, inStage }): [string, string, string] => {
    const { last, limits } = inStage;
    const judged = limitsText(lane, limits);
    const text = `${lookText(lane, inStage, last)}${judged === '' ? '' : `; ${judged}`}`;
    return [laneName(lane, inStage), BAND_WORDS[last.band], text];
  });
  return columns(rows).map((line) => `  ${line}`);
}
