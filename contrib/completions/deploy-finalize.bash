# bash completion for deploy-finalize. Made from the program by `make docs`: do not edit.

_deploy_finalize() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  local command= argument= options= word= index
  local -a places=()
  COMPREPLY=()

  # `--option=value` comes as three words.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi

  for ((index = 1; index < COMP_CWORD; index++)); do
    case ${COMP_WORDS[index]} in
      --delay | --revision | --rollout | --profile | --config | --state-dir | --timeout | -n | --limit | --past | --group | --holder | --why | --option-prefix | --output | --only)
        word=${COMP_WORDS[index]}
        [[ ${COMP_WORDS[index + 1]} == = ]] && ((index++))
        ((index++))
        case $word in
          --config | --state-dir) places+=("$word" "${COMP_WORDS[index]}") ;;
        esac
        ;;
      -* | =) ;;
      *)
        if [[ -z $command ]]; then
          command=${COMP_WORDS[index]}
        elif [[ -z $argument ]]; then
          argument=${COMP_WORDS[index]}
        fi
        ;;
    esac
  done

  case $previous in
    --delay) mapfile -t COMPREPLY < <(compgen -W "0 60 5min 1h" -- "$current"); return ;;
    --revision) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --rollout) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --profile) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --config) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --state-dir) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    --timeout) mapfile -t COMPREPLY < <(compgen -W "0 60 5min 1h" -- "$current"); return ;;
    -n) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --limit) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --past) mapfile -t COMPREPLY < <(compgen -W "session forge-job ci-job units shutdown-inhibitors storage alerts rollout fleet-lock" -- "$current"); return ;;
    --group) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --holder) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --why) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --option-prefix) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    --output) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    --only) mapfile -t COMPREPLY < <(compgen -W "servers commands" -- "$current"); return ;;
  esac

  case $command in
    "" | schedule)
      options="--dry-run --delay --revision --rollout --profile --config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    explain)
      options="--profile --config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    status)
      options="-f --follow --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids status
      ;;
    wait)
      options="--timeout --confirm --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids wait
      ;;
    history)
      options="-n --limit --config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    log)
      options="-f --follow --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids log
      ;;
    cancel)
      options="--restore-boot-default -y --yes --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids cancel
      ;;
    now)
      options="--past --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids now
      ;;
    confirm)
      options="--config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids confirm
      ;;
    rollback)
      options="-y --yes --delay --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids rollback
      ;;
    retry)
      options="-y --yes --delay --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids retry
      ;;
    undo)
      options="--profile --config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    lock)
      options="--group --holder --unowned -y --yes --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && mapfile -t COMPREPLY < <(compgen -W "status release" -- "$current")
      ;;
    fleet)
      options="--group -f --follow --rollout --all -n --limit --why -y --yes --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && mapfile -t COMPREPLY < <(compgen -W "status history halt resume forget" -- "$current")
      ;;
    check-config)
      options="--option-prefix --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); }
      ;;
    report-bug)
      options="--output --config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids report-bug
      ;;
    run)
      options="--config --state-dir -q --quiet -v --verbose --json -h --help"
      [[ -z $argument && $current != -* ]] && _deploy_finalize_ids run
      ;;
    resume)
      options="--config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    boot-complete)
      options="--config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    deliver)
      options="--test --revision --only --config --state-dir -q --quiet -v --verbose --json -h --help"
      ;;
    help)
      [[ -z $argument && $current != -* ]] && mapfile -t COMPREPLY < <(compgen -W "schedule explain status wait history log cancel now confirm rollback retry undo lock fleet check-config report-bug run resume boot-complete deliver" -- "$current")
      ;;
  esac

  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -z $command ]]; then
    mapfile -t COMPREPLY < <(compgen -W "schedule explain status wait history log cancel now confirm rollback retry undo lock fleet check-config report-bug run resume boot-complete deliver" -- "$current")
  fi
}

_deploy_finalize_ids() {
  local ids
  ids=$("${COMP_WORDS[0]}" "${places[@]}" complete-ids "$1" 2>/dev/null | cut -f 1)
  mapfile -t COMPREPLY < <(compgen -W "$ids" -- "$current")
  # The last characters of an id will do too.
  (( ${#COMPREPLY[@]} )) ||
    mapfile -t COMPREPLY < <(compgen -W "$(sed 's/.*-//' <<<"$ids")" -- "$current")
}

complete -F _deploy_finalize deploy-finalize
