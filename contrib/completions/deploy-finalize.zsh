#compdef deploy-finalize
# zsh completion for deploy-finalize. Made from the program by `make docs`: do not edit.

_deploy_finalize_ids() {
  local line
  local -a ids
  for line in ${(f)"$(_call_program ids $words[1] ${(q)places} complete-ids $1 2>/dev/null)"}; do
    ids+=("${line%%$'\t'*}:${line#*$'\t'}")
  done
  _describe -V 'finalization' ids
}

_deploy_finalize() {
  local command= argument= word
  local -i index
  local -a places options commands offered
  commands=(
    'schedule:decide between switch and reboot, record it and arm the timer (the default)'
    'explain:show what would happen, and why; changes nothing'
    'status:show what happened, what is going on and what comes next'
    'wait:follow a finalization to its end; the exit code is the outcome'
    'history:list what was finalized, the newest first'
    'log:show its journal, over all boots'
    'cancel:drop a finalization that has not begun to act'
    'confirm:confirm a finalization that waits for it'
    'rollback:go back to the system that ran before a finalization'
    'lock:look at the fleet lock, or give a slot back'
    'run:drive a finalization to its end (for its unit)'
    'resume:take up unfinished finalizations after a boot (for its unit)'
    'deliver:deliver the reports that are owed (for its unit), or try again now'
  )

  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    case $word in
      (--config|--state-dir) places+=($word ${words[index+1]}); ((index++)) ;;
      (--config=*|--state-dir=*) places+=($word) ;;
      (--delay|--revision|--profile|--config|--state-dir|--timeout|-n|--limit|--group|--holder) ((index++)) ;;
      (-*) ;;
      (*) if [[ -z $command ]]; then command=$word; elif [[ -z $argument ]]; then argument=$word; fi ;;
    esac
  done

  if [[ -prefix --*= ]]; then
    word=${PREFIX%%=*}
    compset -P '*='
  else
    word=${words[CURRENT-1]}
  fi
  case $word in
    (--delay) offered=(0 60 5min 1h); compadd -- $offered; return ;;
    (--revision) _message 'value'; return ;;
    (--profile) _files; return ;;
    (--config) _files; return ;;
    (--state-dir) _files -/; return ;;
    (--timeout) offered=(0 60 5min 1h); compadd -- $offered; return ;;
    (-n) _message 'value'; return ;;
    (--limit) _message 'value'; return ;;
    (--group) _message 'value'; return ;;
    (--holder) _message 'value'; return ;;
  esac

  case $command in
    (|schedule)
      options=('--json:print the result as JSON' '--dry-run:show what would happen and change nothing' '--delay:wait at least this long: seconds, or 90s, 5min' '--revision:the commit that the system was made from, for reports' '--profile:the profile whose system is to be made the running one' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      ;;
    (explain)
      options=('--json:print the result as JSON' '--profile:the profile whose system would be made the running one' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      ;;
    (status)
      options=('--json:print the result as JSON' '-f:go on showing it until it has ended' '--follow:go on showing it until it has ended' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids status
      ;;
    (wait)
      options=('--json:print the result as JSON' '--timeout:give up after this long, with exit code 75' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids wait
      ;;
    (history)
      options=('--json:print the result as JSON' '-n:how many at most' '--limit:how many at most' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      ;;
    (log)
      options=('--json:print the result as JSON' '-f:go on with new entries as they come' '--follow:go on with new entries as they come' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids log
      ;;
    (cancel)
      options=('--json:print the result as JSON' '--restore-boot-default:also set profile and boot default back' '-y:answer its question with yes: the same' '--yes:answer its question with yes: the same' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids cancel
      ;;
    (confirm)
      options=('--json:print the result as JSON' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids confirm
      ;;
    (rollback)
      options=('--json:print the result as JSON' '-y:do not ask whether to' '--yes:do not ask whether to' '--delay:wait at least this long: seconds, or 90s, 5min' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids rollback
      ;;
    (lock)
      options=('--json:print the result as JSON' '--group:the group, in place of the configured one' '--holder:release the slot of another host, as status names it' '-y:do not ask whether to' '--yes:do not ask whether to' '--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && compadd -- status release
      ;;
    (run)
      options=('--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids run
      ;;
    (resume)
      options=('--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      ;;
    (deliver)
      options=('--config:the configuration file' '--state-dir:where the records are kept' '-q:say nothing but why it fails' '--quiet:say nothing but why it fails' '-v:name every program that is run' '--verbose:name every program that is run' '-h:show the help' '--help:show the help')
      ;;
    (help)
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _describe -V 'command' commands
      ;;
  esac

  if [[ -prefix -* ]]; then
    _describe -o 'option' options
  elif [[ -z $command ]]; then
    _describe -V 'command' commands
  fi
}

_deploy_finalize "$@"
