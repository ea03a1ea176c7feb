# A CI runner as far as a deploy is concerned: it runs the scripts in its queue as children in
# its own unit, so a switch that stops the unit kills the job. Idle, it is one process.
{ config, lib, ... }:
{
  options.jobRunner.definition = lib.mkOption {
    type = lib.types.str;
    default = "first";
    description = "Another one makes a switch restart the runner.";
  };

  config.systemd.services.job-runner = {
    wantedBy = [ "multi-user.target" ];
    environment.DEFINITION = config.jobRunner.definition;
    path = [ "/run/current-system/sw" ];
    serviceConfig = {
      StateDirectory = "job-runner";
      RuntimeDirectory = "job-runner";
      Restart = "always";
    };
    script = ''
      shopt -s nullglob
      cd "$STATE_DIRECTORY"
      mkdir -p queue jobs
      mkfifo "$RUNTIME_DIRECTORY/wake"
      exec 3<> "$RUNTIME_DIRECTORY/wake"
      echo "$DEFINITION" > "$RUNTIME_DIRECTORY/definition"
      while :; do
        for script in queue/*; do
          job=jobs/$(basename "$script")
          mkdir -p "$job"
          mv "$script" "$job/script"
          code=0
          bash "$job/script" > "$job/output" 2>&1 3<&- || code=$?
          echo "$code" > "$job/exit-code"
        done
        read -r -u 3 _
      done
    '';
  };
}
