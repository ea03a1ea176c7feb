# fish completion for deploy-finalize. Made from the program by `make docs`: do not edit.

# The words that are neither options nor their values: the command, then its arguments.
function __deploy_finalize_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --delay --revision --rollout --profile --config --state-dir --timeout -n --limit --past --group --holder --why --option-prefix --output --only
                set skip 1
            case '-*'
            case '*'
                echo $word
        end
    end
end

function __deploy_finalize_has_none
    test (count (__deploy_finalize_words)) = 0
end

# Whether it is the only word so far.
function __deploy_finalize_is
    set -l found (__deploy_finalize_words)
    test "$found" = "$argv"
end

function __deploy_finalize_begins_with
    set -l found (__deploy_finalize_words)
    test (count $found) -gt 0; and test $found[1] = $argv[1]
end

# Options that say where the records are, as they stand on the line.
function __deploy_finalize_places
    set -l take 0
    for word in (commandline -opc)[2..-1]
        if test $take = 1
            set take 0
            echo $word
            continue
        end
        switch $word
            case --config --state-dir
                set take 1
                echo $word
            case '--config=*' '--state-dir=*'
                echo $word
        end
    end
end

function __deploy_finalize_ids
    set -l program (commandline -opc)[1]
    $program (__deploy_finalize_places) complete-ids $argv[1] 2>/dev/null
end

complete -c deploy-finalize -f
complete -c deploy-finalize -n __deploy_finalize_has_none -a schedule -d 'schedule the switch or reboot that makes the deploy live (the default command)'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a schedule -d 'schedule the switch or reboot that makes the deploy live (the default command)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l dry-run -d 'show what it would do; change nothing'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l delay -x -a '0 60 5min 1h' -d 'wait at least this long: seconds, or a span such as 90s, 5min'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l revision -x -d 'the commit that the system was built from; reports show it'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l rollout -x -d 'the rollout of the fleet that the deploy belongs to (default: its commit)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l profile -r -F -d 'the profile with the system to activate'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with schedule' -s h -l help -d 'show the help'
complete -c deploy-finalize -n __deploy_finalize_has_none -l dry-run -d 'show what it would do; change nothing'
complete -c deploy-finalize -n __deploy_finalize_has_none -l delay -x -a '0 60 5min 1h' -d 'wait at least this long: seconds, or a span such as 90s, 5min'
complete -c deploy-finalize -n __deploy_finalize_has_none -l revision -x -d 'the commit that the system was built from; reports show it'
complete -c deploy-finalize -n __deploy_finalize_has_none -l rollout -x -d 'the rollout of the fleet that the deploy belongs to (default: its commit)'
complete -c deploy-finalize -n __deploy_finalize_has_none -l profile -r -F -d 'the profile with the system to activate'
complete -c deploy-finalize -n __deploy_finalize_has_none -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n __deploy_finalize_has_none -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n __deploy_finalize_has_none -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n __deploy_finalize_has_none -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n __deploy_finalize_has_none -l json -d 'print the result as JSON'
complete -c deploy-finalize -n __deploy_finalize_has_none -s h -l help -d 'show the help'

complete -c deploy-finalize -n __deploy_finalize_has_none -a explain -d 'show what schedule would do now and why; change nothing'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a explain -d 'show what schedule would do now and why; change nothing'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -l profile -r -F -d 'the profile with the system to activate'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with explain' -s h -l help -d 'show the help'

complete -c deploy-finalize -n __deploy_finalize_has_none -a status -d 'show what happened, what happens now and what happens next'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a status -d 'show what happened, what happens now and what happens next'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -s f -l follow -d 'update the screen until the finalization ends'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with status' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is status' -k -a '(__deploy_finalize_ids status)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a wait -d 'wait until a finalization ends; the exit code is its outcome'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a wait -d 'wait until a finalization ends; the exit code is its outcome'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -l timeout -x -a '0 60 5min 1h' -d 'stop waiting after this time, with exit code 75'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -l confirm -d 'confirm it when it asks, if this call came over an SSH connection that began after the act'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with wait' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is wait' -k -a '(__deploy_finalize_ids wait)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a history -d 'list the finalizations, the newest first'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a history -d 'list the finalizations, the newest first'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -s n -l limit -x -d 'show at most this number of finalizations'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with history' -s h -l help -d 'show the help'

