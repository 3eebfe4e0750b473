/** Breaks the command it is loaded into: nothing is synced, neither files nor folders. */

import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

fs.fsyncSync = () => {};
const file = await open(process.execPath);
const handle = Object.getPrototypeOf(file) as { sync: () => Promise<void> };
await file.close();
handle.sync = async () => {};
syncBuiltinESMExports();
