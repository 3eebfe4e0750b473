/**
 * report.html: one self-contained file, without network or server. It begins with the verdict and
 * what to do, and works without its script. Pure: equal outcomes give equal pages. Its policy (CSP)
 * allows its own script, by hash, and no requests.
 */

import { failureLine } from '../../outcome/failure.ts';
import type { Outcome } from '../../outcome/outcome.ts';
import type { Timing } from '../timing.ts';
import { comparedPart } from './comparedPart.ts';
import { cutoverPage } from './cutoverPage.ts';
import { findingsPart } from './findingsPart.ts';
import { groupFindings } from './groups.ts';
// Renamed, as formatters close elements in templates called html, and indent the hashed texts.
import { html as open, type Markup } from './markup.ts';
import {
  accountingPart,
  idsPart,
  nextPart,
  notesPart,
  stepsPart,
  tilesPart,
  timelinePart,
  verdictPart,
} from './parts.ts';
import { pageHead } from './pageHead.ts';
import { personalDataPart } from './personalDataPart.ts';
import { placesPart } from './placesPart.ts';
import { readingPart } from './readingPart.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** Yields the page in chunks of UTF-8; reads the findings at most twice, and holds 100,000. */
export function* htmlReport(outcome: Outcome, timing: Timing): Generator<Uint8Array> {
  const { story, failure } = outcome;
  if (story !== undefined) {
    yield* cutoverPage(story, failure === undefined ? null : failureLine(failure));
    return;
  }
  const groups = groupFindings(outcome.findings);
  yield chunk(headPart(outcome, timing));
  yield chunk(verdictPart(outcome));
  yield chunk(tilesPart(outcome, timing));
  yield chunk(comparedPart(outcome));
  yield chunk(placesPart(outcome));
  yield chunk(nextPart(outcome, groups));
  yield chunk(idsPart(outcome));
  yield chunk(accountingPart(outcome, groups));
  yield chunk(stepsPart(outcome));
  yield chunk(personalDataPart(outcome, timing));
  for (const part of findingsPart(groups, outcome.counts)) yield chunk(part);
  yield chunk(notesPart(outcome));
  yield chunk(readingPart(outcome));
  yield chunk(timelinePart(timing));
  yield chunk(footPart());
}

function chunk({ markup }: Markup): Uint8Array {
  return Buffer.from(markup);
}

const head = pageHead({ style: STYLE, script: SCRIPT });

function headPart({ command, status }: Outcome, { startedAt }: Timing): Markup {
  const shownAt = `${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
  return head({ title: `${command}: ${status}`, of: command, at: startedAt, shownAt });
}

function footPart(): Markup {
  return open`</main>
<footer><p>This page contains no values of records. summary.json and findings.ndjson beside it hold
the same data for programs.</p></footer>
<script>${{ markup: SCRIPT }}</script></body></html>
`;
}
