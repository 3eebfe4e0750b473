/**
 * The picture of a rollout as a page of its own, for a rollout that is not a run, such as a simulated one: one
 * self-contained file that needs neither network nor script. Equal stories give equal pages.
 */

import { isoTime } from '../../outcome/age.ts';
import type { StoryRollout } from '../../outcome/rolloutStory.ts';
import { CUTOVER_STYLE } from './cutoverStyle.ts';
import { html as open } from './markup.ts';
import { pageHead } from './pageHead.ts';
import { rolloutPart } from './rolloutPart.ts';
import { ROLLOUT_STYLE } from './rolloutStyle.ts';
import { STYLE } from './style.ts';
import { dayAndTime } from './utcTimes.ts';

const head = pageHead({ style: `${STYLE}${CUTOVER_STYLE}${ROLLOUT_STYLE}`, script: null });

/** Returns the page in UTF-8; `about` says what was rolled out, and how. */
export function rolloutPage(title: string, about: string, story: StoryRollout): Uint8Array {
  const { to } = story;
  const at = isoTime(to / 1000);
  const page = open`${head({ title, of: 'a rollout', at, shownAt: dayAndTime(to) })}<h1>${title}</h1>
<p class="about">${about}</p>
${rolloutPart(story)}</main></body></html>
`;
  return Buffer.from(page.markup);
}
