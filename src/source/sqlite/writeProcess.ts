/**
 * Separate process that answers a question of writeAnswer.ts. Closing a file drops all locks of its
 * process on it (POSIX), so the header of a database that may be open is read here; and a proof that
 * writers are refused comes from a process that shares nothing with the one that froze it. Reads one
 * question from standard input, writes one answer to standard output.
 */

import { readFileSync, writeSync } from 'node:fs';

import { answerWrites, type WriteQuestion } from './writeAnswer.ts';

// Ctrl-C and the end of a terminal reach the whole group; the parent decides.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});

const question = JSON.parse(readFileSync(0, 'utf8')) as WriteQuestion;
writeSync(1, JSON.stringify(answerWrites(question)));
