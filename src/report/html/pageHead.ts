/**
 * The head of every page, with its policy (CSP Level 3): nothing is loaded, and only the elements that are in the
 * page itself may style it or run in it, by their hashes. Pure.
 */

import { createHash } from 'node:crypto';

// Renamed, as formatters close elements in templates called html, and indent the hashed texts.
import { html as open, type Markup } from './markup.ts';

/** What a page has of its own: its style, and its script; null for none. */
export interface PageSheets {
  readonly style: string;
  readonly script: string | null;
}

export interface PageTitle {
  readonly title: string;
  /** What the report is of, as its first line says. */
  readonly of: string;
  /** Its time, ISO 8601, UTC, and as people read it. */
  readonly at: string;
  readonly shownAt: string;
}

/** Returns how the pages of a kind begin, up to the beginning of `main`. */
export function pageHead({ style, script }: PageSheets): (page: PageTitle) => Markup {
  const policy = [
    "default-src 'none'",
    `style-src ${inlineHash(style)}`,
    ...(script === null ? [] : [`script-src ${inlineHash(script)}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return ({ title, of, at, shownAt }) => open`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${{ markup: policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title} · Sealift report</title>
<style>${{ markup: style }}</style></head><body>
<a class="skip" href="#main">Skip to the verdict</a>
<header class="top"><span><strong>Sealift</strong> report of ${of}</span>
<time datetime="${at}">${shownAt}</time></header>
<main id="main" tabindex="-1">
`;
}

/** Returns the hash of an inline element, as written in CSP Level 3. */
function inlineHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
