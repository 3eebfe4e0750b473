/**
 * The page of a cutover run: one self-contained file that needs neither network nor script. It is made of the
 * story of the run alone, so that equal journals give equal pages, wherever and whenever they are made. Its policy
 * (CSP) allows no script and no requests.
 */

import { isoTime } from '../../outcome/age.ts';
import type { RunStory } from '../../outcome/runStory.ts';
import { triggersPart, waysBackPart } from './cutoverBack.ts';
import { deedsPart, gatesPart } from './cutoverPeople.ts';
import { outputsPart, proofPart, reportedPart } from './cutoverProof.ts';
import { CUTOVER_STYLE } from './cutoverStyle.ts';
import { storyTimeline } from './cutoverTimeline.ts';
import { storyLook, storyNext, storyTiles, storyVerdict } from './cutoverVerdict.ts';
import { html as open, type Markup } from './markup.ts';
import { pageHead } from './pageHead.ts';
import { rolloutPart } from './rolloutPart.ts';
import { ROLLOUT_STYLE } from './rolloutStyle.ts';
import { samplesPart } from './samplesPart.ts';
import { STYLE } from './style.ts';
import { dayAndTime } from './utcTimes.ts';

const head = pageHead({ style: `${STYLE}${CUTOVER_STYLE}${ROLLOUT_STYLE}`, script: null });

/**
 * Yields the page in chunks of UTF-8. `next` is what the command that writes it says comes next; null where the
 * page is of the run alone.
 */
export function* cutoverPage(story: RunStory, next: string | null = null): Generator<Uint8Array> {
  yield chunk(headPart(story));
  yield chunk(storyVerdict(story));
  yield chunk(rolloutPart(story.rollout));
  yield chunk(storyTiles(story));
  yield chunk(storyNext(next));
  yield chunk(storyTimeline(story));
  yield chunk(waysBackPart(story));
  yield chunk(gatesPart(story));
  yield chunk(samplesPart(story));
  yield chunk(triggersPart(story));
  yield chunk(deedsPart(story));
  yield chunk(reportedPart(story));
  yield chunk(outputsPart(story));
  yield chunk(proofPart(story));
  yield chunk(footPart());
}

function chunk({ markup }: Markup): Uint8Array {
  return Buffer.from(markup);
}

function headPart(story: RunStory): Markup {
  const { run, lastAt } = story;
  const [, , words] = storyLook(story);
  const shownAt = dayAndTime(lastAt);
  return head({ title: `${run} ${words}`, of: 'a cutover', at: isoTime(lastAt / 1000), shownAt });
}

function footPart(): Markup {
  return open`</main>
<footer><p>Everything here is from the journal of the run and its runbook. It contains no values of
records, and no secrets.</p></footer>
</body></html>
`;
}
