/**
 * The script for bash, 3.2 and newer. What comes from the disk is offered only where it is a name that
 * Sealift gives, and the shell expands none of it.
 */

import {
  commandsBelow,
  kindOf,
  lastWord,
  quoted,
  valuedOptions,
  type Completion,
} from './commandTree.ts';

/** To be sourced. */
export function bashScript(tree: readonly Completion[]): string {
  return [
    '# Completion of sealift for bash, made by: sealift completion bash\n',
    FUNCTIONS,
    '# What comes after a command: below, options, argument. Fails where it is none.',
    '_sealift_command() {',
    '  case "$1" in',
    ...tree.map((entry) => commandArm(tree, entry)),
    '    *) return 1 ;;',
    '  esac\n}\n',
    '# What the value of an option is: value, empty where it takes none.',
    '_sealift_option() {',
    '  case "$1" in',
    ...[...valuedOptions(tree)].map(
      ([name, value]) => `    ${name}) value=${quoted(kindOf(value))} ;;`,
    ),
    "    *) value='' ;;",
    '  esac\n}\n',
    MAIN,
  ].join('\n');
}

function commandArm(tree: readonly Completion[], { path, options, argument }: Completion): string {
  const below = commandsBelow(tree, path).map(lastWord);
  const parts = [
    `below=${quoted(below.join(' '))}`,
    `options=${quoted(options.map(({ name }) => name).join(' '))}`,
    `argument=${quoted(argument === null ? '' : kindOf(argument))}`,
  ];
  return `    ${quoted(path)}) ${parts.join(' ')} ;;`;
}

const FUNCTIONS = String.raw`# Offers the words that begin like the current one.
_sealift_offer() {
  local word
  for word in "$@"; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done
}

# Offers the names of files, up to their first dot, that fit the pattern.
_sealift_names() {
  local pattern=$1 file name
  shift
  for file in "$@"; do
    name=${'$'}{file##*/}
    name=${'$'}{name%%.*}
    [[ $name =~ $pattern ]] && _sealift_offer "$name"
  done
}

# Offers paths: -d folders, -f files.
_sealift_paths() {
  local path
  while IFS= read -r path; do
    COMPREPLY+=("$path")
  done < <(compgen "$1" -- "$current")
  compopt -o filenames 2>/dev/null
}

_sealift_values() {
  case "$1" in
    module) _sealift_names '^[a-z][a-z0-9_-]{0,62}$' "$project"/mapping/modules/*.json ;;
    seal) _sealift_names '^[0-9a-f]{64}$' "$project"/storage_candidate/sealed/* ;;
    candidate)
      _sealift_offer v1 live
      _sealift_values seal
      _sealift_paths -d
      ;;
    folder) _sealift_paths -d ;;
    other) _sealift_paths -f ;;
    word*) _sealift_offer ${'$'}{1#word } ;;
  esac
}
`;

const MAIN = String.raw`_sealift() {
  local current=${'$'}{COMP_WORDS[COMP_CWORD]} project=. command='' last='' value=''
  local below options argument word i
  COMPREPLY=()
  _sealift_command ''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    if [[ $word == = ]]; then
      continue
    elif [[ $word == : ]]; then
      # The rest of a URL: bash ends a word at a colon.
      _sealift_option "$last"
    elif [[ -n $value ]]; then
      [[ $word == '~/'* ]] && word=$HOME/${'$'}{word#'~/'}
      [[ $last == --project ]] && project=$word
      value=''
    elif [[ $word == -* ]]; then
      last=$word
      _sealift_option "$word"
    elif _sealift_command "${'$'}{command:+$command }$word"; then
      command=${'$'}{command:+$command }$word
    fi
  done
  [[ $current == : || $current == = ]] && current=''
  if [[ -n $value ]]; then
    _sealift_values "$value"
  elif [[ $current == -* ]]; then
    _sealift_offer $options
  else
    _sealift_offer $below
    _sealift_values "$argument"
  fi
}

complete -F _sealift sealift
`;
