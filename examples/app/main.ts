/** Starts the application with the settings of the environment. */

import { startApp } from './server.ts';
import { settingsOf } from './settings.ts';

const { url } = await startApp(settingsOf(process.env));
process.stdout.write(`listening at ${url}\n`);
