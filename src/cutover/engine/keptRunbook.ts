/**
 * The runbook as a run began with it, kept beside its journal: what was edited since can neither hide the state
 * of a run nor stand in its way back.
 */

import { join } from 'node:path';

import { syncFolder, writeFileDurably } from '../../disk/durable.ts';
import { statOf } from '../../disk/noLinks.ts';
import { decodeUtf8 } from '../../record/jsonText.ts';
import { readPlainFile } from '../../seal/files.ts';
import { parseRunbook, type LoadedRunbook } from '../readRunbook.ts';
import type { RunPlaces } from './runPlaces.ts';

const FILE = 'runbook.yaml';
const MAX_BYTES = 1024 * 1024;

/** Keeps the text of a runbook; durable when it returns. */
export function keepRunbook({ folder }: RunPlaces, { text }: LoadedRunbook): void {
  const path = join(folder, FILE);
  if (statOf(path) !== undefined) return;
  writeFileDurably(path, Buffer.from(text));
  syncFolder(folder);
}

/** Returns the runbook of a run as it was kept; the given one where none was. */
export function runbookOf({ folder }: RunPlaces, given: LoadedRunbook): LoadedRunbook {
  const bytes = readPlainFile(join(folder, FILE), MAX_BYTES);
  const text = bytes === null ? null : decodeUtf8(bytes);
  return text === null ? given : parseRunbook(text, given.name);
}
