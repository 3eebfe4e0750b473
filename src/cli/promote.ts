/** sealift promote */

import { Command } from 'commander';

import type { Host } from './host.ts';
import {
  dryRunOption,
  memoryOption,
  sourceMap,
  sourceOption,
  targetMoveOf,
  whoOption,
  withTargetMove,
  workersOption,
  type TargetMoveOptions,
} from './options.ts';
import type { Workers } from '../run/workers.ts';
import { runFlow } from './runFlow.ts';

interface Options extends TargetMoveOptions {
  readonly schema?: string;
  readonly project: string;
  readonly expectSeal?: string;
  readonly allowWarnings?: boolean;
  readonly window?: string;
  readonly dryRun?: boolean;
  readonly source: readonly string[];
  readonly sourceGone?: boolean;
  readonly who?: string;
  readonly workers: Workers;
  readonly memory: number;
  readonly json?: boolean;
}

export function promoteCommand(exit: (code: number) => void, host: Host): Command {
  return withTargetMove(new Command('promote'))
    .option('--schema <name>', 'with --target: schema that was loaded (default: that of the seal)')
    .description('make a candidate that passed its scan the live one')
    .argument('[seal-id]', 'the candidate (8 digits or more); default: the one built last')
    .option('--project <dir>', 'folder of the project', '.')
    .option('--expect-seal <seal-id>', 'the seal id that you noted after migrate')
    .option('--allow-warnings', 'accept the WARNINGs of its scan')
    .addOption(sourceOption())
    .option('--source-gone', 'a source that cannot be reached is gone; needs a name')
    .option(
      '--window <time>',
      'refuse at other times than this, such as "Sun 02:00-06:00 Europe/Vienna"',
    )
    .addOption(dryRunOption())
    .addOption(whoOption())
    .addOption(workersOption())
    .addOption(memoryOption())
    .option('--json', 'print the summary as JSON')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', QUESTIONS)
    .action(async (candidate: string | undefined, options: Options, command: Command) => {
      const dryRun = options.dryRun === true;
      const work = {
        project: options.project,
        candidate: candidate ?? null,
        expectSeal: options.expectSeal ?? null,
        allowWarnings: options.allowWarnings === true,
        ...(options.window === undefined ? {} : { window: options.window }),
        dryRun,
        cwd: host.cwd,
        sources: sourceMap(options.source),
        sourceGone: options.sourceGone === true,
        who: options.who ?? null,
        workers: options.workers,
        memory: options.memory,
      };
      const move = targetMoveOf(options, command);
      const common = { name: 'promote', kind: 'action' } as const;
      if (move !== null) {
        const inTarget = { ...work, ...move, schema: options.schema ?? null };
        await runFlow(
          {
            ...common,
            report: true,
            ...(dryRun ? {} : { recovers: true }),
            load: () => import('../flow/promoteTarget.ts'),
            work: ({ promoteTarget }, env, found) => promoteTarget(inTarget, env, found),
          },
          options,
          exit,
          host,
        );
        return;
      }
      await runFlow(
        {
          ...common,
          report: !dryRun,
          load: () => import('../flow/promote.ts'),
          work: ({ promote }, env) => promote(work, env),
        },
        options,
        exit,
        host,
      );
    });
}

const EXAMPLES = `Examples:
  sealift promote --dry-run
  sealift promote
  sealift promote 3f1c09ab --who ada       # 8 digits or more of the seal id
  sealift promote --source sqlite:/srv/legacy.db
  sealift promote --target postgres://app@db.example.org/app --dry-run
`;

const QUESTIONS = `
How do I undo it?
  sealift rollback

What if the source has changed since the build?
  Build, scan and promote again: sealift migrate, scan-all, promote.

What if the source no longer exists?
  Declare that in mapping/project.json, or use --source-gone --who NAME.
`;
