import type { ReceiverConfig, ReceiverOf } from "../../core/config/report-config.ts";
import { sendDiscord, sendMatrix, sendSlack } from "./chat.ts";
import { sendDeployment } from "./github-deployment.ts";
import { sendGitlabStatus, sendStatus } from "./commit-status.ts";
import { sendGotify, sendNtfy, sendWebhook } from "./push.ts";
import { DELIVERED, type Outgoing, type SendTo, type Sent } from "./exchange.ts";
import { describeEnd } from "../../host/process/spawn.ts";

/** Tries once to send a report to its receiver, of any kind. */
export async function sendTo(config: ReceiverConfig, outgoing: Outgoing): Promise<Sent> {
  switch (config.kind) {
    case "gitea":
    case "forgejo":
    case "github":
      return await sendStatus(config, outgoing);
    case "gitlab":
      return await sendGitlabStatus(config, outgoing);
    case "github-deployment":
      return await sendDeployment(config, outgoing);
    case "webhook":
      return await sendWebhook(config, outgoing);
    case "ntfy":
      return await sendNtfy(config, outgoing);
    case "gotify":
      return await sendGotify(config, outgoing);
    case "slack":
      return await sendSlack(config, outgoing);
    case "discord":
      return await sendDiscord(config, outgoing);
    case "matrix":
      return await sendMatrix(config, outgoing);
    case "command":
      return await sendToCommand(config, outgoing);
  }
}

/** A program that reads the event as JSON from standard input; exit code 0 means that it accepted it. */
export const sendToCommand: SendTo<ReceiverOf<"command">> = async (
  { command },
  { host, event, signal },
) => {
  const input = `${JSON.stringify(event)}\n`;
  const ended = await host.spawn(command, { input, signal, streams: "ends" });
  if (ended.exitCode === 0) return DELIVERED;
  const why = signal.aborted ? "did not end in time" : describeEnd(ended);
  return { kind: "failed", why, notBefore: null };
};
