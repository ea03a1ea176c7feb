import type { ReceiverConfig } from "../../core/report-defaults.ts";
import { sendDiscord, sendMatrix, sendSlack } from "./chat.ts";
import { sendToCommand } from "./command.ts";
import { sendDeployment } from "./github-deployment.ts";
import { sendGitlabStatus } from "./gitlab.ts";
import { sendGotify, sendNtfy } from "./push.ts";
import type { Outgoing, Sent } from "./receiver.ts";
import { sendStatus } from "./status.ts";
import { sendWebhook } from "./webhook.ts";

/** Tries once to bring a report to its receiver, whatever kind that is. */
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
