/**
 * Breaks the command it is loaded into: folders are not synced. Neither are files outside of the folder of
 * candidates, the reports and the journal: their syncs come later, and would take what was done to the
 * folders along, as both file systems write one log.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const sync = fs.fsyncSync;
fs.fsyncSync = (file) => {
  const inCandidates = fs.readlinkSync(`/proc/self/fd/${file}`).includes('/storage_candidate/');
  if (inCandidates && !fs.fstatSync(file).isDirectory()) sync(file);
};
syncBuiltinESMExports();
