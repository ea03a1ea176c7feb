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
    'schedule:schedule the switch or reboot that makes the deploy live (the default command)'
    'explain:show what schedule would do now and why; change nothing'
    'status:show what happened, what happens now and what happens next'
    'wait:wait until a finalization ends; the exit code is its outcome'
    'history:list the finalizations, the newest first'
    'log:show the journal of a finalization, across all boots'
    'cancel:cancel a finalization that has not started to act'
    'now:act now, past the delay, the window and logged-in users'
    'confirm:confirm a finalization that waits for a confirmation'
    'rollback:roll back to the system that ran before a finalization'
    'retry:bring back the target of a finalization that failed or was rolled back'
    'undo:set the profile and the boot default to the running system'
    'lock:show the slots of the fleet lock, or give a slot back'
    'fleet:show the rollout of the group, halt it, resume it, or forget a host'
    'check-config:check a configuration file and list all its errors'
    'report-bug:collect what a bug report needs, without secrets'
    'run:carry out a finalization until it ends (its systemd unit runs this)'
    'resume:continue unfinished finalizations after a boot (a systemd unit runs this)'
    'boot-complete:wait until this boot counts as good (a systemd unit runs this)'
    'deliver:deliver all waiting reports now (a systemd unit runs this)'
  )

  for ((index = 2; index < CURRENT; index++)); do
    word=$words[index]
    case $word in
      (--config|--state-dir) places+=($word ${words[index+1]}); ((index++)) ;;
      (--config=*|--state-dir=*) places+=($word) ;;
      (--delay|--revision|--rollout|--profile|--config|--state-dir|--timeout|-n|--limit|--past|--group|--holder|--why|--option-prefix|--output|--only) ((index++)) ;;
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
    (--rollout) _message 'value'; return ;;
    (--profile) _files; return ;;
    (--config) _files; return ;;
    (--state-dir) _files -/; return ;;
    (--timeout) offered=(0 60 5min 1h); compadd -- $offered; return ;;
    (-n) _message 'value'; return ;;
    (--limit) _message 'value'; return ;;
    (--past) offered=(session forge-job ci-job units shutdown-inhibitors storage alerts rollout fleet-lock); compadd -- $offered; return ;;
    (--group) _message 'value'; return ;;
    (--holder) _message 'value'; return ;;
    (--why) _message 'value'; return ;;
    (--option-prefix) _message 'value'; return ;;
    (--output) _files; return ;;
    (--only) offered=(servers commands); compadd -- $offered; return ;;
  esac

  case $command in
    (|schedule)
      options=('--dry-run:show what it would do; change nothing' '--delay:wait at least this long: seconds, or a span such as 90s, 5min' '--revision:the commit that the system was built from; reports show it' '--rollout:the rollout of the fleet that the deploy belongs to (default: its commit)' '--profile:the profile with the system to activate' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      ;;
    (explain)
      options=('--profile:the profile with the system to activate' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      ;;
    (status)
      options=('-f:update the screen until the finalization ends' '--follow:update the screen until the finalization ends' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids status
      ;;
    (wait)
      options=('--timeout:stop waiting after this time, with exit code 75' '--confirm:confirm it when it asks, if this call came over an SSH connection that began after the act' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids wait
      ;;
    (history)
      options=('-n:show at most this number of finalizations' '--limit:show at most this number of finalizations' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      ;;
    (log)
      options=('-f:keep showing new entries' '--follow:keep showing new entries' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids log
      ;;
    (cancel)
      options=('--restore-boot-default:also set the profile and the boot default back' '-y:do not ask: without --restore-boot-default the boot default stays' '--yes:do not ask: without --restore-boot-default the boot default stays' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids cancel
      ;;
    (now)
      options=('--past:also act past this gate, by its name in explain; may be repeated' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids now
      ;;
    (confirm)
      options=('--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids confirm
      ;;
    (rollback)
      options=('-y:do not ask before the rollback' '--yes:do not ask before the rollback' '--delay:wait at least this long: seconds, or a span such as 90s, 5min' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids rollback
      ;;
    (retry)
      options=('-y:do not ask before the retry' '--yes:do not ask before the retry' '--delay:wait at least this long: seconds, or a span such as 90s, 5min' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids retry
      ;;
    (undo)
      options=('--profile:the profile to set, instead of the configured one' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      ;;
    (lock)
      options=('--group:the group, instead of the configured group' '--holder:give back the slot of another host: its HOLDER in lock status' '--unowned:give the slot back only if no finalization of this host may own it' '-y:do not ask before the slot is given back' '--yes:do not ask before the slot is given back' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && compadd -- status release
      ;;
    (fleet)
      options=('--group:the group, instead of the configured group' '-f:status: update the screen until the rollout ends or is halted' '--follow:status: update the screen until the rollout ends or is halted' '--rollout:status --follow: wait for the rollout of this name' '--all:status: list every host, also of a large group' '-n:history: show at most this number, up to 100 (default: 20)' '--limit:history: show at most this number, up to 100 (default: 20)' '--why:halt: the reason, up to 300 characters, which the other hosts show' '-y:do not ask before it halts, resumes or forgets' '--yes:do not ask before it halts, resumes or forgets' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && compadd -- status history halt resume forget
      ;;
    (check-config)
      options=('--option-prefix:put this before each key in the errors, for example services.deployFinalize' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _files
      ;;
    (report-bug)
      options=('--output:write the report to this file' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids report-bug
      ;;
    (run)
      options=('--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      [[ -z $argument ]] && ! [[ -prefix -* ]] && _deploy_finalize_ids run
      ;;
    (resume)
      options=('--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      ;;
    (boot-complete)
      options=('--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
      ;;
    (deliver)
      options=('--test:test the set-up: each receiver, the fleet lock, the rollouts and the metrics file' '--revision:the commit for a test status on a forge, with --test' '--only:deliver only to servers, or only to commands' '--config:the configuration file' '--state-dir:the folder with the records' '-q:print only errors, and what the command is there to show' '--quiet:print only errors, and what the command is there to show' '-v:print each program that it runs' '--verbose:print each program that it runs' '--json:print the result as JSON' '-h:show the help' '--help:show the help')
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
