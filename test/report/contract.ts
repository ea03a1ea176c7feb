import assert from "node:assert/strict";
import type { Config } from "../../src/core/config/config.ts";
import type { FinalizationRecord } from "../../src/core/record/record.ts";
import { DEFAULT_CONFIG } from "../../src/core/config/defaults.ts";
import { deliverAll, newMemory } from "../../src/report/deliver.ts";
import { Outbox } from "../../src/report/outbox.ts";
import { oweReports } from "../../src/report/report.ts";
import { sendTo } from "../../src/report/receivers/table.ts";
import type { Sent } from "../../src/report/receivers/exchange.ts";
import { EdgeHost } from "../support/edge-host.ts";
import { ended, lastEvent, receiver, scheduled } from "./reports.ts";

/** A Gitea, real or a stand-in, with a repository that has a commit. */
export interface Gitea extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly commit: string;
  /** All statuses of the commit, as its API lists them, the oldest first. */
  readonly statuses: () => Promise<readonly Status[]>;
}

export interface Status {
  readonly status: string;
  readonly context: string;
  readonly description: string;
  readonly target_url: string;
}

type Part = (gitea: Gitea) => Promise<void>;

/** What holds for any Gitea: run against the stand-in always, and by `make check-forge` against a real one. */
export const CONTRACT: Readonly<Record<string, Part>> = {
  "each end of a finalization is a status as configured": async (gitea) => {
    for (const state of ["live", "rolled-back", "superseded"] as const) {
      const sent = await send(gitea, ended(state, { revision: gitea.commit }));
      assert.deepEqual(sent, { kind: "delivered" });
    }
    const listed = await gitea.statuses();
    assert.deepEqual(
      listed.map(({ status }) => status),
      ["success", "failure", "error"],
    );
    for (const { context, target_url: link, description } of listed) {
      assert.equal(context, "deploy-finalize/web1");
      assert.equal(link, "https://logs.example.org/web1");
      assert.notEqual(description, "");
    }
  },

  "the same status twice is taken twice": async (gitea) => {
    for (let i = 0; i < 2; i++) await send(gitea, scheduled({ revision: gitea.commit }));
    const listed = await gitea.statuses();
    assert.deepEqual(
      listed.map(({ status }) => status),
      ["pending", "pending"],
    );
  },

  "a delivery from the outbox brings pending and success, in order": async (gitea) => {
    using host = new EdgeHost();
    host.folder.write("state/.keep", "");
    const outbox = new Outbox(host, host.folder.at("state"));
    const report: Config["report"] = {
      ...DEFAULT_CONFIG.report,
      receivers: [configOf(gitea, host)],
    };
    oweReports(host, outbox, report, ended("live", { revision: gitea.commit }));
    const stop = AbortSignal.timeout(60_000);
    await deliverAll({ host, outbox, config: report, random: () => 0, stop, memory: newMemory() });
    const listed = await gitea.statuses();
    assert.deepEqual(
      listed.map(({ status }) => status),
      ["pending", "success"],
    );
  },

  "a wrong token is told as such, and may be mended": async (gitea) => {
    const wrong = { ...gitea, token: "0".repeat(40) };
    const sent = await send(wrong, scheduled({ revision: gitea.commit }));
    assert.ok(sent.kind === "failed" && sent.why.startsWith("answered 401"), JSON.stringify(sent));
  },

  "a repository that is not there is told as such": async (gitea) => {
    const elsewhere = { ...gitea, repository: `${gitea.repository}-not` };
    const sent = await send(elsewhere, scheduled({ revision: gitea.commit }));
    assert.ok(sent.kind === "failed" && sent.why.startsWith("answered 404"), JSON.stringify(sent));
  },

  "a commit that was never pushed is no success": async (gitea) => {
    const sent = await send(gitea, scheduled({ revision: "0123456789".repeat(4) }));
    assert.notEqual(sent.kind, "delivered");
  },
};

async function send(gitea: Gitea, record: FinalizationRecord): Promise<Sent> {
  using host = new EdgeHost();
  const signal = AbortSignal.timeout(60_000);
  const outgoing = { host, event: lastEvent(record), warn: host.say, signal };
  return await sendTo(configOf(gitea, host), outgoing);
}

function configOf({ url, repository, token }: Gitea, host: EdgeHost) {
  const tokenFile = host.folder.write("token", token);
  const link = "https://logs.example.org/{host}";
  return receiver({ kind: "gitea", url, repository, tokenFile, link });
}
