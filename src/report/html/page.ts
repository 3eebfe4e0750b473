/**
 * report.html: one file that needs nothing else, no network and no server. Verdict first, then what
 * to do; everything of weight is there without its script. Pure: the same outcome gives the same
 * page. Its policy (CSP) lets the browser run the one script of ours, known by its hash, and load
 * nothing at all.
 */

import { createHash } from 'node:crypto';

import type { Outcome } from '../../outcome/outcome.ts';
import type { Timing } from '../timing.ts';
import { findingsPart } from './findingsPart.ts';
import { groupFindings } from './groups.ts';
// Under another name: formatters close elements in a template called html, and indent what is hashed.
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
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

/** The page in chunks of UTF-8; reads the findings once or twice, and holds 100,000 at most. */
export function* htmlReport(outcome: Outcome, timing: Timing): Generator<Uint8Array> {
  const groups = groupFindings(outcome.findings);
  yield chunk(headPart(outcome, timing));
  yield chunk(verdictPart(outcome));
  yield chunk(tilesPart(outcome, timing));
  yield chunk(nextPart(outcome, groups));
  yield chunk(idsPart(outcome));
  yield chunk(accountingPart(outcome, groups));
  yield chunk(stepsPart(outcome));
  for (const part of findingsPart(groups, outcome.counts)) yield chunk(part);
  yield chunk(notesPart(outcome));
  yield chunk(timelinePart(timing));
  yield chunk(footPart());
}

function chunk({ markup }: Markup): Uint8Array {
  return Buffer.from(markup);
}

/** As CSP Level 3 writes the hash of an inline element. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

function headPart({ command, status }: Outcome, { startedAt }: Timing): Markup {
  return open`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: POLICY }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${command}: ${status} · Sealift report</title>
<style>${{ markup: STYLE }}</style></head><body>
<a class="skip" href="#main">Skip to the verdict</a>
<header class="top"><span><strong>Sealift</strong> report of ${command}</span>
<time datetime="${startedAt}">${startedAt.slice(0, 16).replace('T', ' ')} UTC</time></header>
<main id="main" tabindex="-1">
`;
}

function footPart(): Markup {
  return open`</main>
<footer><p>No value of a record is on this page. summary.json and findings.ndjson beside it say the
same to programs.</p></footer>
<script>${{ markup: SCRIPT }}</script></body></html>
`;
}
