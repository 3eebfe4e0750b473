/** Breaks the command it is loaded into: what stands at a new name is removed before the rename. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const rename = fs.renameSync;
fs.renameSync = (from, to) => {
  if (fs.lstatSync(to, { throwIfNoEntry: false })?.isSymbolicLink() === true) fs.rmSync(to);
  rename(from, to);
};
syncBuiltinESMExports();
