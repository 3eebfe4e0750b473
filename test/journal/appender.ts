/** A process that appends to the journal in FOLDER: node appender.ts FOLDER TIMES */

import { appendMembers } from '../../src/journal/journal.ts';

const [, , folder = '', times = '0'] = process.argv;
for (let number = 0; number < Number(times); number += 1) {
  const writer = { command: 'test', pid: process.pid, at: '2025-01-31T10:00:00.000Z' };
  appendMembers(folder, writer, [{ event: 'turn', pid: process.pid, number }]);
}
