import { test, type TestContext } from "node:test";
import { machinesAvailable } from "./available.ts";
import { Machine, type MachineOptions } from "./machine.ts";

type MachineTest = (machine: Machine, context: TestContext) => Promise<void>;

/** A test may take this long: its machine boots a few times, and is emulated. */
const TIMEOUT_MS = 175_000;

/**
 * A test with a machine of its own that is switched off at its end. Skipped with the reason where
 * there can be none, but a failure there with CI=true. When it fails, console and shell are shown.
 */
export function machineTest(name: string, options: MachineOptions, body: MachineTest): void {
  testWith(name, async () => await Machine.boot(options), body);
}

/** The same for a machine that is made otherwise. */
export function testWith(name: string, make: () => Promise<Machine>, body: MachineTest): void {
  const available = machinesAvailable();
  if (!available.available && process.env["CI"] !== "true") {
    void test(name, { skip: `no machine: ${available.reason}` });
    return;
  }
  void test(name, { timeout: TIMEOUT_MS }, async (context) => {
    if (!available.available) throw new Error(`no machine, and CI=true: ${available.reason}`);
    await using machine = await make();
    try {
      await body(machine, context);
    } catch (error) {
      context.diagnostic(machine.evidence());
      throw error;
    }
  });
}
