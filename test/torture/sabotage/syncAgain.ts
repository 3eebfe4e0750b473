/** Breaks the command it is loaded into: a sync that fails is tried once more, and then believed. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const sync = fs.fsyncSync;
fs.fsyncSync = (file) => {
  try {
    sync(file);
  } catch {
    sync(file);
  }
};
syncBuiltinESMExports();
