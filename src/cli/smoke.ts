/** sealift smoke */

import { Command } from 'commander';

import type { Host } from './host.ts';
import { whoOption } from './options.ts';
import { runFlow } from './runFlow.ts';

interface Options {
  readonly project: string;
  readonly candidate?: string;
  readonly log?: string;
  readonly forbid?: readonly string[];
  readonly since?: string;
  readonly who?: string;
  readonly json?: boolean;
}

export function smokeCommand(exit: (code: number) => void, host: Host): Command {
  return new Command('smoke')
    .description('read what is live by the queries of mapping/smoke.json, and compare')
    .summary('read what is live by declared queries, and compare')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--candidate <candidate>', 'rehearse with v1, a seal id or a folder instead')
    .option('--log <file>', 'a log to search, besides those of smoke.json')
    .option('--forbid <pattern...>', 'what must not occur in that log (RE2 syntax)')
    .option('--since <time>', 'lines of logs count from here (default: when it went live)')
    .addOption(whoOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (options: Options) => {
      const { project, candidate = null, log = null, forbid = [] } = options;
      const { since = null, who = null } = options;
      const work = { project, candidate, log, forbid, since, who };
      await runFlow(
        {
          name: 'smoke',
          kind: 'check',
          report: true,
          load: () => import('../flow/smoke.ts'),
          work: ({ smoke }, env, found) => smoke(work, env, found),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift smoke
  sealift smoke --candidate v1             # a rehearsal, before it goes live
  sealift smoke --log app.log --forbid 'ERROR|FATAL' ' 5[0-9][0-9] '
`;

const QUESTIONS = `
What if it fails?
  sealift rollback, then sealift smoke again. It reads only, so run it as often
  as you like.
`;
