/**
 * `make check-runner`: a runner of Gitea races; with a container engine it runs a job in a container; the
 * other agents are tried one after the other.
 */

const {
  BUILDKITE_AGENT = "",
  GITLAB_RUNNER = "",
  WOODPECKER_AGENT = "",
  ENGINE = "",
} = process.env;
const areGiven = [BUILDKITE_AGENT, GITLAB_RUNNER, WOODPECKER_AGENT].some((path) => path !== "");

if (areGiven) await import("./agents/main.ts");
else if (ENGINE !== "") await import("./in-container.ts");
else await import("./real.ts");
