/** Where sources are, as mappings and command lines write it: `sqlite:FILE`. */

import { resolve } from 'node:path';

import { DEFAULT_SOURCE } from '../mapping/model.ts';
import { didYouMean } from '../outcome/nearest.ts';
import { Failure } from '../outcome/failure.ts';
import type { Adapters } from '../source/source.ts';

export interface SourceUrl {
  readonly scheme: string;
  /** With an absolute path. */
  readonly location: string;
}

/** Splits `sqlite:FILE`; the file is relative to `base`. @throws Failure USAGE */
export function parseSourceUrl(url: string, base: string, adapters: Adapters): SourceUrl {
  const match = /^([a-z][a-z0-9+.-]*):(.+)$/s.exec(url);
  const known = [...adapters.keys()].map((scheme) => `${scheme}:FILE`).join(', ');
  if (match === null) {
    throw new Failure('USAGE', {
      what: 'a source is written SCHEME:FILE',
      where: `--source ${JSON.stringify(url)}`,
      hint: `use one of ${known}`,
    });
  }
  const [, scheme = '', path = ''] = match;
  if (!adapters.has(scheme)) {
    throw new Failure('USAGE', {
      what: `there is no source of kind ${JSON.stringify(scheme)}`,
      where: `--source ${JSON.stringify(url)}`,
      hint: didYouMean(scheme, adapters.keys(), `use one of ${known}`),
    });
  }
  return { scheme, location: resolve(base, path) };
}

/** `[NAME=]URL` of --source → name and URL. */
export function parseSourceOption(option: string): { name: string; url: string } {
  const match = /^([a-z][a-z0-9_-]{0,62})=(.+)$/s.exec(option);
  if (match === null) return { name: DEFAULT_SOURCE, url: option };
  return { name: match[1] ?? DEFAULT_SOURCE, url: match[2] ?? '' };
}
