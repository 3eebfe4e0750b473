/** Ways to break the swap of what is live in an SQLite target, each with the one test that has to notice it. */

import { killedByTest as of, type Mutant } from './mutant.ts';

const LIVE = 'test/target/sqliteLive.test.ts';
const CLIENTS = 'test/target/sqliteLiveClients.test.ts';

export const LIVE_FILES: readonly Mutant[] = [
  ...of('target/sqlite/swapFiles.ts', CLIENTS, [
    [
      'that commits while its lock is waited for is not lost',
      'what is live is compared before its writes are refused',
      "  putAside(file, left());\n  assertUnchanged('from', await fileChanges(file, seen, clock));\n",
      "  assertUnchanged('from', await fileChanges(file, seen, clock));\n  putAside(file, left());\n",
    ],
    [
      'is refused in what was given up with later rows, from that moment on',
      'what is given up goes on taking writes',
      '    putAside(file, left());\n    return;\n',
      '    return;\n',
    ],
    [
      'lets what is live be written again',
      'an interrupt leaves what is live frozen',
      '  undoBy(undo);\n',
      '  undoBy(null);\n',
    ],
    [
      'is compared once more by the swap itself, before anything is changed',
      'what goes live is not compared',
      "if (toSeen !== null) assertUnchanged('to', await fileChanges(to.name, toSeen, clock));\n",
      '',
    ],
  ]),
  ...of('target/sqlite/swapFiles.ts', LIVE, [
    [
      'makes the link, replaces it, and goes back; what is not live refuses writes',
      'what goes live again refuses writes',
      '  bringBack(to.name, left());\n',
      '',
    ],
  ]),
  ...of('target/sqlite/openSwap.ts', 'test/fault/liveFileKill.test.ts', [
    [
      'is put right where it came after the link had moved: what is live can be written',
      'what a killed command has frozen stays frozen',
      'dryRun ? readFileLink(link) : putRight(link, outside.connectMs);',
      'readFileLink(link);',
    ],
  ]),
  ...of('target/sqlite/loadedFile.ts', LIVE, [
    [
      'are seen in a table that is not of the seal',
      'rows of other tables are lost without a word',
      '!sealed.has(name) && hasRows(db, name)',
      'sealed.has(name) && hasRows(db, name)',
    ],
  ]),
];
