/** cutover import: makes a draft of a runbook of a Markdown page with commands and boxes. Runs nothing. */

import { basename } from 'node:path';

import { importRunbook } from '../cutover/import/importRunbook.ts';
import { parseRunbook } from '../cutover/readRunbook.ts';
import { counted } from '../outcome/counted.ts';
import { Failure } from '../outcome/failure.ts';
import { actionOutcome, type Outcome } from '../outcome/outcome.ts';
import { decodeUtf8 } from '../record/jsonText.ts';
import type { Environment } from '../run/environment.ts';
import { readGiven, writeGiven } from './givenFile.ts';

export interface ImportOptions {
  /** Path of the page. */
  readonly page: string;
  /** File for the runbook; null for the name of the page with `.yaml`, in the current folder. */
  readonly write: string | null;
}

/** Writes the draft to a new file. */
export async function cutoverImport(
  { page, write }: ImportOptions,
  env: Environment,
): Promise<Outcome> {
  const text = decodeUtf8(readGiven(page, 'the page', env));
  if (text === null) {
    throw new Failure('USAGE', {
      what: 'the page is not a text in UTF-8',
      where: page,
      hint: 'save it so',
    });
  }
  const name = basename(page);
  const file = write ?? `${name.replace(/\.\w+$/, '')}.yaml`;
  const draft = importRunbook(text, name);
  const { steps } = parseRunbook(draft, file).runbook;
  await writeGiven('--write', file, Buffer.from(draft), env);
  const people = steps.filter(({ use }) => use === 'attest').length;
  return actionOutcome({
    command: 'cutover import',
    facts: { file, steps: steps.length, attested: people },
    notes: [
      `written to ${file}: ${counted(steps.length, 'step')}, ${people} of them said by a person`,
      `it is a draft: sealift cutover lint ${file}`,
    ],
  });
}
