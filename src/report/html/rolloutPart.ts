/**
 * The picture of a rollout: where it stands, its stages over time, a lane for each metric, and the moments of
 * decision. It is a function of the story of a rollout alone. Pure.
 */

import { isoTime } from '../../outcome/age.ts';
import type { RolloutStage, StoryRollout } from '../../outcome/rolloutStory.ts';
import { currentStage, decidingLane, isFailing, standingOf } from '../rolloutStanding.ts';
import { momentText, soakText, soakTime, stageName } from '../rolloutWords.ts';
import { html, type Markup } from './markup.ts';
import { bandShapes, rolloutLane } from './rolloutLane.ts';
import { MARKS, MOMENT_LOOKS, momentLines, rolloutStairs, timeAxis } from './rolloutStairs.ts';
import { rolloutTables } from './rolloutTables.ts';
import { timeScale } from './timeScale.ts';
import { dayAndTime } from './utcTimes.ts';

/** Draws a rollout, with its heading; nothing for none. */
export function rolloutPart(story: StoryRollout | undefined): Markup {
  if (story === undefined) return html``;
  const { stages, lanes } = story;
  const { tone, title, at: since, says } = standingOf(story);
  const time = timeScale(story.from, story.to);
  const decides = decidingLane(story);
  // What decided, or fails now, is first, so that it is seen without scrolling.
  const order = [...lanes.keys()].toSorted(
    (one, other) => rankOf(story, one, decides) - rankOf(story, other, decides),
  );
  const drawn = order.map((at) => {
    const lane = lanes[at];
    return lane === undefined ? null : rolloutLane(story, lane, at, time, at === decides);
  });
  return html`<h2 id="rollout">The rollout</h2>
    <section class="card rollout" aria-labelledby="rollout">
      <p class="standing ${tone}">
        <b>${title}${since === null ? '' : ` on ${dayAndTime(since)}`}.</b> ${says}
      </p>
      <ol class="stages">
        ${stages.map(stageCard)}
      </ol>
      ${bandShapes()}
      <div class="picture">
        ${momentLines(story, time)}${rolloutStairs(story, time)}${drawn}${timeAxis(time)}
      </div>
      ${legend(story)}${momentList(story)}${rolloutTables(story)}
    </section> `;
}

function rankOf(story: StoryRollout, at: number, decides: number | null): number {
  if (at === decides) return 0;
  const stage = currentStage(story);
  const now = story.lanes[at]?.stages.find((one) => one.stage === stage);
  return now !== undefined && isFailing(now.last.band) ? 1 : 2;
}

function stageCard(stage: RolloutStage): Markup {
  const [tone, mark] = MARKS[stage.ended];
  const text = stage.ended === 'not reached' ? `${soakTime(stage.soak)} to soak` : soakText(stage);
  return html`<li class="${tone}">
    <b>${stageName(stage)}</b> <span class="badge ${tone}">${mark} ${stage.ended}</span>
    <span class="use">${text}</span>
  </li> `;
}

function legend({ stages }: StoryRollout): Markup {
  const kinds = new Set(stages.flatMap(({ stretches }) => stretches.map(({ kind }) => kind)));
  const soaks = SOAKS.filter(([kind]) => kinds.has(kind)).map(
    ([kind, words]) =>
      html`<span
        ><svg aria-hidden="true" width="24" height="12">
          ${
            kind === 'missed' || kind === 'failed'
              ? html`<line class="hatch ${kind}" x1="1" x2="23" y1="6" y2="6" />`
              : html`<rect class="soak ${kind}" x="1" y="1" width="22" height="10" />`
          }</svg
        >${words}</span
      > `,
  );
  const bands = SHAPES.map(
    ([shape, words]) =>
      html`<span
        ><svg aria-hidden="true" width="16" height="14">
          <use href="#shape-${shape}" x="8" y="7" /></svg
        >${words}</span
      > `,
  );
  return html`<p class="legend">${soaks}${bands}</p>
    <p class="about">
      The ribbon is what can be true, however often is looked; the line is the best guess. A metric
      passes when all of its ribbon is within the solid line of its limit, and rolls back when all
      of it is beyond the dashed one. The split does not pass where its ribbon is beside the dotted
      line, which is the share of its stage.
    </p> `;
}

const SOAKS = [
  ['counted', 'counts'],
  ['lost', 'counted until the soak began anew'],
  ['failed', 'a metric did not pass'],
  ['missed', 'no look in time'],
] as const;
const SHAPES = [
  ['pass', 'passes'],
  ['hold', 'not decided'],
  ['fail', 'does not pass'],
  ['rollback', 'rolls back'],
  ['unknown', 'not known'],
] as const;

/** Says each moment in a sentence; the numbers are those of the picture. */
function momentList(story: StoryRollout): Markup {
  const { moments, leftOut } = story;
  if (moments.length === 0) return html``;
  const items = moments.map(
    (moment) =>
      html`<li class="${MOMENT_LOOKS[moment.kind]}">
        <time datetime="${isoTime(moment.at / 1000)}">${dayAndTime(moment.at)}</time>
        ${momentText(story, moment)}
      </li> `,
  );
  const more =
    leftOut === 0
      ? null
      : html`<p class="about">
          ${leftOut} between the first 20 and the others are in the journal.
        </p>`;
  return html`<h3 id="moments">Moments of decision</h3>
    <ol class="decisions" aria-labelledby="moments">
      ${items}
    </ol>
    ${more}`;
}
