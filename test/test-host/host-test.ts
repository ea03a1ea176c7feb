import { test, type TestContext } from "node:test";
import { hostAvailable } from "./available.ts";
import { Host, type HostOptions } from "./host.ts";
import { NeedsStandIn } from "./toplevel.ts";

type HostTest = (host: Host, context: TestContext) => Promise<void>;

/**
 * A test with a host of its own, stopped at its end. Skipped with the reason where no host can
 * boot, but a failure there with CI=true. When the test fails, journal and console are shown.
 */
export function hostTest(name: string, ...rest: [HostTest] | [HostOptions, HostTest]): void {
  const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
  realTest(name, async (context) => {
    await using host = await Host.boot(options);
    try {
      await body(host, context);
    } catch (error) {
      if (error instanceof NeedsStandIn) throw error;
      throw await withEvidence(error, host);
    }
  });
}

const JOURNAL = "--- journal";

/** In the error itself, because a reporter prints no diagnostics. */
async function withEvidence(error: unknown, host: Host): Promise<unknown> {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // A wait that ends at its deadline has it already.
  if (text.includes(JOURNAL)) return error;
  return new Error(`${text}\n${await host.evidence()}`, { cause: error });
}

/** The same rules for a test that boots its hosts itself, or none. */
export function realTest(name: string, body: (context: TestContext) => Promise<void>): void {
  const host = hostAvailable();
  if (host.available) {
    void test(name, { timeout: 290_000 }, async (context) => {
      try {
        await body(context);
      } catch (error) {
        if (!(error instanceof NeedsStandIn)) throw error;
        context.skip(error.message);
      }
    });
  } else if (process.env["CI"] === "true") {
    void test(name, () => {
      throw new Error(`no test host, and CI=true allows no skip: ${host.reason}`);
    });
  } else {
    void test(name, { skip: `no test host: ${host.reason}` });
  }
}
