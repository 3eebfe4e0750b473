/** The script for zsh. What comes from the disk is offered only where it is a name that Sealift gives. */

import {
  commandsBelow,
  kindOf,
  lastWord,
  quoted,
  valuedOptions,
  type Completion,
} from './commandTree.ts';

/** To be sourced after compinit. */
export function zshScript(tree: readonly Completion[]): string {
  return [
    '#compdef sealift',
    '# Completion of sealift for zsh, made by: sealift completion zsh\n',
    '# What comes after a command: below, flags, argument. Fails where it is none.',
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
  const below = commandsBelow(tree, path).map((other) =>
    described(lastWord(other), other.description),
  );
  return [
    `    ${quoted(path)})`,
    `      below=(${below.join(' ')})`,
    `      flags=(${options.map((one) => described(one.name, one.description)).join(' ')})`,
    `      argument=${quoted(argument === null ? '' : kindOf(argument))}`,
    '      ;;',
  ].join('\n');
}

/** As `_describe` takes it. */
function described(name: string, description: string): string {
  return quoted(`${name}:${description}`);
}

const MAIN = String.raw`# Offers those of the names that fit the pattern.
_sealift_names() {
  local pattern=$1 name
  local -a fit
  shift
  for name in "$@"; do
    [[ $name =~ $pattern ]] && fit+=("$name")
  done
  (( $#fit )) && compadd -- "${'$'}{fit[@]}"
}

_sealift_values() {
  case "$1" in
    module) _sealift_names '^[a-z][a-z0-9_-]{0,62}$' "$project"/mapping/modules/*.json(N:t:r) ;;
    seal) _sealift_names '^[0-9a-f]{64}$' "$project"/storage_candidate/sealed/*(N:t:r) ;;
    candidate)
      compadd -- v1 live
      _sealift_values seal
      _files -/
      ;;
    folder) _files -/ ;;
    other) _files ;;
    word*) compadd -- ${'$'}{=1#word } ;;
  esac
}

_sealift() {
  local current=${'$'}{words[CURRENT]} project=. before='' last='' value='' argument word i
  local -a below flags
  _sealift_command ''
  for ((i = 2; i < CURRENT; i++)); do
    word=${'$'}{words[i]}
    if [[ -n $value ]]; then
      [[ $word == '~/'* ]] && word=$HOME/${'$'}{word#'~/'}
      [[ $last == --project ]] && project=$word
      value=''
    elif [[ $word == --project=* ]]; then
      project=${'$'}{word#*=}
    elif [[ $word == -* ]]; then
      last=$word
      _sealift_option "$word"
    elif _sealift_command "${'$'}{before:+$before }$word"; then
      before=${'$'}{before:+$before }$word
    fi
  done
  if [[ -z $value && $current == --*=* ]]; then
    _sealift_option "${'$'}{current%%=*}"
    compset -P '*='
  fi
  if [[ -n $value ]]; then
    _sealift_values "$value"
  elif [[ $current == -* ]]; then
    _describe option flags
  else
    (( $#below )) && _describe command below
    _sealift_values "$argument"
  fi
}

if [[ ${'$'}{funcstack[1]} == _sealift ]]; then
  _sealift "$@"
else
  compdef _sealift sealift
fi
`;
