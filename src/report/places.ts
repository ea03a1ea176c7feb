import type { Key, Places } from "../core/advice.ts";
import type { ReceiverConfig } from "../core/config/report-config.ts";

const RIGHTS: Readonly<Record<ReceiverConfig["kind"], string>> = {
  gitea: "write to the repository (scope write:repository)",
  forgejo: "write to the repository (scope write:repository)",
  github: "write commit statuses",
  "github-deployment": "write deployments",
  gitlab: "use the API (scope api, role Developer)",
  webhook: "call the webhook",
  ntfy: "write to the topic",
  gotify: "send messages (a token of an application, not of a client)",
  slack: "post to the channel",
  discord: "post to the channel",
  matrix: "send to the room, which its user has joined",
  command: "run",
};

/** Where a receiver's failure comes from, in the words of its settings. */
export function placesOf(receiver: ReceiverConfig): Places {
  const { kind } = receiver;
  const file = "urlFile" in receiver ? receiver.urlFile : null;
  const url = "url" in receiver ? receiver.url : null;
  const named = "repository" in receiver ? "the repository and the commit" : "the address";
  return {
    address: url === null ? (file ?? "command") : `url (${url})`,
    key: keyOf(receiver),
    right: RIGHTS[kind],
    target: kind === "matrix" ? "the room" : named,
    caFile: "caFile",
  };
}

function keyOf(receiver: ReceiverConfig): Key {
  if (!("tokenFile" in receiver)) {
    const file = "urlFile" in receiver ? receiver.urlFile : "command";
    return { kind: "known", words: `The address in ${file}` };
  }
  const { tokenFile } = receiver;
  return tokenFile === null
    ? { kind: "missing", setting: "tokenFile" }
    : { kind: "known", words: `The token in ${tokenFile}` };
}
