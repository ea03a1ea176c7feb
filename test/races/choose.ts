/** `make check-runner`: a runner of Gitea races; the other agents are tried one after the other. */

const { BUILDKITE_AGENT = "", GITLAB_RUNNER = "", WOODPECKER_AGENT = "" } = process.env;
const areGiven = [BUILDKITE_AGENT, GITLAB_RUNNER, WOODPECKER_AGENT].some((path) => path !== "");

await(areGiven ? import("./agents/main.ts") : import("./real.ts"));
