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
import { inlineHash } from './inlineHash.ts';
import { html as open, type Markup } from './markup.ts';
import { samplesPart } from './samplesPart.ts';
import { STYLE } from './style.ts';
import { dayAndTime } from './utcTimes.ts';

const SHEET = `${STYLE}${CUTOVER_STYLE}`;

const POLICY = [
  "default-src 'none'",
  `style-src ${inlineHash(SHEET)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * Yields the page in chunks of UTF-8. `next` is what the command that writes it says comes next; null where the
 * page is of the run alone.
 */
export function* cutoverPage(story: RunStory, next: string | null = null): Generator<Uint8Array> {
  yield chunk(headPart(story));
  yield chunk(storyVerdict(story));
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
  return open`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: POLICY }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${run} ${words} · Sealift report</title>
<style>${{ markup: SHEET }}</style></head><body>
<a class="skip" href="#main">Skip to the verdict</a>
<header class="top"><span><strong>Sealift</strong> report of a cutover</span>
<time datetime="${isoTime(lastAt / 1000)}">${dayAndTime(lastAt)}</time></header>
<main id="main" tabindex="-1">
`;
}

function footPart(): Markup {
  return open`</main>
<footer><p>Everything here is from the journal of the run and its runbook. It contains no values of
records, and no secrets.</p></footer>
</body></html>
`;
}
