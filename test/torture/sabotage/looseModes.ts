/** Breaks the command it is loaded into: it leaves the mask as it is, and asks for no modes. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

process.umask = () => 0;
const { openSync } = fs;
const { open } = fs.promises;
fs.openSync = (path, flags) => openSync(path, flags);
fs.promises.open = (path, flags) => open(path, flags);
syncBuiltinESMExports();