complete -c deploy-finalize -n __deploy_finalize_has_none -a log -d 'show the journal of a finalization, across all boots'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a log -d 'show the journal of a finalization, across all boots'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -s f -l follow -d 'keep showing new entries'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with log' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is log' -k -a '(__deploy_finalize_ids log)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a cancel -d 'cancel a finalization that has not started to act'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a cancel -d 'cancel a finalization that has not started to act'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -l restore-boot-default -d 'also set the profile and the boot default back'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -s y -l yes -d 'do not ask: without --restore-boot-default the boot default stays'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with cancel' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is cancel' -k -a '(__deploy_finalize_ids cancel)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a now -d 'act now, past the delay, the window and logged-in users'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a now -d 'act now, past the delay, the window and logged-in users'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -l past -x -a 'session forge-job ci-job units shutdown-inhibitors storage alerts rollout fleet-lock' -d 'also act past this gate, by its name in explain; may be repeated'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with now' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is now' -k -a '(__deploy_finalize_ids now)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a confirm -d 'confirm a finalization that waits for a confirmation'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a confirm -d 'confirm a finalization that waits for a confirmation'
complete -c deploy-finalize -n '__deploy_finalize_begins_with confirm' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with confirm' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with confirm' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with confirm' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with confirm' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with confirm' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is confirm' -k -a '(__deploy_finalize_ids confirm)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a rollback -d 'roll back to the system that ran before a finalization'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a rollback -d 'roll back to the system that ran before a finalization'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -s y -l yes -d 'do not ask before the rollback'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -l delay -x -a '0 60 5min 1h' -d 'wait at least this long: seconds, or a span such as 90s, 5min'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with rollback' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is rollback' -k -a '(__deploy_finalize_ids rollback)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a retry -d 'bring back the target of a finalization that failed or was rolled back'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a retry -d 'bring back the target of a finalization that failed or was rolled back'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -s y -l yes -d 'do not ask before the retry'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -l delay -x -a '0 60 5min 1h' -d 'wait at least this long: seconds, or a span such as 90s, 5min'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with retry' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is retry' -k -a '(__deploy_finalize_ids retry)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a undo -d 'set the profile and the boot default to the running system'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a undo -d 'set the profile and the boot default to the running system'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -l profile -r -F -d 'the profile to set, instead of the configured one'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with undo' -s h -l help -d 'show the help'

complete -c deploy-finalize -n __deploy_finalize_has_none -a lock -d 'show the slots of the fleet lock, or give a slot back'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a lock -d 'show the slots of the fleet lock, or give a slot back'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -l group -x -d 'the group, instead of the configured group'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -l holder -x -d 'give back the slot of another host: its HOLDER in lock status'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -l unowned -d 'give the slot back only if no finalization of this host may own it'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -s y -l yes -d 'do not ask before the slot is given back'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with lock' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is lock' -a status
complete -c deploy-finalize -n '__deploy_finalize_is lock' -a release

complete -c deploy-finalize -n __deploy_finalize_has_none -a fleet -d 'show the rollout of the group, halt it, resume it, or forget a host'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a fleet -d 'show the rollout of the group, halt it, resume it, or forget a host'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l group -x -d 'the group, instead of the configured group'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -s f -l follow -d 'status: update the screen until the rollout ends or is halted'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l rollout -x -d 'status --follow: wait for the rollout of this name'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l all -d 'status: list every host, also of a large group'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -s n -l limit -x -d 'history: show at most this number, up to 100 (default: 20)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l why -x -d 'halt: the reason, up to 300 characters, which the other hosts show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -s y -l yes -d 'do not ask before it halts, resumes or forgets'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with fleet' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is fleet' -a status
complete -c deploy-finalize -n '__deploy_finalize_is fleet' -a history
complete -c deploy-finalize -n '__deploy_finalize_is fleet' -a halt
complete -c deploy-finalize -n '__deploy_finalize_is fleet' -a resume
complete -c deploy-finalize -n '__deploy_finalize_is fleet' -a forget

complete -c deploy-finalize -n __deploy_finalize_has_none -a check-config -d 'check a configuration file and list all its errors'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a check-config -d 'check a configuration file and list all its errors'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -l option-prefix -x -d 'put this before each key in the errors, for example services.deployFinalize'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with check-config' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is check-config' -F

complete -c deploy-finalize -n __deploy_finalize_has_none -a report-bug -d 'collect what a bug report needs, without secrets'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a report-bug -d 'collect what a bug report needs, without secrets'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -l output -r -F -d 'write the report to this file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with report-bug' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is report-bug' -k -a '(__deploy_finalize_ids report-bug)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a run -d 'carry out a finalization until it ends (its systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a run -d 'carry out a finalization until it ends (its systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with run' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with run' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with run' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with run' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with run' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with run' -s h -l help -d 'show the help'
complete -c deploy-finalize -n '__deploy_finalize_is run' -k -a '(__deploy_finalize_ids run)'

complete -c deploy-finalize -n __deploy_finalize_has_none -a resume -d 'continue unfinished finalizations after a boot (a systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a resume -d 'continue unfinished finalizations after a boot (a systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with resume' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with resume' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with resume' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with resume' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with resume' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with resume' -s h -l help -d 'show the help'

complete -c deploy-finalize -n __deploy_finalize_has_none -a boot-complete -d 'wait until this boot counts as good (a systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a boot-complete -d 'wait until this boot counts as good (a systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with boot-complete' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with boot-complete' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with boot-complete' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with boot-complete' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with boot-complete' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with boot-complete' -s h -l help -d 'show the help'

complete -c deploy-finalize -n __deploy_finalize_has_none -a deliver -d 'deliver all waiting reports now (a systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_is help' -a deliver -d 'deliver all waiting reports now (a systemd unit runs this)'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -l test -d 'test the set-up: each receiver, the fleet lock, the rollouts and the metrics file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -l revision -x -d 'the commit for a test status on a forge, with --test'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -l only -x -a 'servers commands' -d 'deliver only to servers, or only to commands'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -l config -r -F -d 'the configuration file'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -l state-dir -x -a '(__fish_complete_directories)' -d 'the folder with the records'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -s q -l quiet -d 'print only errors, and what the command is there to show'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -s v -l verbose -d 'print each program that it runs'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -l json -d 'print the result as JSON'
complete -c deploy-finalize -n '__deploy_finalize_begins_with deliver' -s h -l help -d 'show the help'
