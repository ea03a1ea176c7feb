# One entry of `waitFor.runners`.
{ lib }:
let
  inherit (lib) mkOption types;
  finalizeTypes = import ./types.nix { inherit lib; };

  detection.options = {
    kind = mkOption {
      type = types.enum [
        "processes"
        "containers"
        "process-name"
        "command"
      ];
      description = ''
        When it runs a job. `processes`: while its control group holds a process beyond the main
        one; `containers`: while a container (Docker, Podman) runs whose name matches `pattern`;
        `process-name`: while its control group holds a process that matches `pattern`; `command`:
        when `command` ends with 0, and none when it ends with 1.
      '';
    };

    pattern = mkOption {
      type = types.nullOr finalizeTypes.pattern;
      default = null;
      example = "^my-job-";
      description = ''
        What names of containers, or names and command lines of processes, have to match. Only
        for the kinds `containers` and `process-name`.
      '';
    };

    command = mkOption {
      type = types.nullOr finalizeTypes.command;
      default = null;
      example = lib.literalExpression ''[ (lib.getExe pkgs.my-runner) "is-busy" ]'';
      description = "A program and its arguments; there is no shell. Only for the kind `command`.";
    };
  };
in
types.submodule {
  options = {
    unit = mkOption {
      type = finalizeTypes.unitName;
      example = "gitea-runner-default.service";
      description = "The systemd unit of the runner, with its suffix.";
    };

    preset = mkOption {
      type = types.nullOr (
        types.enum [
          "gitea-actions-runner"
          "forgejo-runner"
          "github-runner"
          "gitlab-runner"
          "buildkite-agent"
        ]
      );
      default = null;
      description = "Which runner it is, so that it is known how it shows its jobs. Either this or `detect`.";
    };

    detect = mkOption {
      type = types.nullOr (types.submodule detection);
      default = null;
      description = "How to tell whether it runs a job. Either this or `preset`.";
    };
  };
}
