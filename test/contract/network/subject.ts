/** The made-up network source as the suite of the contract sees it. */

import type { Subject } from '../subjects.ts';
import { networkAdapter } from './adapter.ts';
import { startServer, type Server } from './server.ts';

const PASSWORD = 's3cret';
const running: Server[] = [];

export const NETWORK: Subject = {
  name: 'network',
  adapter: networkAdapter,
  elsewhere: {
    file: new URL('./adapter.ts', import.meta.url).href,
    adapter: 'm.networkAdapter',
  },
  available: async () => true,
  // As PostgreSQL.
  cannotHold: ['\u0000'],
  secret: PASSWORD,
  async write(_folder, rows) {
    const server = await startServer(PASSWORD);
    running.push(server);
    const people = { columns: ['id', 'name', 'note'], rows };
    const zoo = { columns: ['id'], rows: [] };
    server.write(new Map(Object.entries({ people, Zoo: zoo })));
    return networkAdapter.parse(`//ada:${PASSWORD}@127.0.0.1:${server.port}/school`, '/');
  },
  async end() {
    await Promise.all(running.splice(0).map((server) => server.close()));
  },
};
