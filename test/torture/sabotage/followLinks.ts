/** Breaks the command it is loaded into: it takes a link for what it leads to, and opens it. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { openSync } = fs;
fs.openSync = (path, flags, mode) => {
  const follow = typeof flags === 'number' ? flags & ~fs.constants.O_NOFOLLOW : flags;
  return openSync(path, follow, mode);
};
Object.assign(fs, { lstatSync: fs.statSync });
syncBuiltinESMExports();
