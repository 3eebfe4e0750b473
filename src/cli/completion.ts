/** sealift completion: prints a shell script, generated from the commands. */

import { Argument, Command } from 'commander';

import type { Completion } from './completion/commandTree.ts';
import type { Host } from './host.ts';

/** Creates the command. `program` must have all other commands when it runs. */
export function completionCommand(program: Command, { output }: Host): Command {
  return new Command('completion')
    .description('print a script that completes commands, options, modules and seal ids')
    .summary('print a completion script for bash, zsh or fish')
    .addArgument(
      new Argument('<shell>', 'the shell to print it for').choices(['bash', 'zsh', 'fish']),
    )
    .addHelpText('before', EXAMPLES)
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionOf } = await import('./completion/commandTree.ts');
      output.text((await scriptOf(shell))(completionOf(program)));
    });
}

async function scriptOf(shell: 'bash' | 'zsh' | 'fish'): Promise<(tree: Completion[]) => string> {
  if (shell === 'bash') return (await import('./completion/bash.ts')).bashScript;
  if (shell === 'zsh') return (await import('./completion/zsh.ts')).zshScript;
  return (await import('./completion/fish.ts')).fishScript;
}

const EXAMPLES = `Examples:
  source <(sealift completion bash)        # or put this line into ~/.bashrc
  source <(sealift completion zsh)         # or into ~/.zshrc, after compinit
  sealift completion fish > ~/.config/fish/completions/sealift.fish
`;
