/**
 * `link.check`: links of a page have a target. Files and anchors are searched for, and addresses requested where
 * an input names their host; all other links are counted, as it is not known what they point to.
 */

import { dirname, extname, join } from 'node:path';

import { systemCode } from '../../disk/errors.ts';
import { statOf } from '../../disk/noLinks.ts';
import { counted } from '../../outcome/counted.ts';
import { Failure } from '../../outcome/failure.ts';
import { quoteName } from '../../outcome/quoteName.ts';
import { FILE, URL as ADDRESS } from '../schema/runbookParts.ts';
import { addressOf, parseAddress } from '../world/httpAddress.ts';
import { wayOf } from './application/adapter.ts';
import { listed } from './http/expectedAnswer.ts';
import { linkedIn, type Linked, type LinkedForm } from './http/links.ts';
import { getOf, tryRequest } from './http/requests.ts';
import { requiredText, textOf } from './stepMembers.ts';
import type { StepResult, StepType, StepWork } from './stepType.ts';

export const linkCheck: StepType = {
  text: 'Links of a page have a target.',
  members: { file: FILE, url: ADDRESS },
  kind: 'check',
  place: 'files',
  plan: (members) => `search for the targets of ${textOf(members, 'file') ?? 'a page'}`,
  apply: checkLinks,
};

const MOST_BYTES = 4 * 1024 * 1024;
/** More links would take longer than a page can need. */
const MOST_LINKS = 2000;

/** Whether a link has a target; null if that is not known. */
type Search = (link: string) => boolean | null | Promise<boolean | null>;

interface Page extends Linked {
  readonly search: Search;
}

async function checkLinks(work: StepWork): Promise<StepResult> {
  const isFile = wayOf(work.members, ['file', 'url']) === 'file';
  const page = isFile ? filePage(work) : await requestedPage(work);
  if ('says' in page) return page;
  const { links, search } = page;
  if (links.length > MOST_LINKS) {
    const what = `the page has ${counted(links.length, 'link')}, more than ${MOST_LINKS}`;
    throw new Failure('USAGE', { what, hint: 'check parts of it' });
  }
  const broken: string[] = [];
  let unknown = 0;
  for (const link of links) {
    const found = await search(link);
    if (found === null) unknown += 1;
    if (found === false) broken.push(quoteName(link.replace(/\?[^#]*/, '')));
  }
  return resultOf(links.length - unknown, broken, unknown);
}

function resultOf(count: number, broken: readonly string[], unknown: number): StepResult {
  const rest = unknown === 0 ? '' : `; ${counted(unknown, 'link')} to other places not looked up`;
  const results = { failed: broken.length, count };
  if (count === 0) {
    const says = unknown === 0 ? 'the page has no link' : `no link could be judged${rest}`;
    return { verdict: 'INCONCLUSIVE', says, results };
  }
  if (broken.length === 0) {
    const says = `${counted(count, 'link')} ${have(count)} a target${rest}`;
    return { verdict: 'PASS', says, results };
  }
  const of = `${broken.length} of ${counted(count, 'link')}`;
  const says = `${of} ${have(broken.length)} no target: ${listed(broken)}${rest}`;
  return { verdict: 'FAIL', says, results };
}

function have(number: number): string {
  return number === 1 ? 'has' : 'have';
}

function formOf(file: string): LinkedForm | null {
  if (/^\.html?$/i.test(extname(file))) return 'html';
  return /^\.(?:md|markdown)$/i.test(extname(file)) ? 'markdown' : null;
}

function filePage(work: StepWork): Page {
  const file = requiredText(work.members, 'file');
  const linked = fileLinks(work, file);
  if (linked === null) {
    const what = 'there is no file of at most 4 MiB with HTML (*.html) or Markdown (*.md)';
    throw new Failure('USAGE', { what, where: file, hint: 'check the path' });
  }
  const search: Search = (link) => {
    if (isAddress(link)) return requestTarget(work, link);
    const [path, anchor] = split(link);
    if (path === '') return hasAnchor(linked, anchor);
    // Where the root of a site is, the page does not say.
    return path.startsWith('/') ? null : fileTarget(work, join(dirname(file), path), anchor);
  };
  return { ...linked, search };
}

function fileLinks({ world }: StepWork, file: string): Linked | null {
  const form = formOf(file);
  const bytes = form === null ? null : world.files.read(file, MOST_BYTES);
  return form === null || bytes === null ? null : linkedIn(bytes.toString('utf8'), form);
}

/** Whether a link has a scheme or a host, and so is no path. */
function isAddress(link: string): boolean {
  return /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(link);
}

/** Path and anchor of a link, decoded; what is not encoded as it should be stays. */
function split(link: string): [path: string, anchor: string] {
  const at = link.indexOf('#');
  const path = (at < 0 ? link : link.slice(0, at)).replace(/\?.*$/s, '');
  return [decodedPart(path), at < 0 ? '' : decodedPart(link.slice(at + 1))];
}

function decodedPart(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function hasAnchor({ anchors }: Linked, anchor: string): boolean {
  return anchor === '' || anchor === 'top' || anchors.has(anchor);
}

/** Searches for a file, and for an anchor in it. Null: it is outside of the folder of the runbook. */
function fileTarget(work: StepWork, path: string, anchor: string): boolean | null {
  if (path.startsWith('..') || path.includes('\0')) return null;
  try {
    if (statOf(work.world.files.place(path)) === undefined) return false;
  } catch (error) {
    if (error instanceof Failure) return null;
    // A name that is too long, or below a file: no file can have it.
    if (systemCode(error) !== null) return false;
    throw error;
  }
  const linked = anchor === '' ? null : fileLinks(work, path);
  return linked === null || hasAnchor(linked, anchor);
}

async function requestedPage(work: StepWork): Promise<Page | StepResult> {
  const request = getOf(work, requiredText(work.members, 'url'));
  const answer = await tryRequest(work, request);
  if ('unanswered' in answer) return { verdict: 'FAIL', says: answer.unanswered };
  const { status, headers, body } = answer;
  if (status !== 200) return { verdict: 'FAIL', says: `the page has status ${status}` };
  const type = headers.get('content-type')?.[0] ?? '';
  const form = /^text\/markdown\b/i.test(type) ? 'markdown' : 'html';
  const linked = linkedIn(body.toString('utf8'), form);
  const base = addressOf(request, work.world.input);
  const search: Search = (link) => {
    if (link.startsWith('#') || link === '') return hasAnchor(linked, split(link)[1]);
    const address = URL.parse(link, base.href);
    return address === null ? false : requestTarget(work, address.href);
  };
  return { ...linked, search };
}

/** Statuses of pages that are there, and that want something else of a visitor. */
const GUARDED: ReadonlySet<number> = new Set([401, 403, 405, 429]);

/** Requests an address. Null: no input names its host, or it is not one of http. */
async function requestTarget(work: StepWork, link: string): Promise<boolean | null> {
  if (!/^https?:/i.test(link)) return null;
  const address = parseAddress(link);
  if (address === null) return false;
  const request = getOf(work, address.href);
  try {
    const head = await tryRequest(work, { ...request, method: 'HEAD' });
    const isKnown = 'status' in head && head.status !== 405 && head.status !== 501;
    const answer = isKnown ? head : await tryRequest(work, request);
    return 'status' in answer && (answer.status < 400 || GUARDED.has(answer.status));
  } catch (error) {
    work.signal.throwIfAborted();
    // The address is well-formed, so that only its host can be refused.
    if (error instanceof Failure && error.code === 'USAGE') return null;
    throw error;
  }
}
